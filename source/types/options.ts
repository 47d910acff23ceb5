/**
 * @module The options as users write them, each with what it does, its default, and when to change
 * it.
 */

import type { Socket } from 'socket.io';
import type { RewriteRecord, SessionLock } from './session-lock.js';

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
  /** The prototyped socket; none where an HTTP request or a job is concerned. */
  readonly socket?: Socket | undefined;
  /**
   * The name of the event; or `'handshake'`, `'authorization'`, `'connection'`, `'sessionend'`, or
   * `'http'` for a request.
   */
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
   * Whether the host that an origin is compared with is taken from `X-Forwarded-Host`, where a
   * proxy sets it. Turn it on, as `app.set('trust proxy', …)` in Express, where every request comes
   * through a proxy that changes the `Host` header and sets or removes this one: a browser cannot
   * forge it, but whatever the proxy lets through is believed.
   *
   * @default false
   */
  readonly trustProxy?: boolean | undefined;

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
   * `expression.socket.io/redis` and `expression.socket.io/postgres` give it.
   *
   * It answers in the order of the ids: with the record, as an object or as JSON text, with `null`
   * where there is no such session, or with an `Error` where that one could not be read. A text is not
   * parsed again while it stays the same: see `recordCacheSize`.
   *
   * @default each session is read by itself, with `store.get`
   */
  readonly readMany?:
    | ((sessionIds: readonly string[]) => Promise<readonly (object | string | null | undefined)[]>)
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
   * How many characters of serialised records are kept with what they were parsed to, where
   * `readMany` gives records as text: one that has not changed is not parsed again. Each is kept as
   * long as sockets of its session are there, the least recently used going first; the parsed records
   * take some times as much memory. `0` keeps none.
   *
   * @default 16000000
   */
  readonly recordCacheSize?: number | undefined;

  /**
   * Whether HTTP requests save differences: of a session that `express-session` has loaded, only the
   * top-level keys that the request has changed are written, over what the store has by then; and a
   * session that has ended meanwhile is not revived. It costs a read of the store, or with `rewrite`
   * none, for each write of a request. With `false`, requests write their sessions whole, as
   * `express-session` does, and so undo what others have saved meanwhile.
   *
   * @default true
   */
  readonly mergeHttpWrites?: boolean | undefined;

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

  /**
   * Whether `onError` also hears why a client has no session, or is refused: once for each socket,
   * with the event `'handshake'` or `'authorization'`. Turn it on to find out what is wrong; in
   * production, visitors who are not logged in are reported as well.
   *
   * @default false
   */
  readonly reportRefusals?: boolean | undefined;
}

/** How tickets are made and taken; every part may be left out. */
export interface TicketOptions {
  /**
   * What tickets are encrypted with: one secret, or several, of which the first encrypts and all
   * decrypt, so that secrets can be replaced. Give it where processes share sessions but no cookie
   * parser, or where the parser does not show its secret.
   *
   * @default the secret that the cookie parser leaves on the request, as `cookie-parser` does
   */
  readonly secret?: string | readonly string[] | undefined;

  /**
   * For how many milliseconds a ticket is good. A client fetches one right before it connects, so
   * there is little reason to raise it.
   *
   * @default 60000
   */
  readonly lifetime?: number | undefined;

  /**
   * Whether each ticket is accepted once only: by one connection, for all of its namespaces. Known
   * to this process alone, unless the option `claim` tells the others.
   *
   * @default false
   */
  readonly once?: boolean | undefined;
}
