/**
 * @module The types of the clients and of the object that `enable` returns.
 */

import type { SessionError } from '../errors.js';
import type { ExpressionSocket } from '../expression-socket.js';
import type { EventsMap, SessionSocket, SocketSession } from '../types.js';

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

/** A listener of messages that gets the session, too. */
type MessageListener<ListenEvents extends EventsMap> = (
  ...args: WithSession<ArgumentsOf<ListenEvents, 'message'>>
) => unknown;

/** The methods of a client whose session is read and saved for each message. */
export interface MessageListening<ListenEvents extends EventsMap> {
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
   * Adds a listener of any event, as `smessage` is one of messages. The session comes first, because
   * the event may have any number of arguments.
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

/** A client whose session is read when it connects, and saved when it disconnects. */
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

  /** Adds a listener of clients with a session, or of clients without one. */
  on<Event extends keyof SessionsEvents<Client, Session>>(
    event: Event,
    listener: (...args: SessionsEvents<Client, Session>[Event]) => unknown,
  ): this;
  /** Adds a listener of the next such client only. */
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
