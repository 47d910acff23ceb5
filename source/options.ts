/**
 * @module The options: their names, their defaults, and what is said of a wrong one. The only place
 * where a default value is written.
 */

import type { Socket } from 'socket.io';
import { describeValue } from './errors.js';
import { assertTicketOptions, type TicketOptions } from './ticket-options.js';
import type { RewriteRecord, SessionLock } from './types/session-lock.js';

/** Socket.IO's own handshake: the headers, query and `auth` with which a socket came. */
export type Handshake = Socket['handshake'];

/**
 * Decides about an `Origin` that is not the host's own.
 *
 * @param origin the `Origin` header, as the browser sent it
 * @param handshake the socket's handshake
 * @returns `true`, or a promise of it, where the origin may have a session
 */
export type OriginCheck = (origin: string, handshake: Handshake) => boolean | Promise<boolean>;

/** Where an error happened that nobody else hears of. */
export interface ErrorContext {
  /** The prototyped socket. */
  readonly socket: Socket;
  /** The name of the event, `'connection'`, `'authorization'` or `'sessionend'`. */
  readonly event: string | symbol;
}

/** All options of `ExpressionSocket`; every one may be left out. */
export interface ExpressionSocketOptions {
  /**
   * The name of the session cookie: what `express-session` calls `name`. Change it when you changed
   * it there.
   *
   * @default 'connect.sid'
   */
  readonly key?: string | undefined;

  /**
   * Whether `socket.on` (with `once`, `addListener`, `prependListener` and `prependOnceListener`)
   * hands over the session, as `sessOn` does. Leave it off where some events need no session: each
   * event with one costs a read of the store.
   *
   * @default false
   */
  readonly alwaysSession?: boolean | undefined;

  /**
   * Whether the library deals with errors by itself. Listeners then lose their first parameter and
   * are called with a session only: a client without one is disconnected; a store that is slow or
   * down drops the event, which is reported to `onError`, and leaves the client connected.
   *
   * @default false
   */
  readonly autoErrManager?: boolean | undefined;

  /**
   * Which origins may have a session besides the host's own and those that the server's
   * `cors.origin` names: a list of origins (`'https://app.example.com'`) and regular expressions, or a function.
   * `false` turns the check off; do so only where cookies are not what tells users apart.
   *
   * @default only the host's own, and those of the server's `cors.origin`
   */
  readonly origins?: readonly (string | RegExp)[] | OriginCheck | false | undefined;

  /**
   * Tells the session id of a handshake, in place of the signed cookie. Whoever gives it takes over
   * what the library checks about the cookie: never return an id that the client could have made up.
   *
   * @default the signed cookie named `key`
   */
  readonly sessionId?:
    | ((handshake: Handshake) => string | undefined | Promise<string | undefined>)
    | undefined;

  /**
   * The deadline of one call of the store, of the cookie parser, and of the answer of an
   * `authorization` listener, in milliseconds. Raise it for a store that is slow by nature.
   *
   * @default 5000
   */
  readonly storeTimeout?: number | undefined;

  /**
   * How many events of one socket may wait for their session before further ones get
   * `ERR_SESSION_OVERLOAD`; an event counts once, however many listeners it has. Bounds the memory
   * that a client can occupy while the store is slow.
   *
   * @default 1000
   */
  readonly maxPending?: number | undefined;

  /**
   * Reads many sessions in one call of the store, which then takes the place of `store.get`: all the
   * sessions that are wanted in one turn of the event loop. Give it where the store has such a call:
   * `MGET` of Redis (see `expression.socket.io/redis`), or `WHERE sid IN (…)` of SQL.
   *
   * It answers in the order of the ids: with the record, with `null` where there is no such session,
   * or with an `Error` where that one could not be read.
   *
   * @default each session is read by itself, with `store.get`
   */
  readonly readMany?:
    | ((sessionIds: readonly string[]) => Promise<readonly (object | null | undefined)[]>)
    | undefined;

