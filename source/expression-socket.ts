/**
 * @module The facade: takes the server, the store and the cookie parser, and hands out wrappers.
 */

import type { IncomingMessage } from 'node:http';
import type { Store } from 'express-session';
import type { Namespace, Server } from 'socket.io';
import {
  assertCookieParser,
  assertNamespace,
  assertServer,
  assertSessionId,
  assertStore,
} from './assertions.js';
import { type Composition, compose } from './compose.js';
import { SessionError } from './errors.js';
import type { TicketEndpoint, TicketHandler } from './handshake/ticket-endpoint.js';
import { resolveOptions } from './options.js';
import { SessionNamespaceWrapper } from './sockets/session-namespace.js';
import type { ExpressionSocketOptions } from './types/options.js';
import type {
  CookieParser,
  DefaultEventsMap,
  EventsMap,
  GivenOptions,
  SessionChange,
  SessionNamespace,
  SessionRequest,
} from './types.js';

/** What `of` takes where namespaces are made as clients ask for them: Socket.IO's own function. */
type NamespaceCheck = Extract<Parameters<Server['of']>[0], (...args: never[]) => unknown>;

/**
 * Gives every event of a Socket.IO server the visitor's web session as it is now.
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
  /** The class itself: `const { ExpressionSocket } = require('expression.socket.io')` works as well. */
  static readonly ExpressionSocket: typeof ExpressionSocket = ExpressionSocket;

  /** The error that listeners get, for those who reach the class through `require`. */
  static readonly SessionError: typeof SessionError = SessionError;

  readonly #io: Server;
  readonly #parts: Composition;
  /** A namespace that Socket.IO removes takes its wrapper along. */
  readonly #wrappers = new WeakMap<Namespace, SessionNamespaceWrapper>();
  /** The namespaces that stand for a pattern or a function: Socket.IO lists them nowhere in public. */
  readonly #parents = new Set<Namespace>();
  readonly #patterns = new Map<string, Namespace>();
  readonly #checks = new WeakMap<NamespaceCheck, Namespace>();
  #isClosed = false;

  /**
   * @param io the Socket.IO server
   * @param store the session store that `express-session` was given
   * @param cookieParser what `cookieParser(secret)` returns, with the secret of `express-session`
   * @param options see `ExpressionSocketOptions`; all may be left out
   * @throws {TypeError} where an argument is not what it should be; says what was expected
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
    // The event maps are for the compiler: what is behind the facade takes sockets of any.
    this.#io = io as unknown as Server;
    this.#parts = compose(this.#io, {
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
   * Wraps a namespace: the same namespace always has the same wrapper, regular expressions being the
   * same by their source and flags.
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
   * Wraps a namespace of the server, with the event maps that it has.
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
    if (this.#isClosed) throw new Error('`of`: this `ExpressionSocket` is closed; make a new one');
    const namespace = this.#namespaceOf(name);
    return remember(this.#wrappers, namespace, () => {
      if ('children' in namespace) this.#parents.add(namespace);
      return new SessionNamespaceWrapper(namespace, this.#parts);
    });
  }

  /**
   * Changes the session of an HTTP request: takes its lock, reads it fresh, calls `change` with it,
   * saves it, and releases the lock; so nothing that others do by `update` is lost. A session that is
   * new is stored first, whatever `saveUninitialized` says. `req.session` shows the result afterwards,
   * and the handler may go on with it.
   *
   * @param request a request that has passed through `session()` with the same store
   * @param change changes the session that it is given; may be asynchronous
   * @returns what `change` returned
   * @throws {TypeError} where the request has no session of this store
   * @throws {SessionError} `ERR_SESSION_ENDED` where the session has ended, `ERR_SESSION_LOCK` where
   * its lock could not be acquired in time or was lost, `ERR_SESSION_OVERLOAD`, `ERR_SESSION_STORE`,
   * `ERR_SESSION_STORE_TIMEOUT`; and whatever `change` throws, and then nothing is saved
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
   * Changes a session by its id, such as in a job: as with a request, but the session has to be in
   * the store already.
   *
   * @param sessionId the session's id, such as `req.sessionID`
   */
  update<Result>(sessionId: string, change: SessionChange<Result>): Promise<Result>;
  async update<Result>(
    target: SessionRequest | string,
    change: SessionChange<Result>,
  ): Promise<Result> {
    const { engine } = this.#parts;
    if (isRequest(target)) return engine.updateRequest(target, change);
    assertSessionId('update', target);
    return engine.update(target, change);
  }

  /**
   * The sockets of a session in the main namespace, on all nodes: what `io.to(room)` returns.
   *
   * @param sessionId the session's id, such as `req.sessionID`
   * @throws {TypeError} where it is no session id
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
   * Ends the sockets of a session on every node, as a logout does, and leaves the store alone: the
   * session is still good for new connections.
   *
   * Reaches other nodes by the adapter of Socket.IO, where that joins them to a cluster.
   *
   * @param sessionId the session's id, such as `req.sessionID`
   * @throws {TypeError} where it is no session id
   *
   * @example
   * expressionIO.end(req.sessionID);
   */
  end(sessionId: string): void {
    assertSessionId('end', sessionId);
    this.#parts.engine.end(sessionId);
  }

  /**
   * Makes a ticket: an encrypted text with which a client without cookies connects, as
   * `auth: { session: ticket }`, for the next minute. Whoever has it has the session.
   *
   * @param sessionId the session's id, as `request.sessionID` has it
   * @returns a promise of the ticket
   * @throws {TypeError} by the promise: where the option `ticket` is off, or the id is no text
   * @throws {SessionError} by the promise: `ERR_SESSION_COOKIE_PARSER` where there is no secret
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
   * Makes a ticket for the visitor of an HTTP request, whose origin and signed cookie are checked as
   * those of a handshake are.
   *
   * @throws {TypeError} by the promise: where the option `ticket` is off
   * @throws {SessionError} by the promise: where a handshake like this would get no session
   */
  async ticketFor(request: IncomingMessage): Promise<string> {
    return this.#ticketEndpoint('ticketFor').issueFor(request);
  }

  /**
   * Makes a handler of HTTP requests that answers a `POST` with a ticket for the visitor, as
   * `{ "ticket": "…" }`; without a session it is 401, from a foreign page 403.
   *
   * @throws {TypeError} where the option `ticket` is off
   *
   * @example
   * app.post('/ticket', expressionIO.ticketHandler());
   */
  ticketHandler(): TicketHandler {
    const desk = this.#ticketEndpoint('ticketHandler');
    return (request, response, next) => desk.handle(request, response, next);
  }

  /**
   * Gives everything back: listeners, timers, and the store's methods. The sockets stay connected, and hear no more of
   * sessions. A namespace with an `authorization` lets nobody in from now on, for Socket.IO has no
   * way to take a middleware back. Closing twice does nothing; a store that hangs is not waited for.
   */
  close(): void {
    this.#isClosed = true;
    for (const namespace of [...this.#io._nsps.values(), ...this.#parents]) {
      const wrapper = this.#wrappers.get(namespace);
      if (wrapper) SessionNamespaceWrapper.close(wrapper);
    }
    this.#parts.close();
  }

  #ticketEndpoint(method: string): TicketEndpoint {
    const { ticketEndpoint } = this.#parts;
    if (ticketEndpoint) return ticketEndpoint;
    throw new TypeError(
      `\`${method}\`: expected the option \`ticket\` to be on, and it is off; turn it on with \`{ ticket: {} }\``,
    );
  }

  #namespaceOf(name: unknown): Namespace {
    if (typeof name === 'string') return this.#io.of(name);
    if (name instanceof RegExp) {
      // `io.of` makes a new parent of every regular expression, and the first that matches wins.
      return remember(this.#patterns, String(name), () => this.#io.of(name));
    }
    if (isNamespaceCheck(name)) return remember(this.#checks, name, () => this.#io.of(name));
    assertNamespace(name, this.#io);
    return name;
  }
}

/** Looks up a value, or makes it and keeps it. */
function remember<Key extends object | string, Value>(
  known: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  make: () => Value,
): Value {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

function isRequest(target: unknown): target is SessionRequest {
  return typeof target === 'object' && target !== null && 'sessionID' in target;
}

function isNamespaceCheck(name: unknown): name is NamespaceCheck {
  return typeof name === 'function';
}
