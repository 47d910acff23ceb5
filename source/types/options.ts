/**
 * @module The options: what each does, its default, and when to change it.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'socket.io';

/** Socket.IO's handshake: the headers, query and `auth` that a socket connected with. */
export type Handshake = Socket['handshake'];

/** Decides whether a foreign `Origin` may have a session: only if it returns or resolves to `true`. */
export type OriginCheck = (origin: string, handshake: Handshake) => boolean | Promise<boolean>;

/** Where an error happened that is passed to `onError`. */
export interface ErrorContext {
  /** The prototyped socket; undefined for an HTTP request or a job. */
  readonly socket?: Socket | undefined;
  /**
   * The name of the event; or `'handshake'`, `'authorization'`, `'connection'`, `'sessionend'`,
   * `'http'` for a request, or `'cluster'` for a message to other nodes that could not be sent.
   */
  readonly event: string | symbol;
}

/** The options of `ExpressionSocket`, all of them optional. */
export interface ExpressionSocketOptions {
  /**
   * The name of the session cookie: the same as the option `name` of `express-session`.
   *
   * @default 'connect.sid'
   */
  readonly key?: string | undefined;

  /**
   * Whether `socket.on` (with `once`, `addListener`, `prependListener` and `prependOnceListener`)
   * passes the session to listeners, as `sessOn` does. Leave it off if some events need no session:
   * each event with a session costs a read of the store.
   *
   * @default false
   */
  readonly alwaysSession?: boolean | undefined;

  /**
   * Whether the library handles errors itself. Listeners then have no first parameter `err` and are
   * called only with a session: a client without one is disconnected; if the store is slow or down,
   * the event is dropped and reported to `onError`, and the client stays connected.
   *
   * @default false
   */
  readonly autoErrManager?: boolean | undefined;

  /**
   * Which origins may have a session besides the host's own and those that the server's
   * `cors.origin` names: a list of origins (`'https://app.example.com'`) and regular expressions, or a
   * function. `false` turns the check off; do so only if users are not identified by cookies.
   *
   * @default only the host's own, and those of the server's `cors.origin`
   */
  readonly origins?: readonly (string | RegExp)[] | OriginCheck | false | undefined;

  /**
   * Whether the host that an origin is compared with is taken from `X-Forwarded-Host`, if a proxy
   * sets it. Like `app.set('trust proxy', …)` in Express, turn it on only if every request comes
   * through a proxy that changes the `Host` header and sets or removes this one: a browser cannot
   * forge it, but everything that the proxy lets through is trusted.
   *
   * @default false
   */
  readonly trustProxy?: boolean | undefined;

  /**
   * Returns the session id of a handshake, in place of the signed cookie. It replaces the library's
   * checks of the cookie, so it must never return an id that the client could have made up.
   *
   * @default the signed cookie named `key`
   */
  readonly sessionId?:
    | ((handshake: Handshake) => string | undefined | Promise<string | undefined>)
    | undefined;

  /**
   * The deadline of one call of the store, of the cookie parser, and of the answer of an
   * `authorization` listener, in milliseconds. Raise it for a store that is always slow.
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
   * Reads many sessions in one call in place of `store.get`: all those that are needed in one turn of
   * the event loop. Use it if the store can; `expression.socket.io/redis` and `/postgres` provide it.
   *
   * It resolves, in the order of the ids, to the record as an object or as JSON text, to `null` if
   * there is no such session, or to an `Error` if that session could not be read. A text is not parsed
   * again while it stays the same: see `recordCacheSize`.
   *
   * @default each session is read separately, with `store.get`
   */
  readonly readMany?:
    | ((sessionIds: readonly string[]) => Promise<readonly (object | string | null | undefined)[]>)
    | undefined;

  /**
   * Changes a record atomically, so that `save()` loses and revives nothing across processes either.
   * Use it if the store can; `expression.socket.io/redis` and `/postgres` provide it.
   *
   * @default the record is read again right before it is written, which is safe within one process
   */
  readonly rewrite?: RewriteRecord | undefined;

  /**
   * The lock that `update` takes. If several processes update the sessions of one store, use a lock
   * that they share; `expression.socket.io/redis` and `/postgres` provide it.
   *
   * @default a lock in memory, shared by all users of the same store in this process
   */
  readonly lock?: SessionLock | undefined;

  /**
   * How long `update` waits for the lock before it fails with `ERR_SESSION_LOCK`, in milliseconds.
   * Keep it above the time after which a shared lock expires if its holder has died.
   *
   * @default 20000
   */
  readonly lockTimeout?: number | undefined;

  /**
   * How many characters of serialised records are cached together with the parsed records, if
   * `readMany` returns text: a record that has not changed is not parsed again. Each is cached as long
   * as its session has sockets, the least recently used being dropped first. Parsed records take
   * several times as much memory as their text. `0` turns the cache off.
   *
   * @default 16000000
   */
  readonly recordCacheSize?: number | undefined;

  /**
   * Whether HTTP requests save differences: of a session that `express-session` has loaded, only the
   * top-level keys that the request has changed are written to what the store has by then, and a
   * session that has ended meanwhile is not revived. Each write of a request costs a read of the store,
   * or none with `rewrite`. With `false`, requests write whole sessions, as `express-session` does, and
   * so overwrite what has been saved elsewhere meanwhile.
   *
   * @default true
   */
  readonly mergeHttpWrites?: boolean | undefined;

