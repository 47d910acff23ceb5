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

/** Why a session is over: logout, login (which gives a new session), or time. */
export type SessionEndReason = 'destroyed' | 'regenerated' | 'expired';
