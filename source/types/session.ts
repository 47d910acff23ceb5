/**
 * @module The session that a listener holds, as `express-session` has it and a socket needs it.
 */

import type { Session, SessionData } from 'express-session';
import type { SessionError } from '../errors.js';

/** Hears how an operation on the session went: the error, or null or nothing where it worked. */
export type SessionCallback = (error?: SessionError | null) => void;

/** The methods of a session in a socket: those of `express-session`, which also give promises. */
export interface SocketSessionMethods {
  /**
   * Saves what the listener changed; without it, nothing is saved.
   *
   * Top-level keys that others changed meanwhile, and the listener did not, stay as they are; of two
   * who change the same key, the later one wins (`update` loses neither). A session that has ended
   * meanwhile stays so. What changes after the call is for the next one.
   *
   * @returns the session where a callback is given, and otherwise a promise, which may be ignored:
   * an ignored failure goes to `onError`
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
   * Reads the session again, in place; changes that were not saved are lost.
   *
   * @returns the session where a callback is given, and otherwise a promise
   * @throws {SessionError} `ERR_SESSION_NOT_FOUND` where it ended meanwhile
   */
  reload(callback: SessionCallback): this;
  reload(): Promise<void>;

  /**
   * Logs out: removes the session from the store, and ends its sockets on every node.
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

  /**
   * Changes the session atomically: takes its lock, reads it fresh, calls `change` with it, saves it,
   * and releases the lock; so nothing that others do by `update` is lost. Change the session that
   * `change` is given; the one in hand shows the result afterwards.
   *
   * Within `change`, `save()` works as ever; another `update` of the session that `change` was given
   * is a part of this one.
   *
   * @param change may be asynchronous; the lock is held as long as it works
   * @returns what `change` returned; the promise may be ignored: an ignored failure goes to `onError`
   * @throws {SessionError} `ERR_SESSION_ENDED` where the session has ended meanwhile,
   * `ERR_SESSION_LOCK` where its lock could not be acquired in time or was lost, `ERR_SESSION_STORE`,
   * `ERR_SESSION_STORE_TIMEOUT`; and whatever `change` throws, and then nothing is saved
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

  /** Sets the remaining time of the session's cookie back to `cookie.originalMaxAge`. */
  resetMaxAge(): this;

  /** The same as `resetMaxAge`; writes nothing to the store. The option `touch` does. */
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

/** Changes the session that it is given. */
export type SessionChange<Result> = (session: SocketSession) => Result | Promise<Result>;

/** Why a session is over: logout, login (which gives a new session), or time. */
export type SessionEndReason = 'destroyed' | 'regenerated' | 'expired';

/** What `update` needs of a request: that it has passed through `session()` of `express-session`. */
export interface SessionRequest {
  readonly sessionID: string;
  readonly session: { save(callback: (error?: unknown) => void): unknown };
}
