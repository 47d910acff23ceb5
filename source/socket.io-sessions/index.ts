/**
 * @module The entry point `expression.socket.io/sessions`: the interface of socket.io-sessions.
 */

import type { Store } from 'express-session';
import type { Server } from 'socket.io';
import type { SessionError } from '../errors.js';
import type { ExpressionSocket } from '../expression-socket.js';
import type { EventsMap } from '../types/listeners.js';
import type { SocketSession } from '../types/session.js';
import type { SessionSocket } from '../types/session-socket.js';
import { EnabledSessions } from './enabled-sessions.js';
import { readSettings, type SessionsOptions, type SessionsSettings } from './settings.js';

export type { CookieCutter, SessionsOptions, SessionsSettings } from './settings.js';

/** The arguments of an event; without event maps, any arguments, as in Socket.IO. */
type ArgumentsOf<ListenEvents extends EventsMap, Event> = Event extends keyof ListenEvents
  ? Parameters<ListenEvents[Event]>
  : unknown[];

/** The message, the session, and then the other arguments, with the acknowledgement last. */
type WithSession<Args extends readonly unknown[]> = Args extends readonly [
  infer Message,
  ...infer Rest,
]
  ? [message: Message, session: SocketSession, ...rest: Rest]
  : [message: Args[number], session: SocketSession, ...rest: Args[number][]];

/** A listener of messages that also gets the session. */
type MessageListener<ListenEvents extends EventsMap> = (
  ...args: WithSession<ArgumentsOf<ListenEvents, 'message'>>
) => unknown;

/** The methods of a client whose session is read and saved for each message. */
interface MessageListening<ListenEvents extends EventsMap> {
  /**
   * Adds a listener of messages, which clients send with `send(…)`. It gets each message with the
   * session as it is then; once it has returned, or its promise has resolved, the session is saved.
   *
   * @returns the client
   *
   * @example
   * client.on('smessage', (message, session) => {
   *   session.last = message;
   * });
   */
  on(event: 'smessage', listener: MessageListener<ListenEvents>): this;
  /** Adds a listener of the next message only. */
  once(event: 'smessage', listener: MessageListener<ListenEvents>): this;
  /** Removes a listener. */
  off(event: 'smessage', listener: MessageListener<ListenEvents>): this;

  /**
   * Adds a listener of any event that gets the session, as `smessage` does for messages. The session
   * comes first, because the event may have any number of arguments.
   *
   * @returns the client
   *
   * @example
   * client.son('vote', async (session, option, ack) => {
   *   session.vote = option;
   *   ack('counted');
   * });
   */
  son<Event extends keyof ListenEvents & string>(
    event: Event,
    listener: (session: SocketSession, ...args: ArgumentsOf<ListenEvents, Event>) => unknown,
  ): this;
}

/** A client whose session is read and saved for each message. */
export type MessageClient<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
> = MessageListening<ListenEvents> &
  SessionSocket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;

/** The events of what `enable` returns, and their arguments. */
interface SessionsEvents<Client, Session extends readonly unknown[]> {
  /** A client has connected with a session. */
  sconnection: [client: Client, ...session: Session];
  /** A client has no session, its session has ended, or reading or saving it failed: see the error. */
  sinvalid: [client: Client, error: SessionError];
}

/** The object that `enable` returns. */
export interface Sessions<
  Client,
  Session extends readonly unknown[],
  ExpressionIO = ExpressionSocket,
> {
  /** The `ExpressionSocket` behind it: for tickets, and for other namespaces. */
  readonly expressionIO: ExpressionIO;

  /** Adds a listener. */
  on<Event extends keyof SessionsEvents<Client, Session>>(
    event: Event,
    listener: (...args: SessionsEvents<Client, Session>[Event]) => unknown,
  ): this;
  /** Adds a listener that is called once. */
  once<Event extends keyof SessionsEvents<Client, Session>>(
    event: Event,
    listener: (...args: SessionsEvents<Client, Session>[Event]) => unknown,
  ): this;
  /** Removes a listener. */
  off<Event extends keyof SessionsEvents<Client, Session>>(
    event: Event,
    listener: (...args: SessionsEvents<Client, Session>[Event]) => unknown,
  ): this;

  /** Removes all listeners and hooks; the clients stay connected. */
  close(): void;
}

/** The setting that turns on a session per message. */
interface PerMessage {
  readonly per_message: true | 1;
}

/** The setting for a session per connection. */
interface PerConnection {
  readonly per_message?: false | 0 | undefined;
}

type MessageSessions<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
> = Sessions<
  MessageClient<Listen, Emit, ServerSide, Data>,
  [],
  ExpressionSocket<Listen, Emit, ServerSide, Data>
>;

type ConnectionSessions<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
> = Sessions<
  SessionSocket<Listen, Emit, ServerSide, Data>,
  [session: SocketSession],
  ExpressionSocket<Listen, Emit, ServerSide, Data>
>;

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
): MessageSessions<Listen, Emit, ServerSide, Data>;
export function enable<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
>(
  settings: SessionsSettings<Server<Listen, Emit, ServerSide, Data>> & PerConnection,
): ConnectionSessions<Listen, Emit, ServerSide, Data>;
export function enable<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
>(
  socket: Server<Listen, Emit, ServerSide, Data>,
  store: Store,
  options: SessionsOptions & PerMessage,
): MessageSessions<Listen, Emit, ServerSide, Data>;
export function enable<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
>(
  socket: Server<Listen, Emit, ServerSide, Data>,
  store: Store,
  options: SessionsOptions & PerConnection,
): ConnectionSessions<Listen, Emit, ServerSide, Data>;
export function enable(...args: unknown[]): unknown {
  return new EnabledSessions(readSettings(args));
}
