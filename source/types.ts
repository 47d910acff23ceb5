/**
 * @module What a user's editor sees: the socket, the wrapper of a namespace, and the arguments of
 * every listener by the options. Types only: knows nothing of how any of it is done.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Session, SessionData } from 'express-session';
import type { DisconnectReason, Namespace, Server, Socket } from 'socket.io';
import type { SessionError } from './errors.js';
import type { ExpressionSocketOptions, Handshake } from './options.js';

// ---- Event maps ------------------------------------------------------------------------------

/** A map of event names to listener types, as Socket.IO's own type parameters want it. */
export interface EventsMap {
  // `any` since only such an index signature accepts interfaces, as event maps are written;
  // Socket.IO declares the same.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  [event: string]: any;
}

/** Socket.IO's map for a server without type parameters: every event name, any arguments. */
export type DefaultEventsMap =
  Server extends Server<infer Events, infer _Emit, infer _ServerSide, infer _Data> ? Events : never;

/** A function that can be removed again: any at all, since it is compared and not called. */
export type AnyListener = (...args: never[]) => unknown;

// ---- The session -----------------------------------------------------------------------------

/** Hears how an operation on the session went: the error, or null or nothing where it worked. */
export type SessionCallback = (error?: SessionError | null) => void;

/** The methods of a session in a socket: those of `express-session`, which also give promises. */
export interface SocketSessionMethods {
  /**
   * Saves what the listener changed; without it, nothing is saved.
   *
   * @returns the session where a callback is given, and otherwise a promise, which may be ignored:
   * an ignored failure goes to `onError`
   * @throws {SessionError} through the callback or the promise
   *
   * @example
   * socket.sessOn('vote', async (err, session) => {
   *   if (err) return;
   *   session.votes = (session.votes ?? 0) + 1;
   *   await session.save();
   * });
   */
  save(callback: SessionCallback): this;
  save(): Promise<void>;

  /**
   * Reads the session again, in place; changes that were not saved are lost.
   *
   * @returns the session where a callback is given, and otherwise a promise
   * @throws {SessionError} `ERR_SESSION_NOT_FOUND` where it ended meanwhile
   */
  reload(callback: SessionCallback): this;
  reload(): Promise<void>;

  /**
   * Logs out: removes the session from the store.
   *
   * @returns the session where a callback is given, and otherwise a promise
   * @throws {SessionError} through the callback or the promise, where the store failed
   */
  destroy(callback: SessionCallback): this;
  destroy(): Promise<void>;

  /**
   * Always fails: a new session needs a new cookie, which a socket can't set. Log in over HTTP.
   *
   * @throws {SessionError} `ERR_SESSION_REGENERATE`
   */
  regenerate(callback: SessionCallback): this;
  regenerate(): Promise<never>;

  /** Sets the remaining time of the session's cookie back to `cookie.originalMaxAge`. */
  resetMaxAge(): this;

  /** The same as `resetMaxAge`; writes nothing to the store. */
  touch(): this;
}

/**
 * The web session as listeners get it: `express-session`'s own, with your fields on it, none of
 * which need be there yet.
 *
 * @example
 * declare module 'express-session' {
 *   interface SessionData {
 *     votes: number;
 *   }
 * }
 */
export type SocketSession = SocketSessionMethods &
  Omit<Session, keyof SocketSessionMethods> &
  Partial<SessionData>;

/**
 * Any Connect middleware that parses cookies, `cookie-parser` above all: given a request, it writes
 * `signedCookies` and calls `next`.
 *
 * @example
 * new ExpressionSocket(io, store, cookieParser('keyboard cat'));
 */
export type CookieParser = {
  // The type of a method, since only those accept a narrower request, such as Express's.
  parse(
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): unknown;
}['parse'];

/** Why a session is over: logout, login (which gives a new session), or time. */
export type SessionEndReason = 'destroyed' | 'regenerated' | 'expired';

// ---- What the options change -----------------------------------------------------------------

/** The type of an option that does not exist, for the sake of the error message. */
export interface NoSuchOption {
  readonly 'There is no option of this name': never;
}

/** The names of the options that change what listeners get. */
type ShapingOption = 'alwaysSession' | 'autoErrManager';

/**
 * The `options` parameter of the constructor: infers the literals that change the listeners, and
 * does not let a misspelt option pass. Give the event maps to `Server` and not to the constructor,
 * for TypeScript infers either all type parameters or none.
 */
export type GivenOptions<Options extends ExpressionSocketOptions> = Options &
  // Tells functions in the options what they are called with. All options here would be the very
  // type of a variable of `ExpressionSocketOptions`, of which nothing would be left to infer from.
  Omit<ExpressionSocketOptions, ShapingOption> & {
    readonly [Name in Exclude<keyof Options, keyof ExpressionSocketOptions>]: NoSuchOption;
  };