  /**
   * Changes a record atomically, where the store has a way to: `save()` then loses and revives
   * nothing across processes either. `expression.socket.io/redis` gives it for Redis.
   *
   * @default the record is read again right before it is written: without a gap in one process
   */
  readonly rewrite?: RewriteRecord | undefined;

  /**
   * The lock that `update` takes. Give one that all processes share where several processes update
   * the sessions of one store: `expression.socket.io/redis` gives it for Redis.
   *
   * @default a lock in memory, shared by all who use the same store in this process
   */
  readonly lock?: SessionLock | undefined;

  /**
   * How long `update` waits for the lock before it fails with `ERR_SESSION_LOCK`, in milliseconds.
   * Keep it above the time after which a shared lock is free whose holder died.
   *
   * @default 20000
   */
  readonly lockTimeout?: number | undefined;

  /**
   * How often, in milliseconds, a session is touched in the store at most while its socket's events
   * come for `sessOn`: that keeps it from expiring, as requests do over HTTP. A session whose cookie lives
   * for less than twice of it is touched at half of its life. `false` leaves it to HTTP alone.
   *
   * @default 60000
   */
  readonly touch?: number | false | undefined;

  /**
   * What happens to the sockets of a session that has ended, by logout, login or time. They emit
   * `sessionend`; then they are disconnected, or, with `'ignore'`, left connected without a session.
   *
   * @default 'disconnect'
   */
  readonly onSessionEnd?: 'disconnect' | 'ignore' | undefined;

  /**
   * Lets clients without cookies in: those that show a ticket of `expressionIO.ticket()` as
   * `auth: { session: ticket }`, in place of the cookie. A ticket that is bad gives
   * `ERR_SESSION_TICKET`, whatever the cookie.
   *
   * @default off: `auth.session` is not looked at
   */
  readonly ticket?: TicketOptions | undefined;

  /**
   * Claims a name for all processes, for so many milliseconds: resolves to `true` for the first who
   * asks, and to `false` for everybody after. Give it for `ticket: { once: true }` where there are
   * several processes: see `expression.socket.io/redis`.
   *
   * @default names are claimed in the memory of this process
   */
  readonly claim?: ((name: string, milliseconds: number) => Promise<boolean>) | undefined;

  /**
   * Hears of every error that nobody else hears of: listeners that throw or reject, events that
   * `autoErrManager` dropped, saves that failed and were not awaited.
   *
   * @default listeners' errors are rethrown as Node.js would have them; failures of the store are a
   * process warning, once per kind
   */
  readonly onError?: ((error: unknown, context: ErrorContext) => void) | undefined;
}

/** The options with every default in its place. */
export interface ResolvedOptions {
  readonly key: string;
  readonly alwaysSession: boolean;
  readonly autoErrManager: boolean;
  readonly origins: readonly (string | RegExp)[] | OriginCheck | false;
  readonly sessionId: ExpressionSocketOptions['sessionId'];
  readonly storeTimeout: number;
  readonly maxPending: number;
  readonly readMany: ExpressionSocketOptions['readMany'];
  readonly rewrite: ExpressionSocketOptions['rewrite'];
  readonly lock: ExpressionSocketOptions['lock'];
  readonly lockTimeout: number;
  readonly touch: number | false;
  readonly onSessionEnd: 'disconnect' | 'ignore';
  readonly ticket: ExpressionSocketOptions['ticket'];
  readonly claim: ExpressionSocketOptions['claim'];
  readonly onError: ExpressionSocketOptions['onError'];
}

const defaults = {
  key: 'connect.sid',
  alwaysSession: false,
  autoErrManager: false,
  origins: [],
  sessionId: undefined,
  storeTimeout: 5_000,
  maxPending: 1_000,
  readMany: undefined,
  rewrite: undefined,
  lock: undefined,
  lockTimeout: 20_000,
  touch: 60_000,
  onSessionEnd: 'disconnect',
  ticket: undefined,
  claim: undefined,
  onError: undefined,
} satisfies ResolvedOptions;

