/**
 * @module `enable`: the interface of socket.io-sessions over the facade. Knows which parts there are,
 * and puts them together.
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
import type { Listener } from './client-members.js';
import { ClientScript } from './client-script.js';
import { SessionClients } from './session-clients.js';
import { SessionListener } from './session-listener.js';
import {
  type CookieCutter,
  type ResolvedSettings,
  readSettings,
  type SessionsOptions,
  type SessionsSettings,
} from './settings.js';
import type { ConnectionClient, MessageClient, Sessions } from './types.js';

/** What turns sessions per message on. */
interface PerMessage {
  readonly per_message: true | 1;
}

/** What leaves sessions to the connection. */
interface PerConnection {
  readonly per_message?: false | 0 | undefined;
}

/**
 * Makes a Socket.IO server session aware: each client comes with its session, as `sconnection`, or as
 * `sinvalid` without one. The session is saved when the client leaves, or, with `per_message`, after
 * each message. Serves the client script as well, below the path of the server.
 *
 * @returns what to listen on
 * @throws {TypeError} where an argument is missing, unknown or wrong; says which
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

/** What `enable` returns, behind its type. */
class EnabledSessions {
  readonly expressionIO: ExpressionSocket;
  readonly #listener: SessionListener;
  readonly #script: ClientScript;

  constructor({ io, store, parser, cutter, ...rest }: ResolvedSettings) {
    const options = sessionOptions({ cutter, ...rest });
    this.expressionIO = new ExpressionSocket(io, store, parser ?? parseNothing, options);
    const diagnostics = new Diagnostics(options.onError);
    this.#listener = new SessionListener(diagnostics);
    const { maxPending } = resolveOptions(options);
    const clients = new SessionClients({
      isPerMessage: rest.isPerMessage,
      listener: this.#listener,
      queue: new KeyedQueue({ perKey: maxPending - 1, inAll: maxPending * 10 }),
      diagnostics,
    });
    this.expressionIO.sockets.on('connection', (err, session, socket) => {
      clients.welcome(err, session, socket);
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
    this.#listener.on(event, listener);
    return this;
  }

  once(event: string, listener: Listener): this {
    this.#listener.once(event, listener);
    return this;
  }

  off(event: string, listener: Listener): this {
    this.#listener.off(event, listener);
    return this;
  }

  close(): void {
    this.#script.close();
    this.#listener.clear();
    this.expressionIO.close();
  }
}

/** The options of the facade; tickets are on, for the client script brings them. */
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
    // There is no parser that would show a secret. One of this process will do for a single one.
    ticket: { ...ticket, secret: ticket.secret ?? randomBytes(32).toString('base64url') },
    sessionId: (handshake) => cut(cutter, handshake),
  };
}

/** Asks a cutter, which knows requests and no handshakes, with a request of its own to write on. */
async function cut(cutter: CookieCutter, handshake: Handshake): Promise<string | undefined> {
  const request = new IncomingMessage(new NetSocket());
  request.method = 'GET';
  request.url = handshake.url;
  request.headers = { ...handshake.headers };
  return cutter(request);
}

const parseNothing: CookieParser = (_request, _response, next) => next();
