/**
 * @module The request behind a socket's session: what `express-session`'s own `Session` calls for
 * `save`, `reload`, `destroy` and `regenerate`. Knows reading and writing; must not know sockets.
 */

import type { SessionData } from 'express-session';
import { SessionError } from '../errors.js';
import type { SessionReader } from './reader.js';
import type { SessionRecord } from './record.js';
import type { SessionMaker } from './session-maker.js';
import type { StoreCalls } from './store-calls.js';

/** Told of a save, reload or destroy that failed while nobody listened. */
export type Report = (error: unknown) => void;

type Callback = (error?: unknown, value?: unknown) => void;

/** What guards the store from a session: its methods are what `Session` calls on `sessionStore`. */
export class SessionGuard {
  readonly #calls: StoreCalls;
  readonly #reader: SessionReader;
  readonly #maker: SessionMaker;

  constructor(calls: StoreCalls, reader: SessionReader, maker: SessionMaker) {
    this.#calls = calls;
    this.#reader = reader;
    this.#maker = maker;
  }

  get(sessionId: string, callback: Callback): void {
    const reading = this.#reader.read(sessionId).then(({ record, error }) => {
      if (error) throw error;
      return record;
    });
    tell(reading, callback);
  }

  set(sessionId: string, session: SessionData, callback: Callback): void {
    tell(this.#calls.set(sessionId, session), callback);
  }

  destroy(sessionId: string, callback: Callback): void {
    tell(this.#calls.destroy(sessionId), callback);
  }

  regenerate(_request: SessionRequest, callback: Callback): void {
    const error = new SessionError(
      'ERR_SESSION_REGENERATE',
      'A socket cannot regenerate its session, for it cannot set a cookie: log in over HTTP',
    );
    tell(Promise.reject(error), callback);
  }

  /** Shows a record in the session of a request: whoever called `reload` holds it in their hands. */
  createSession(request: SessionRequest, record: SessionRecord): void {
    const held = request.session;
    const session = this.#maker.make(request, record);
    if (held === undefined) return;
    for (const key of Object.keys(held)) Reflect.deleteProperty(held, key);
    request.session = Object.assign(held, session);
  }
}

/** Stands where an HTTP request stands in `express-session`. */
export class SessionRequest {
  readonly sessionID: string;
  readonly sessionStore: SessionGuard;
  readonly report: Report;
  session?: object;

  constructor(sessionId: string, guard: SessionGuard, report: Report) {
    this.sessionID = sessionId;
    this.sessionStore = guard;
    this.report = report;
  }
}

/** Calls back outside of every promise, so that what a callback throws is not taken for a failure. */
function tell(task: Promise<unknown>, callback: Callback): void {
  task.then(
    (value) => process.nextTick(callback, null, value),
    (error: unknown) => process.nextTick(callback, error),
  );
}
