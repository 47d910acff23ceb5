/**
 * @module `enable`: the interface of socket.io-sessions, on top of the facade.
 */

import { randomBytes } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket as NetSocket } from 'node:net';
import type { Store } from 'express-session';
import type { Server } from 'socket.io';
import { Diagnostics } from '../diagnostics.js';
import { ExpressionSocket } from '../expression-socket.js';
import { KeyedQueue } from '../keyed-queue.js';
import { resolveOptions, resolveTicketOptions } from '../options.js';
import type { ExpressionSocketOptions, Handshake } from '../types/options.js';
import type { CookieParser, EventsMap, SocketSession } from '../types.js';
import type { Listener } from './client-methods.js';
import { ClientScript } from './client-script.js';
import { EnabledClients } from './enabled-clients.js';
import { SessionsEmitter } from './sessions-emitter.js';
import {
  type CookieCutter,
  type ResolvedSettings,
  readSettings,
  type SessionsOptions,
  type SessionsSettings,
} from './settings.js';
import type { ConnectionClient, MessageClient, Sessions } from './types.js';

/** The setting that turns on a session per message. */
interface PerMessage {
  readonly per_message: true | 1;
}

/** The setting that leaves it at a session per connection. */
interface PerConnection {
  readonly per_message?: false | 0 | undefined;
}

/**
 * Makes a Socket.IO server aware of sessions: emits `sconnection` for a client that connects with a
 * session, and `sinvalid` for one without. The session is saved when the client disconnects or, with
 * `per_message`, after each message. Also serves the client script, below the path of the server.
 *
 * @returns the object to register listeners of these events on
 * @throws {TypeError} if an argument is missing, unknown or wrong; the message says which
 *
 * @example
 * const sessions = enable({ socket: io, store, parser: cookieParser('secret') });
 * sessions.on('sconnection', (client, session) => {
 *   client.emit('hello', session.id);
 * });
 */
export function enable<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
>(
  settings: SessionsSettings<Server<Listen, Emit, ServerSide, Data>> & PerMessage,
): Sessions<
  MessageClient<Listen, Emit, ServerSide, Data>,
  [],
  ExpressionSocket<Listen, Emit, ServerSide, Data>
>;
export function enable<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
>(
  settings: SessionsSettings<Server<Listen, Emit, ServerSide, Data>> & PerConnection,
): Sessions<
  ConnectionClient<Listen, Emit, ServerSide, Data>,
  [session: SocketSession],
  ExpressionSocket<Listen, Emit, ServerSide, Data>
>;
export function enable<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
>(
  socket: Server<Listen, Emit, ServerSide, Data>,
  store: Store,
  options: SessionsOptions & PerMessage,
): Sessions<
  MessageClient<Listen, Emit, ServerSide, Data>,
  [],
  ExpressionSocket<Listen, Emit, ServerSide, Data>
>;
export function enable<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
>(
  socket: Server<Listen, Emit, ServerSide, Data>,
  store: Store,
  options: SessionsOptions & PerConnection,
): Sessions<
  ConnectionClient<Listen, Emit, ServerSide, Data>,
  [session: SocketSession],
  ExpressionSocket<Listen, Emit, ServerSide, Data>
>;
export function enable(...args: unknown[]): unknown {
  return new EnabledSessions(readSettings(args));
}

/** The object that `enable` returns. */
class EnabledSessions {
  readonly expressionIO: ExpressionSocket;
  readonly #emitter: SessionsEmitter;
  readonly #script: ClientScript;

  constructor({ io, store, parser, cutter, ...rest }: ResolvedSettings) {
    const options = sessionOptions({ cutter, ...rest });
    this.expressionIO = new ExpressionSocket(io, store, parser ?? parseNothing, options);
    const diagnostics = new Diagnostics(options.onError);
    this.#emitter = new SessionsEmitter(diagnostics);
    const { maxPending } = resolveOptions(options);
    const clients = new EnabledClients({
      isPerMessage: rest.isPerMessage,
      emitter: this.#emitter,
      queue: new KeyedQueue({ perKey: maxPending - 1, inAll: maxPending * 10 }),
      diagnostics,
    });
    this.expressionIO.sockets.on('connection', (err, session, socket) => {
      clients.connected(err, session, socket);
    });
    this.#script = new ClientScript(io, {
      ticketFor: (request) => this.expressionIO.ticketFor(request),
      ticketHandler: this.expressionIO.ticketHandler(),
      lifetime: resolveTicketOptions(options.ticket).lifetime,
      resourcePolicy: rest.resourcePolicy,
      trustProxy: options.trustProxy ?? false,
    });
  }

  on(event: string, listener: Listener): this {
    this.#emitter.on(event, listener);
    return this;
  }

  once(event: string, listener: Listener): this {
    this.#emitter.once(event, listener);
    return this;
  }

  off(event: string, listener: Listener): this {
    this.#emitter.off(event, listener);
    return this;
  }

  close(): void {
    this.#script.close();
    this.#emitter.clear();
    this.expressionIO.close();
  }
}

/** The options of the facade. Tickets are on, because the client script contains one. */
function sessionOptions({
  cutter,
  options,
}: Pick<ResolvedSettings, 'cutter' | 'options'>): ExpressionSocketOptions & {
  readonly ticket: NonNullable<ExpressionSocketOptions['ticket']>;
} {
  const { ticket = {} } = options;
  if (!cutter) return { ...options, ticket };
  return {
    ...options,
    // Without a parser there is no secret to read; a random one is enough for a single process.
    ticket: { ...ticket, secret: ticket.secret ?? randomBytes(32).toString('base64url') },
    sessionId: (handshake) => cut(cutter, handshake),
  };
}

/** Calls a cutter with a request made from the handshake: it may write to its own request only. */
async function cut(cutter: CookieCutter, handshake: Handshake): Promise<string | undefined> {
  const request = new IncomingMessage(new NetSocket());
  request.method = 'GET';
  request.url = handshake.url;
  request.headers = { ...handshake.headers };
  return cutter(request);
}

const parseNothing: CookieParser = (_request, _response, next) => next();
