/**
 * @module The facade: takes the server, the store and the cookie parser, and hands out wrappers.
 */

import type { IncomingMessage } from 'node:http';
import type { Store } from 'express-session';
import type { Namespace, Server } from 'socket.io';
import { assertCookieParser, assertServer, assertSessionId, assertStore } from './assertions.js';
import { type Composition, compose } from './compose.js';
import { SessionError } from './errors.js';
import type { TicketEndpoint, TicketHandler } from './handshake/ticket-endpoint.js';
import { resolveOptions } from './options.js';
import type { DefaultEventsMap, EventsMap, GivenOptions } from './types/listeners.js';
import type { CookieParser, ExpressionSocketOptions } from './types/options.js';
import type { SessionChange, SessionRequest } from './types/session.js';
import type { SessionNamespace } from './types/session-namespace.js';

/** The function with which `io.of` makes namespaces on demand. */
type NamespaceCheck = Extract<Parameters<Server['of']>[0], (...args: never[]) => unknown>;

/**
 * Gives the listeners of a Socket.IO server the visitor's web session as it is when the event arrives.
 *
 * @example
 * const io = new Server(httpServer);
 * const expressionIO = new ExpressionSocket(io, store, cookieParser('secret'));
 *
 * expressionIO.sockets.on('connection', (err, session, socket) => {
 *   if (err) return void socket.disconnect();
 *   socket.sessOn('vote', async (err, session, option) => {
 *     if (err) return;
 *     session.vote = option;
 *     await session.save();
 *   });
 * });
 */
export class ExpressionSocket<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = unknown,
  const Options extends ExpressionSocketOptions = Record<never, never>,
