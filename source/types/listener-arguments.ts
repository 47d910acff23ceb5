/**
 * @module What the options make of a listener's arguments.
 */

import type { DisconnectReason } from 'socket.io';
import type { SessionError } from '../errors.js';
import type { AnyListener, EventsMap } from './event-maps.js';
import type { ExpressionSocketOptions } from './options.js';
import type { SessionEndReason, SocketSession } from './session.js';

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