/** `true`, `false`, or `boolean` where the option's type leaves it open; an absent one is `false`. */
export type Flag<Options, Name extends ShapingOption> = Name extends keyof Options
  ? Extract<Options[Name], boolean> | (undefined extends Options[Name] ? false : never)
  : false;

/**
 * The arguments of a listener that gets a session: `(err, session, ...args)`, where one of the first
 * two is null and says that the other is not; or `(session, ...args)` with `autoErrManager`.
 *
 * @example
 * function onVote(...[err, session, option]: SessionArguments<false, [option: string]>): void {
 *   if (!err) console.log(session.id, option);
 * }
 */
export type SessionArguments<
  AutoErrManager extends boolean | undefined,
  Args extends readonly unknown[],
> = AutoErrManager extends true
  ? [session: SocketSession, ...args: Args]
  :
      | [err: SessionError, session: null, ...args: Args]
      | [err: null, session: SocketSession, ...args: Args];

/** The arguments of a listener of `on`: with a session or, without `alwaysSession`, Socket.IO's. */
export type OnArguments<
  AlwaysSession extends boolean,
  AutoErrManager extends boolean,
  Args extends readonly unknown[],
> = AlwaysSession extends true ? SessionArguments<AutoErrManager, Args> : Args;

/** The arguments of `disconnect`. It always runs: with `autoErrManager`, the session may be null. */
type DisconnectArguments<AutoErrManager extends boolean> = AutoErrManager extends true
  ? [session: SocketSession | null, reason: DisconnectReason, description?: unknown]
  : SessionArguments<false, [reason: DisconnectReason, description?: unknown]>;

/** The events that the socket emits by itself and that never carry a session. */
export interface SessionlessEvents {
  disconnecting: [reason: DisconnectReason, description?: unknown];
  error: [err: Error];
  newListener: [event: string | symbol, listener: AnyListener];
  removeListener: [event: string | symbol, listener: AnyListener];
  sessionend: [reason: SessionEndReason];
}

/** The events that the socket emits by itself, and their arguments for `sessOn` or `on`. */
export interface SocketEvents<AlwaysSession extends boolean, AutoErrManager extends boolean>
  extends SessionlessEvents {
  disconnect: AlwaysSession extends true
    ? DisconnectArguments<AutoErrManager>
    : [reason: DisconnectReason, description?: unknown];
}

/** The user's events, and their arguments for `sessOn` or `on`. */
export type UserEvents<
  ListenEvents extends EventsMap,
  AlwaysSession extends boolean,
  AutoErrManager extends boolean,
> = {
  [Event in keyof ListenEvents]: OnArguments<
    AlwaysSession,
    AutoErrManager,
    Parameters<ListenEvents[Event]>
  >;
};

// ---- Adding listeners ------------------------------------------------------------------------

/** The names of events, `symbol`s included, numbers not. */
type EventName<Own, User> = (keyof Own | keyof User) & (string | symbol);

/** The arguments of an event; the emitter's own events go before the user's. */
type EventArguments<Own, User, Event> = Event extends keyof Own
  ? Extract<Own[Event], readonly unknown[]>
  : Event extends keyof User
    ? Extract<User[Event], readonly unknown[]>
    : never;

/** `true` where one of `AllArgs` has all the positions `Index`. */
type Reaches<AllArgs, Index> = AllArgs extends unknown
  ? [Index] extends [keyof AllArgs]
    ? true
    : never
  : never;

/** Each of `Args` cut to the length of `Parameters`, or as it is where all of them are shorter. */
type Cut<
  Args extends readonly unknown[],
  Parameters extends readonly unknown[],
  AllArgs = Args,
> = Args extends unknown
  ? number extends Args['length']
    ? {
        [Index in keyof Parameters]: Index extends `${infer Position extends number}`
          ? Args[Position]
          : never;
      }
    : true extends Reaches<AllArgs, keyof Parameters>
      ? { [Index in keyof Parameters]: Index extends keyof Args ? Args[Index] : undefined }
      : Args
  : never;

/**
 * A function of `Args`, cut to as many as `Listener` has parameters. The branch that is never taken
 * is there for TypeScript to infer `Listener` from.
 */
type Fitting<Listener extends AnyListener, Args extends readonly unknown[], Result> = [
  Listener,
] extends [never]
  ? Listener
  : (...args: Cut<Args, Parameters<Listener>>) => Result;

/**
 * Adds a listener to an event, and returns the emitter.
 *
 * The overloads are one signature. The first gives a listener's parameters their types, `err` and
 * `session` as a pair; the second takes the listener of fewer parameters, which TypeScript does not
 * let pass where the arguments are a union of lists.
 */
export interface AddListener<Own, User, Emitter> {
  <Event extends EventName<Own, User>>(
    event: Event,
    listener: (...args: EventArguments<Own, User, Event>) => void,
  ): Emitter;
  <Event extends EventName<Own, User>, Listener extends AnyListener>(
    event: Event,
    listener: Fitting<Listener, EventArguments<Own, User, Event>, void>,
  ): Emitter;
}

