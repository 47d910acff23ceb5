/**
 * @module What stands between a session and the store: where `Session` of `express-session` would
 * call the store, it calls this. Knows reading and writing; must not know sockets.
 */

import type { SessionData } from 'express-session';
import { SessionError } from '../errors.js';
import type { SessionReader } from './reader.js';
import type { SessionMaker } from './session-maker.js';
import type { StoreCalls } from './store-calls.js';

type Callback = (error?: unknown) => void;

/** Guards the store from a session: its methods are what `Session` calls on `sessionStore`. */
export class SessionGuard {
  readonly #calls: StoreCalls;
  readonly #reader: SessionReader;
  readonly #maker: SessionMaker;

  constructor(calls: StoreCalls, reader: SessionReader, maker: SessionMaker) {
    this.#calls = calls;
    this.#reader = reader;
    this.#maker = maker;
  }

  set(sessionId: string, session: SessionData, callback: Callback): void {
    tell(this.#calls.set(sessionId, session), callback);
  }

  destroy(sessionId: string, callback: Callback): void {
    tell(this.#calls.destroy(sessionId), callback);
  }

  regenerate(_request: object, callback: Callback): void {
    const error = new SessionError(
      'ERR_SESSION_REGENERATE',
      'A socket cannot regenerate its session, for it cannot set a cookie: log in over HTTP',
    );
    tell(Promise.reject(error), callback);
  }

  /** Reads a session again, and shows it in the object that the listener holds. */
  reload(sessionId: string, held: object, callback: Callback): void {
    tell(this.#reload(sessionId, held), callback);
  }

  async #reload(sessionId: string, held: object): Promise<void> {
    const { record, error } = await this.#reader.read(sessionId);
    if (error) throw error;
    const session = this.#maker.open({ sessionID: sessionId }, record);
    if (session instanceof SessionError) throw session;
    for (const key of Object.keys(held)) Reflect.deleteProperty(held, key);
    Object.assign(held, session);
  }
}

/** Calls back outside of every promise, so that what a callback throws is not taken for a failure. */
function tell(task: Promise<unknown>, callback: Callback): void {
  task.then(
    () => process.nextTick(callback, null),
    (error: unknown) => process.nextTick(callback, error),
  );
}