  /**
   * The shortest interval, in milliseconds, at which events for `sessOn` touch their session in the
   * store, which keeps it from expiring, as HTTP requests do. A session whose cookie lives for less than
   * twice this time is touched after half of its lifetime. With `false`, only HTTP requests touch it.
   *
   * @default 60000
   */
  readonly touch?: number | false | undefined;

  /**
   * What happens to the sockets of a session that has ended by logout, login or expiry. They emit
   * `sessionend`; then they are disconnected or, with `'ignore'`, stay connected without a session.
   *
   * @default 'disconnect'
   */
  readonly onSessionEnd?: 'disconnect' | 'ignore' | undefined;

  /**
   * Accepts tickets of `expressionIO.ticket()` in place of the cookie, for clients that have no cookies
   * and send `auth: { session: ticket }`. An invalid ticket gives `ERR_SESSION_TICKET`, even if there is
   * a valid cookie.
   *
   * @default off: `auth.session` is ignored
   */
  readonly ticket?: TicketOptions | undefined;

  /**
   * Claims a name for all processes, for a number of milliseconds: resolves to `true` for the first
   * call and to `false` for all later ones. Use it with `ticket: { once: true }` if there are several
   * processes: see `expression.socket.io/redis`.
   *
   * @default names are claimed in the memory of this process
   */
  readonly claim?: ((name: string, milliseconds: number) => Promise<boolean>) | undefined;

  /**
   * Called with every error that no listener gets: of listeners that throw or reject, of events that
   * `autoErrManager` dropped, and of saves that failed and were not awaited.
   *
   * @default errors of listeners are rethrown, as Node.js does; failures of the store are a process
   * warning, once per kind
   */
  readonly onError?: ((error: unknown, context: ErrorContext) => void) | undefined;

  /**
   * Whether `onError` is also called with the reason why a client has no session or is refused: once
   * per socket, with the event `'handshake'` or `'authorization'`. Turn it on to find out what is wrong.
   * It reports every visitor who is not logged in, so it is rarely useful in production.
   *
   * @default false
   */
  readonly reportRefusals?: boolean | undefined;
}

/** How tickets are made and accepted. All options are optional. */
export interface TicketOptions {
  /**
   * The secret that tickets are encrypted with, or several, of which the first encrypts and all
   * decrypt, so that secrets can be replaced. Set it if processes share sessions but no cookie secret,
   * or if the cookie parser does not set `request.secret`.
   *
   * @default the `request.secret` that the cookie parser sets, as `cookie-parser` does
   */
  readonly secret?: string | readonly string[] | undefined;

  /**
   * How long a ticket is valid, in milliseconds. A client fetches one right before it connects, so
   * there is little reason to raise it.
   *
   * @default 60000
   */
  readonly lifetime?: number | undefined;

  /**
   * Whether each ticket is accepted only once: by one connection, for all of its namespaces. Other
   * processes accept it again, unless the option `claim` is set.
   *
   * @default false
   */
  readonly once?: boolean | undefined;
}

/** A lock that was acquired. */
export interface HeldLock {
  /** Releases the lock. Called once, whether the update succeeded or failed. */
  release(): Promise<void>;

  /**
   * Aborted if the lock is lost while it is held: it has expired, or the server has lost it. The
   * update then saves nothing and fails with `ERR_SESSION_LOCK`.
   */
  readonly lost?: AbortSignal | undefined;
}

/**
 * Lets only one update of a session run at a time, in all processes that share the lock.
 *
 * @example
 * // Any lock of your database will do, such as the advisory locks of PostgreSQL.
 * const lock: SessionLock = {
 *   acquire: async (sessionId, { signal }) => {
 *     const held = await myLocks.lock(`session:${sessionId}`, { signal });
 *     return { release: () => held.unlock() };
 *   },
 * };
 */
export interface SessionLock {
  /**
   * Waits for the lock of a session.
   *
   * @param options `signal` is aborted when the lock is no longer wanted: stop waiting then, and
   * release the lock if it is acquired nevertheless
   */
  acquire(sessionId: string, options: { readonly signal: AbortSignal }): Promise<HeldLock>;
}

/**
 * Makes the new record from the stored one, which is null if there is no such session. With undefined,
 * nothing is written.
 */
export type RecordChange = (record: object | null) => object | undefined;

/**
 * Changes a record atomically: reads it, calls `change` with it, and writes the result only if the
 * record is still the one that was read; otherwise it starts again. Never shortens the time that the
 * session has left in the store, unless `cookie.originalMaxAge` has changed.
 *
 * @param change may be called several times; what it throws is passed on, and nothing is written
 * @param options `lock`: writes only while this lock is held
 */
export type RewriteRecord = (
  sessionId: string,
  change: RecordChange,
  options: { readonly lock: HeldLock | undefined },
) => Promise<void>;

/**
 * Any Connect middleware that sets `request.signedCookies`, such as that of `cookie-parser`.
 *
 * @example
 * new ExpressionSocket(io, store, cookieParser('keyboard cat'));
 */
export type CookieParser = {
  // The type of a method, because only a method may require a narrower request, such as Express's.
  parse(req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): unknown;
}['parse'];