// ---- The socket ------------------------------------------------------------------------------

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
   *   session.votes = (session.votes ?? 0) + 1;
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
  /** Hears that the session is over, before `disconnect`. */
  on(event: 'sessionend', listener: (reason: SessionEndReason) => void): this;
  /** Hears that the session is over, before `disconnect`. */
  once(event: 'sessionend', listener: (reason: SessionEndReason) => void): this;
  /** Hears that the session is over, before `disconnect`. */
  addListener(event: 'sessionend', listener: (reason: SessionEndReason) => void): this;
  /** Hears that the session is over, ahead of the listeners that are there. */
  prependListener(event: 'sessionend', listener: (reason: SessionEndReason) => void): this;
  /** Hears that the session is over, once, ahead of the listeners that are there. */
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

// ---- The namespace ---------------------------------------------------------------------------

/**
 * Answers an `authorization`: only `accepted === true` without an error lets the client in.
 *
 * @param err the reason of a refusal, which the client gets as `next(err)` would give it
 * @param accepted whether the client may connect
 */
export type AuthorizationAnswer = (err?: unknown, accepted?: boolean) => void;

/** What an `authorization` listener may return instead of calling `fn`. */
// biome-ignore lint/suspicious/noConfusingVoidType: a listener that returns nothing returns void
export type AuthorizationResult = boolean | void | PromiseLike<boolean | void>;

/** The arguments of an `authorization` listener. */
export type AuthorizationArguments<AutoErrManager extends boolean> = SessionArguments<
  AutoErrManager,
  [handshake: Handshake, fn: AuthorizationAnswer]
>;

/** Adds an `authorization` listener; overloaded as `AddListener` is. */
export interface AddAuthorization<AutoErrManager extends boolean, Wrapper> {
  (listener: (...args: AuthorizationArguments<AutoErrManager>) => AuthorizationResult): Wrapper;
  <Listener extends AnyListener>(
    listener: Fitting<Listener, AuthorizationArguments<AutoErrManager>, AuthorizationResult>,
  ): Wrapper;
}

/** The wrapper's own events: a new socket, with its session. */
export interface ConnectionEvents<Client, AutoErrManager extends boolean> {
  connection: SessionArguments<AutoErrManager, [socket: Client]>;
  connect: SessionArguments<AutoErrManager, [socket: Client]>;
}

/** The wrapper of a namespace, by the options that change its type. */
export interface NamespaceFor<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
  AlwaysSession extends boolean,
  AutoErrManager extends boolean,
> {
  /** Socket.IO's own namespace, for rooms and all the rest. */
  readonly namespace: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;

  /**
   * Listens to connections, each with its session; other events are those that the servers of a
   * cluster send each other, as on the namespace itself.
   *
   * @returns the wrapper
   *
   * @example
   * expressionIO.sockets.on('connection', (err, session, socket) => {
   *   if (err) return void socket.disconnect();
   *   socket.emit('welcome', session.votes ?? 0);
   * });
   */
  readonly on: AddListener<
    ConnectionEvents<
      SocketFor<
        ListenEvents,
        EmitEvents,
        ServerSideEvents,
        SocketData,
        AlwaysSession,
        AutoErrManager
      >,
      AutoErrManager
    >,
    { [Event in keyof ServerSideEvents]: Parameters<ServerSideEvents[Event]> },
    this
  >;

  /**
   * Removes a listener, by the function that was given.
   *
   * @returns the wrapper
   */
  off(
    event: EventName<ConnectionEvents<unknown, false>, ServerSideEvents>,
    listener: AnyListener,
  ): this;

  /** Emits to every client of the namespace, as the namespace itself does. */
  readonly emit: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>['emit'];

  /**
   * Decides who may connect. Several listeners are asked in their order, and all must agree.
   *
   * @returns the wrapper
   *
   * @example
   * expressionIO.sockets.authorization((err, session, handshake, fn) => {
   *   fn(err, session?.votes !== undefined);
   * });
   *
   * @example
   * expressionIO.sockets.authorization(async (err, session) => !err && (await isMember(session)));
   */
  readonly authorization: AddAuthorization<AutoErrManager, this>;
}

/**
 * The wrapper of a namespace: the namespace's `on` and `emit`, with the session, and
 * `authorization`.
 *
 * @example
 * const news: SessionNamespace<ClientEvents, ServerEvents> = expressionIO.of('/news');
 */
export type SessionNamespace<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = unknown,
  Options extends ExpressionSocketOptions = Record<never, never>,
> = NamespaceFor<
  ListenEvents,
  EmitEvents,
  ServerSideEvents,
  SocketData,
  Flag<Options, 'alwaysSession'>,
  Flag<Options, 'autoErrManager'>
>;
