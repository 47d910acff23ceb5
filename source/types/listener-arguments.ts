/**
 * @module The arguments of listeners, which depend on the options.
 */

import type { DisconnectReason } from 'socket.io';
import type { SessionError } from '../errors.js';
import type { AnyListener, EventsMap } from './event-maps.js';
import type { ExpressionSocketOptions } from './options.js';
import type { SessionEndReason, SocketSession } from './session.js';

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
  ? Extract<Options[Name], boolean> | (undefined extends Options[Name] ? false : never)
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
