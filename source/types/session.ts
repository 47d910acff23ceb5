/**
 * @module The types of the session that listeners get.
 */

import type { Session, SessionData } from 'express-session';
import type { SessionError } from '../errors.js';

/** Called once an operation on the session has finished: with the error, if it failed. */
export type SessionCallback = (error?: SessionError | null) => void;

/** The methods of a session in a socket: those of `express-session`, also with promises, and `update`. */
export interface SocketSessionMethods {
  /**
   * Saves what the listener has changed. Nothing is saved unless it is called.
   *
   * Top-level keys that were changed elsewhere meanwhile, and not by the listener, are kept; if both
   * changed the same key, the later save wins (`update` loses neither). A session that has ended
   * meanwhile is not revived. Changes after the call need another one.
   *
   * @returns the session if a callback is given, or else a promise, which may be ignored: an ignored
   * failure goes to `onError`
   * @throws {SessionError} through the callback or the promise: `ERR_SESSION_ENDED`,
   * `ERR_SESSION_STORE`, `ERR_SESSION_STORE_TIMEOUT`
   *
   * @example
   * socket.sessOn('vote', async (err, session, option) => {
   *   if (err) return;
   *   session.vote = option;
   *   await session.save();
   * });
   */
  save(callback: SessionCallback): this;
  save(): Promise<void>;

  /**
   * Reads the session again, in place. Changes that were not saved are lost.
   *
   * @returns the session if a callback is given, or else a promise
   * @throws {SessionError} `ERR_SESSION_NOT_FOUND` if it has ended meanwhile
   */
  reload(callback: SessionCallback): this;
  reload(): Promise<void>;

  /**
   * Logs out: removes the session from the store, and ends its sockets on every node.
   *
   * @returns the session if a callback is given, or else a promise
   * @throws {SessionError} through the callback or the promise, if the store fails
   */
  destroy(callback: SessionCallback): this;
  destroy(): Promise<void>;

  /**
   * Always fails: a new session needs a new cookie, which a socket cannot set. Log in over HTTP.
   *
   * @throws {SessionError} `ERR_SESSION_REGENERATE`
   */
  regenerate(callback: SessionCallback): this;
  regenerate(): Promise<never>;

  /**
   * Changes the session atomically: acquires its lock, reads it, calls `change` with it, saves it, and
   * releases the lock, so that concurrent updates are not lost. `change` must change the session that
   * it is given; this session shows the result afterwards.
   *
   * Within `change`, `save()` works as usual, and another `update` of the session that `change` was
   * given is part of this one.
   *
   * @param change may be asynchronous; the lock is held while it runs
   * @returns what `change` returned; the promise may be ignored: an ignored failure goes to `onError`
   * @throws {SessionError} `ERR_SESSION_ENDED` if the session has ended meanwhile, `ERR_SESSION_LOCK`
   * if its lock could not be acquired in time or was lost, `ERR_SESSION_STORE`,
   * `ERR_SESSION_STORE_TIMEOUT`; and any error that `change` throws, in which case nothing is saved
   *
   * @example
   * socket.sessOn('vote', async (err, session, ack) => {
   *   if (err) return ack(err.code);
   *   ack(await session.update((fresh) => {
   *     fresh.votes = (fresh.votes ?? 0) + 1;
   *     return fresh.votes;
   *   }));
   * });
   */
  update<Result>(change: SessionChange<Result>): Promise<Result>;

  /** Resets the remaining time of the session's cookie to `cookie.originalMaxAge`. */
  resetMaxAge(): this;

  /** The same as `resetMaxAge`; writes nothing to the store. The option `touch` does. */
  touch(): this;
}

/**
 * The session that listeners get: that of `express-session`, with your own fields, each of which may
 * be missing.
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

/** A function that changes the session that it is given. */
export type SessionChange<Result> = (session: SocketSession) => Result | Promise<Result>;

/** Why a session has ended: by logout, by login (which makes a new session), or by expiry. */
export type SessionEndReason = 'destroyed' | 'regenerated' | 'expired';

/** A request that has passed through `session()` of `express-session`, as `update` needs it. */
export interface SessionRequest {
  readonly session: {
    readonly id: string;
    save(callback: (error?: unknown) => void): unknown;
  };
}