> {
  /** The class of the errors that listeners get, for CommonJS. */
  static readonly SessionError: typeof SessionError = SessionError;

  readonly #parts: Composition;

  /**
   * @param io the Socket.IO server
   * @param store the session store that `express-session` was given
   * @param cookieParser what `cookieParser(secret)` returns, with the secret of `express-session`
   * @param options see `ExpressionSocketOptions`; all are optional
   * @throws {TypeError} if an argument is wrong; says what was expected
   */
  constructor(
    io: Server<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
    store: Store,
    cookieParser: CookieParser,
    options?: GivenOptions<Options>,
  ) {
    assertServer(io);
    assertStore(store);
    assertCookieParser(cookieParser);
    // The event maps are for the compiler only; the modules behind the facade take any.
    this.#parts = compose(io as unknown as Server, {
      store,
      cookieParser,
      options: resolveOptions(options),
    });
  }

  /** The wrapper of the main namespace. */
  get sockets(): SessionNamespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData, Options> {
    return this.of('/');
  }

  /**
   * Wraps a namespace. The same namespace always has the same wrapper; regular expressions are the
   * same if their source and flags are.
   *
   * @param name the name of a namespace, or a regular expression or function as `io.of` takes it
   *
   * @example
   * expressionIO.of('/chat').on('connection', (err, session, socket) => {});
   */
  of(
    name: string | RegExp | NamespaceCheck,
  ): SessionNamespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData, Options>;
  /**
   * Wraps a namespace of the server, with its event maps.
   *
   * @param namespace a namespace, as `io.of` returned it
   */
  of<
    ListenEvents extends EventsMap,
    EmitEvents extends EventsMap,
    ServerSideEvents extends EventsMap,
    SocketData,
  >(
    namespace: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
  ): SessionNamespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData, Options>;
  of(name: unknown): unknown {
    return this.#parts.namespaces.of(name);
  }

  /**
   * Changes the session of an HTTP request atomically: acquires its lock, reads it, calls `change` with
   * it, saves it, and releases the lock, so that concurrent updates are not lost. A new session is
   * stored first, whatever `saveUninitialized` says. `req.session` shows the result afterwards, and the
   * handler may continue to use it.
   *
   * @param request a request that has passed through `session()` with the same store
   * @param change changes the session that it is given; may be asynchronous
   * @returns what `change` returned
   * @throws {TypeError} if the request has no session of this store
   * @throws {SessionError} `ERR_SESSION_ENDED` if the session has ended, `ERR_SESSION_LOCK` if its lock
   * could not be acquired in time or was lost, `ERR_SESSION_OVERLOAD`, `ERR_SESSION_STORE`,
   * `ERR_SESSION_STORE_TIMEOUT`; and any error that `change` throws, in which case nothing is saved
   *
   * @example
   * app.post('/vote', async (req, res) => {
   *   const votes = await expressionIO.update(req, (session) => {
   *     session.votes = (session.votes ?? 0) + 1;
   *     return session.votes;
   *   });
   *   res.json({ votes });
   * });
   */
  update<Result>(request: SessionRequest, change: SessionChange<Result>): Promise<Result>;
  /**
   * Changes a session by its id, such as in a job. It must already be in the store.
   *
   * @param sessionId the session's id, such as `req.sessionID`
   */
  update<Result>(sessionId: string, change: SessionChange<Result>): Promise<Result>;
  async update<Result>(
    target: SessionRequest | string,
    change: SessionChange<Result>,
  ): Promise<Result> {
    const { engine } = this.#parts;
    if (typeof target === 'object' && target !== null) return engine.updateRequest(target, change);
    assertSessionId('update', target);
    return engine.update(target, change);
  }

  /**
   * Returns the sockets of a session in the main namespace, on all nodes, as `io.to(room)` does.
   *
   * @param sessionId the session's id, such as `req.sessionID`
   * @throws {TypeError} if it is not a session id
   *
   * @example
   * app.post('/cart', (req, res) => {
   *   expressionIO.to(req.sessionID).emit('cart changed');
   *   res.end();
   * });
   */
  to(
    sessionId: string,
  ): ReturnType<Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>['to']> {
    return this.sockets.to(sessionId);
  }

  /** The same as `to`. */
  in(
    sessionId: string,
  ): ReturnType<Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>['in']> {
    return this.sockets.in(sessionId);
  }

  /**
   * Ends the sockets of a session on every node, as a logout does, but leaves the session in the store:
   * new connections may use it.
   *
   * Other nodes are reached through Socket.IO's adapter, if it connects them.
   *
   * @param sessionId the session's id, such as `req.sessionID`
   * @throws {TypeError} if it is not a session id
   *
   * @example
   * expressionIO.end(req.sessionID);
   */
  end(sessionId: string): void {
    assertSessionId('end', sessionId);
    this.#parts.engine.end(sessionId);
  }

  /**
   * Makes a ticket: an encrypted token with which a client without cookies connects, as
   * `auth: { session: ticket }`. It is valid for one minute by default; any client that has it gets
   * the session.
   *
   * @param sessionId the session's id, such as `request.sessionID`
   * @returns a promise of the ticket
   * @throws {TypeError} by the promise: if the option `ticket` is off, or the id is not a string
   * @throws {SessionError} by the promise: `ERR_SESSION_COOKIE_PARSER` if there is no secret
   *
   * @example
   * app.post('/login', async (request, response) => {
   *   response.json({ ticket: await expressionIO.ticket(request.sessionID) });
   * });
   */
  async ticket(sessionId: string): Promise<string> {
    return this.#ticketEndpoint('ticket').issue(sessionId);
  }

  /**
   * Makes a ticket for the visitor of an HTTP request. Its origin and its signed cookie are checked
   * like those of a handshake.
   *
   * @throws {TypeError} by the promise: if the option `ticket` is off, or it is not a request
   * @throws {SessionError} by the promise: if such a handshake would get no session
   */
  async ticketFor(request: IncomingMessage): Promise<string> {
    return this.#ticketEndpoint('ticketFor').issueFor(request);
  }

  /**
   * Makes a handler of HTTP requests that answers a `POST` with a ticket for the visitor, as
   * `{ "ticket": "…" }`; with 401 if there is no session, and with 403 to a page on a foreign origin.
   *
   * @throws {TypeError} if the option `ticket` is off
   *
   * @example
   * app.post('/ticket', expressionIO.ticketHandler());
   */
  ticketHandler(): TicketHandler {
    const endpoint = this.#ticketEndpoint('ticketHandler');
    return (request, response, next) => endpoint.handle(request, response, next);
  }

  /**
   * Removes all listeners, timers and hooks of the store. The sockets stay connected, and their
   * session listeners are no longer called. A namespace with an `authorization` listener refuses all
   * clients from now on, because Socket.IO cannot remove a middleware. Further calls do nothing; a
   * store that hangs is not waited for.
   */
  close(): void {
    this.#parts.close();
  }

  #ticketEndpoint(method: string): TicketEndpoint {
    const { ticketEndpoint } = this.#parts;
    if (ticketEndpoint) return ticketEndpoint;
    throw new TypeError(
      `\`${method}\`: expected the option \`ticket\` to be on, but it is off; turn it on with \`{ ticket: {} }\``,
    );
  }
}