/** The longest delay that a timer of Node.js can count: https://nodejs.org/api/timers.html */
const longestDelay = 2_147_483_647;

/** The names of all options. */
export const optionNames: readonly string[] = Object.keys(defaults);

/** What each option must be, in words and as a check. */
const rules: {
  readonly [Name in keyof ResolvedOptions]: readonly [string, (value: unknown) => boolean];
} = {
  key: ['the name of a cookie', (value) => typeof value === 'string' && value !== ''],
  alwaysSession: ['a boolean', isBoolean],
  autoErrManager: ['a boolean', isBoolean],
  origins: [
    "`false`, a function, or an array of regular expressions and origins such as 'https://app.example.com'",
    (value) =>
      value === false || isFunction(value) || (Array.isArray(value) && value.every(isOrigin)),
  ],
  sessionId: ['a function', isFunction],
  storeTimeout: [`milliseconds from 1 to ${longestDelay}`, isWholeNumberUpTo(longestDelay)],
  maxPending: ['a whole number from 1 on', isWholeNumberUpTo(Number.MAX_SAFE_INTEGER)],
  readMany: ['a function', isFunction],
  rewrite: ['a function', isFunction],
  lock: ['an object with a method `acquire`', isLock],
  lockTimeout: [`milliseconds from 1 to ${longestDelay}`, isWholeNumberUpTo(longestDelay)],
  touch: [
    '`false`, or milliseconds from 0 on',
    (value) => value === false || (Number.isFinite(value) && Number(value) >= 0),
  ],
  onSessionEnd: [
    "'disconnect' or 'ignore'",
    (value) => value === 'disconnect' || value === 'ignore',
  ],
  ticket: ['an object', isTicketOptions],
  claim: ['a function', isFunction],
  onError: ['a function', isFunction],
};

/**
 * Puts the defaults in place of what was left out.
 *
 * @throws {TypeError} which names the option, what was expected and what came
 */
export function resolveOptions(options: ExpressionSocketOptions | undefined): ResolvedOptions {
  if (options === undefined) return defaults;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`\`options\`: expected an object, got ${describeValue(options)}`);
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) checkOption(name, value);
  return { ...defaults, ...Object.fromEntries(given) };
}

function checkOption(name: string, value: unknown): void {
  if (!Object.hasOwn(rules, name)) {
    throw new TypeError(
      `Unknown option \`${name}\`; expected one of ${Object.keys(rules).join(', ')}`,
    );
  }
  const [expected, isRight] = rules[name as keyof ResolvedOptions];
  if (isRight(value)) return;
  throw new TypeError(`\`${name}\`: expected ${expected}, got ${showOption(value)}`);
}

/** Options are the programmer's own words, and no secrets: short ones may be repeated as they are. */
function showOption(value: unknown): string {
  if (Array.isArray(value)) {
    const wrong = value.filter((one) => !isOrigin(one)).map(showOption);
    return `an array with ${wrong.join(', ')}`;
  }
  if (typeof value === 'string' && value.length <= 60) return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return describeValue(value);
}

/** Says more of what is wrong than a rule does, and less of the value, where there may be a secret. */
function isTicketOptions(value: unknown): boolean {
  assertTicketOptions(value);
  return true;
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isWholeNumberUpTo(limit: number): (value: unknown) => boolean {
  return (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= limit;
}

function isLock(value: unknown): boolean {
  return isFunction(Reflect.get(Object(value), 'acquire'));
}

/** An origin as browsers write it: scheme, host and port, and no slash at the end. */
function isOrigin(value: unknown): boolean {
  if (value instanceof RegExp) return true;
  if (typeof value !== 'string' || !/^[a-z][a-z\d+.-]*:\/\/[^/?#@\s*]+$/i.test(value)) return false;
  return URL.canParse(value);
}
