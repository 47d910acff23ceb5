/**
 * @module The prototyped socket. Knows which members of a raw one differ, and which return it.
 */

import type { Socket } from 'socket.io';
import type { AddListener } from './add-listener.js';
import type { AnyListener, DefaultEventsMap, EventsMap } from './event-maps.js';
import type { Flag, SocketEvents, UserEvents } from './listener-arguments.js';
import type { ExpressionSocketOptions } from './options.js';
import type { SessionEndReason } from './session.js';

/** The emitted events after `timeout(ms)`: as Socket.IO has them, acknowledgements get an error. */
type TimedOut<EmitEvents extends EventsMap> =
  ReturnType<Socket<DefaultEventsMap, EmitEvents>['timeout']> extends Socket<
    DefaultEventsMap,
    infer Decorated extends EventsMap,
    infer _ServerSide,
    infer _Data
  >
    ? Decorated
    : never;

/** What every prototyped socket has over a raw one. */
export interface SessionListening<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
  AlwaysSession extends boolean,
  AutoErrManager extends boolean,
> {
  /**
   * Listens to an event together with the session as it is when the event arrives.
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
  readonly sessOn: AddListener<
    SocketEvents<true, AutoErrManager>,
    UserEvents<ListenEvents, true, AutoErrManager>,
    this
  >;

  /**
   * Listens to the next such event only, together with the session.
   *
   * @returns the socket
   */
  readonly sessOnce: AddListener<
    SocketEvents<true, AutoErrManager>,
    UserEvents<ListenEvents, true, AutoErrManager>,
    this
  >;

  /**
   * Makes the acknowledgement of the next `emit` fail after so many milliseconds.
   *
   * @returns the socket
   */
  timeout(
    timeout: number,
  ): SocketFor<
    ListenEvents,
    TimedOut<EmitEvents>,
    ServerSideEvents,
    SocketData,
    AlwaysSession,
    AutoErrManager
  >;

  /** Tells the listeners of an event, those of `sessOn` included, as they were given. */
  listeners(event: string | symbol): AnyListener[];
}

/** What the prototyped socket has over a raw one where its `on` is Socket.IO's own. */
export interface SelectiveListening<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
  AutoErrManager extends boolean,
> extends SessionListening<
    ListenEvents,
    EmitEvents,
    ServerSideEvents,
    SocketData,
    false,
    AutoErrManager
  > {
  /** Hears that the session of the socket has ended, and why; then the socket is put out. */
  on(event: 'sessionend', listener: (reason: SessionEndReason) => void): this;
  /** Hears that the session of the socket has ended, and why; then the socket is put out. */
  once(event: 'sessionend', listener: (reason: SessionEndReason) => void): this;
  /** Hears that the session of the socket has ended, and why; then the socket is put out. */
  addListener(event: 'sessionend', listener: (reason: SessionEndReason) => void): this;
  /** Hears that the session of the socket has ended, and why; then the socket is put out. */
  prependListener(event: 'sessionend', listener: (reason: SessionEndReason) => void): this;
  /** Hears that the session of the socket has ended, and why; then the socket is put out. */
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

/** The members of a raw socket that listen, or stop to. */
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
 * The prototyped socket under `alwaysSession`: `on` and its kind give the session, as `sessOn` does.
 * It is a `Socket` at run time (`instanceof`), but its type can't be one.
 */
export interface AlwaysSessionSocket<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
  AlwaysSession extends boolean,
  AutoErrManager extends boolean,
> extends Omit<
      Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
      ChainingMember | ListeningMember
    >,
    Chaining<
      Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
      ChainingMember,
      AlwaysSessionSocket<
        ListenEvents,
        EmitEvents,
        ServerSideEvents,
        SocketData,
        AlwaysSession,
        AutoErrManager
      >
    >,
    SessionListening<
      ListenEvents,
      EmitEvents,
      ServerSideEvents,
      SocketData,
      AlwaysSession,
      AutoErrManager
    > {
  /** Does what `sessOn` does. */
  readonly on: AddListener<
    SocketEvents<AlwaysSession, AutoErrManager>,
    UserEvents<ListenEvents, AlwaysSession, AutoErrManager>,
    this
  >;
  /** Does what `sessOnce` does. */
  readonly once: this['on'];
  /** Does what `sessOn` does. */
  readonly addListener: this['on'];
  /** Does what `sessOn` does, ahead of the listeners that are there. */
  readonly prependListener: this['on'];
  /** Does what `sessOnce` does, ahead of the listeners that are there. */
  readonly prependOnceListener: this['on'];
  /** Removes a listener, by the function that was given. */
  off(event: string | symbol, listener: AnyListener): this;
  /** Removes a listener, by the function that was given. */
  removeListener(event: string | symbol, listener: AnyListener): this;
}

/** The prototyped socket, by the options that change its type. */
export type SocketFor<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
  AlwaysSession extends boolean,
  AutoErrManager extends boolean,
> = [AlwaysSession] extends [false]
  ? // Before `Socket`, so that its signatures are the first that are tried.
    SelectiveListening<ListenEvents, EmitEvents, ServerSideEvents, SocketData, AutoErrManager> &
      Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>
  : AlwaysSessionSocket<
      ListenEvents,
      EmitEvents,
      ServerSideEvents,
      SocketData,
      AlwaysSession,
      AutoErrManager
    >;

/**
 * The prototyped socket: Socket.IO's own, which also hands over the session of the visitor.
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
