/**
 * @module The types of events and listeners: event maps, the arguments of listeners, which depend on
 * the options, and the methods that add listeners.
 */

import type { DisconnectReason, Server } from 'socket.io';
import type { SessionError } from '../errors.js';
import type { ExpressionSocketOptions } from './options.js';
import type { SessionEndReason, SocketSession } from './session.js';

/** A map of event names to listener types, as Socket.IO's own type parameters want it. */
export interface EventsMap {
  // Only an index signature of `any` accepts interfaces; Socket.IO declares the same.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  [event: string]: any;
}

/** Socket.IO's map for a server without type parameters: every event name, any arguments. */
export type DefaultEventsMap =
  Server extends Server<infer Events, infer _Emit, infer _ServerSide, infer _Data> ? Events : never;

/** Any function, for methods that compare listeners and do not call them. */
export type AnyListener = (...args: never[]) => unknown;

/** The type of an option that does not exist, which shows in the compiler's message. */
export interface NoSuchOption {
  readonly 'There is no option of this name': never;
}

/** The names of the options that change the arguments of listeners. */
type ShapingOption = 'alwaysSession' | 'autoErrManager';

/**
 * The `options` parameter of the constructor: infers the literals that change the arguments of
 * listeners, and refuses unknown options. Pass the event maps to `Server` and not to the constructor,
 * because TypeScript infers either all type parameters or none.
 */
export type GivenOptions<Options extends ExpressionSocketOptions> = Options &
  // Types the parameters of functions in the options. With all options here, nothing could be
  // inferred from a variable of the type `ExpressionSocketOptions`.
  Omit<ExpressionSocketOptions, ShapingOption> & {
    readonly [Name in Exclude<keyof Options, keyof ExpressionSocketOptions>]: NoSuchOption;
  };

/** `true`, `false`, or `boolean` if the option may be either; a missing option is `false`. */
export type Flag<Options, Name extends ShapingOption> = Name extends keyof Options
  ? // Without `strictNullChecks`, `undefined` extends every type, and no other type extends it.
      | Extract<Options[Name], boolean>
      | ([Extract<Options[Name], undefined>] extends [never] ? never : false)
  : false;

/**
 * The arguments of a listener that gets a session: `(err, session, ...args)`, where exactly one of the
 * first two is null; or `(session, ...args)` with `autoErrManager`.
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

/** The socket's own events that never carry a session. */
export interface SessionlessEvents {
  disconnecting: [reason: DisconnectReason, description?: unknown];
  error: [err: Error];
  newListener: [event: string | symbol, listener: AnyListener];
  removeListener: [event: string | symbol, listener: AnyListener];
  sessionend: [reason: SessionEndReason];
}

/** The socket's own events, and their arguments for `sessOn` or `on`. */
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

/** The names of events, `symbol`s included, numbers not. */
export type EventOf<Own, User> = (keyof Own | keyof User) & (string | symbol);

/** The arguments of an event; the emitter's own events take precedence over the user's. */
type EventArguments<Own, User, Event> = Event extends keyof Own
  ? Extract<Own[Event], readonly unknown[]>
  : Event extends keyof User
    ? Extract<User[Event], readonly unknown[]>
    : never;

/** `true` if one of `AllArgs` has all the positions `Index`. */
type Reaches<AllArgs, Index> = AllArgs extends unknown
  ? [Index] extends [keyof AllArgs]
    ? true
    : never
  : never;

/** Each of `Args` cut to the length of `Parameters`, or as it is if all of them are shorter. */
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
 * A function of `Args`, cut to the number of parameters of `Listener`. TypeScript infers `Listener` from
 * the branch that is never taken.
 */
export type Fitting<Listener extends AnyListener, Args extends readonly unknown[], Result> = [
  Listener,
] extends [never]
  ? Listener
  : (...args: Cut<Args, Parameters<Listener>>) => Result;

/**
 * Adds a listener to an event, and returns the emitter.
 *
 * The first overload types the parameters of a listener, with `err` and `session` as a pair. The second
 * accepts listeners with fewer parameters, which TypeScript rejects if the arguments are a union of
 * tuples.
 */
export interface AddListener<Own, User, Emitter> {
  <Event extends EventOf<Own, User>>(
    event: Event,
    listener: (...args: EventArguments<Own, User, Event>) => void,
  ): Emitter;
  <Event extends EventOf<Own, User>, Listener extends AnyListener>(
    event: Event,
    listener: Fitting<Listener, EventArguments<Own, User, Event>, void>,
  ): Emitter;
}
