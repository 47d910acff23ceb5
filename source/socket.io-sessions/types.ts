/**
 * @module What a user's editor sees of `enable`: the client, and who listens. Types only.
 */

import type { SessionError } from '../errors.js';
import type { ExpressionSocket } from '../expression-socket.js';
import type { EventsMap, SessionSocket, SocketSession } from '../types.js';

/** The arguments of an event; of a server without event maps, anything, as with Socket.IO's own. */
type ArgumentsOf<ListenEvents extends EventsMap, Event> = Event extends keyof ListenEvents
  ? Parameters<ListenEvents[Event]>
  : unknown[];

/** The session stands behind the message, and ahead of whatever else came: the acknowledgement last. */
type WithSession<Args extends readonly unknown[]> = Args extends readonly [
  infer Message,
  ...infer Rest,
]
  ? [message: Message, session: SocketSession, ...rest: Rest]
  : [message: Args[number], session: SocketSession, ...rest: Args[number][]];

/** Listens to messages together with the session. */
type MessageListener<ListenEvents extends EventsMap> = (
  ...args: WithSession<ArgumentsOf<ListenEvents, 'message'>>
) => unknown;

/** What a client has whose session is read and saved for each message. */
export interface MessageListening<ListenEvents extends EventsMap> {
  /**
   * Listens to messages, what the other side's `send(…)` sends: each with the session as it is then,
   * which is saved after the listener, a promise of which is awaited.
   *
   * @returns the client
   *
   * @example
   * client.on('smessage', (message, session) => {
   *   session.last = message;
   * });
   */
  on(event: 'smessage', listener: MessageListener<ListenEvents>): this;
  /** Listens to the next message only. */
  once(event: 'smessage', listener: MessageListener<ListenEvents>): this;
  /** Takes a listener away. */
  off(event: 'smessage', listener: MessageListener<ListenEvents>): this;

  /**
   * Listens to an event of any name as `smessage` does to messages. Its session comes first, for it
   * may have any number of arguments.
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

/** A client whose session is read when it connects, and saved when it leaves. */
export type ConnectionClient<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
> = SessionSocket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;

/** A client whose session is read and saved for each message. */
export type MessageClient<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
> = MessageListening<ListenEvents> &
  SessionSocket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;

/** The events of what `enable` returns, and their arguments. */
export interface SessionsEvents<Client, Session extends readonly unknown[]> {
  /** A client connected that has a session. */
  sconnection: [client: Client, ...session: Session];
  /** A client has no session, or none any more, or it can't be read or written; the error says why. */
  sinvalid: [client: Client, error: SessionError];
}

/** What `enable` returns. */
export interface Sessions<
  Client,
  Session extends readonly unknown[],
  ExpressionIO = ExpressionSocket,
> {
  /** What it is built on: for tickets, and for other namespaces. */
  readonly expressionIO: ExpressionIO;

  /** Listens to clients that come with a session, or lack one. */
  on<Event extends keyof SessionsEvents<Client, Session>>(
    event: Event,
    listener: (...args: SessionsEvents<Client, Session>[Event]) => unknown,
  ): this;
  /** Listens to the next such client. */
  once<Event extends keyof SessionsEvents<Client, Session>>(
    event: Event,
    listener: (...args: SessionsEvents<Client, Session>[Event]) => unknown,
  ): this;
  /** Takes a listener away. */
  off<Event extends keyof SessionsEvents<Client, Session>>(
    event: Event,
    listener: (...args: SessionsEvents<Client, Session>[Event]) => unknown,
  ): this;

  /** Gives everything back; the clients stay connected. */
  close(): void;
}
