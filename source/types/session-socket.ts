/**
 * @module The types of the prototyped socket, with the members in which it differs from a raw socket.
 * `Always` and `Auto` are the options `alwaysSession` and `autoErrManager`.
 */

import type { Socket } from 'socket.io';
import type {
  AddListener,
  AnyListener,
  DefaultEventsMap,
  EventsMap,
  Flag,
  SocketEvents,
  UserEvents,
} from './listeners.js';
import type { ExpressionSocketOptions } from './options.js';
import type { SessionEndReason } from './session.js';

/** The emitted events after `timeout(ms)`: as in Socket.IO, acknowledgements get an error. */
type TimedOut<Emit extends EventsMap> =
  ReturnType<Socket<DefaultEventsMap, Emit>['timeout']> extends Socket<
    DefaultEventsMap,
    infer Decorated extends EventsMap,
    infer _ServerSide,
    infer _Data
  >
    ? Decorated
    : never;

/** What every prototyped socket adds to a raw socket. */
export interface SessionListening<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
  Always extends boolean,
  Auto extends boolean,
> {
  /**
   * Adds a listener of an event, which gets the session as it is when the event arrives.
   *
   * @returns the socket
   *
   * @example
   * socket.sessOn('vote', async (err, session, option, ack) => {
   *   if (err) return ack(err.code);
   *   session.vote = option;
   *   await session.save();
   *   ack(`Counted: ${option}`);
   * });
   */
  readonly sessOn: AddListener<SocketEvents<true, Auto>, UserEvents<Listen, true, Auto>, this>;

  /**
   * Adds a listener of the next event of a name, which gets the session, as with `sessOn`.
   *
   * @returns the socket
   */
  readonly sessOnce: AddListener<SocketEvents<true, Auto>, UserEvents<Listen, true, Auto>, this>;

  /**
   * Sets the time after which the acknowledgement of the next `emit` fails, in milliseconds.
   *
   * @returns the socket
   */
  timeout(timeout: number): SocketFor<Listen, TimedOut<Emit>, ServerSide, Data, Always, Auto>;

  /** Returns the listeners of an event, including those of `sessOn`, as they were added. */
  listeners(event: string | symbol): AnyListener[];
}

/** What the prototyped socket adds to a raw socket without `alwaysSession`. */
export interface SelectiveListening<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
  Auto extends boolean,
> extends SessionListening<Listen, Emit, ServerSide, Data, false, Auto> {
  /** Adds a listener of the end of the session, which gets the reason for it. */
  on(event: 'sessionend', listener: (reason: SessionEndReason) => void): this;
  /** Adds a listener of the end of the session, which gets the reason for it. */
  once(event: 'sessionend', listener: (reason: SessionEndReason) => void): this;
  /** Adds a listener of the end of the session, which gets the reason for it. */
  addListener(event: 'sessionend', listener: (reason: SessionEndReason) => void): this;
  /** Adds a listener of the end of the session, which gets the reason for it. */
  prependListener(event: 'sessionend', listener: (reason: SessionEndReason) => void): this;
  /** Adds a listener of the end of the session, which gets the reason for it. */
  prependOnceListener(event: 'sessionend', listener: (reason: SessionEndReason) => void): this;
}

/** The members of a raw socket that return the socket, for chaining. */
type ChainingMember =
  | 'compress'
  | 'disconnect'
  | 'offAny'
  | 'offAnyOutgoing'
  | 'onAny'
  | 'onAnyOutgoing'
  | 'prependAny'
  | 'prependAnyOutgoing'
  | 'removeAllListeners'
  | 'send'
  | 'setMaxListeners'
  | 'use'
  | 'volatile'
  | 'write';

/** The chaining members `Names` of `Raw`, returning `Self`. */
type Chaining<Raw, Names extends keyof Raw, Self> = {
  [Name in Names]: Raw[Name] extends (...args: infer Args) => unknown
    ? (...args: Args) => Self
    : Self;
};

/** The members of a raw socket that add or remove listeners. */
type ListeningMember =
  | 'addListener'
  | 'listeners'
  | 'off'
  | 'on'
  | 'once'
  | 'prependListener'
  | 'prependOnceListener'
  | 'removeListener'
  | 'timeout';

/**
 * The prototyped socket with `alwaysSession`: `on` and its variants pass the session, as `sessOn` does.
 * At run time it is a `Socket` (`instanceof`), but its type is not assignable to `Socket`.
 */
export interface AlwaysSessionSocket<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
  Always extends boolean,
  Auto extends boolean,
> extends Omit<Socket<Listen, Emit, ServerSide, Data>, ChainingMember | ListeningMember>,
    Chaining<
      Socket<Listen, Emit, ServerSide, Data>,
      ChainingMember,
      AlwaysSessionSocket<Listen, Emit, ServerSide, Data, Always, Auto>
    >,
    SessionListening<Listen, Emit, ServerSide, Data, Always, Auto> {
  /** Does what `sessOn` does. */
  readonly on: AddListener<SocketEvents<Always, Auto>, UserEvents<Listen, Always, Auto>, this>;
  /** Does what `sessOnce` does. */
  readonly once: this['on'];
  /** Does what `sessOn` does. */
  readonly addListener: this['on'];
  /** Does what `sessOn` does, before the existing listeners. */
  readonly prependListener: this['on'];
  /** Does what `sessOnce` does, before the existing listeners. */
  readonly prependOnceListener: this['on'];
  /** Removes a listener, by the function that was added. */
  off(event: string | symbol, listener: AnyListener): this;
  /** Removes a listener, by the function that was added. */
  removeListener(event: string | symbol, listener: AnyListener): this;
}

/** The prototyped socket, by the options that change its type. */
export type SocketFor<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
  Always extends boolean,
  Auto extends boolean,
> = [Always] extends [false]
  ? // Before `Socket`, so that its overloads are tried first.
    SelectiveListening<Listen, Emit, ServerSide, Data, Auto> &
      Socket<Listen, Emit, ServerSide, Data>
  : AlwaysSessionSocket<Listen, Emit, ServerSide, Data, Always, Auto>;

/**
 * The prototyped socket: Socket.IO's socket, with the visitor's session for listeners.
 *
 * @example
 * function register(socket: SessionSocket<ClientEvents, ServerEvents>): void {
 *   socket.sessOn('vote', (err, session, option) => {
 *     if (!err) console.log(session.id, option);
 *   });
 * }
 */
export type SessionSocket<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = unknown,
  Options extends ExpressionSocketOptions = Record<never, never>,
> = SocketFor<
  ListenEvents,
  EmitEvents,
  ServerSideEvents,
  SocketData,
  Flag<Options, 'alwaysSession'>,
  Flag<Options, 'autoErrManager'>
>;
