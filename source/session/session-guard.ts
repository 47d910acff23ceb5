/**
 * @module What stands between a session and the store: where `Session` of `express-session` would
 * call the store, it calls this. Knows who does what was asked for; must not know sockets.
 */

import { SessionError } from '../errors.js';
import type { SessionChange, SocketSession } from '../types.js';
import type { SessionReader } from './reader.js';
import type { SessionRecord } from './record.js';
import type { SessionMaker } from './session-maker.js';
import {
  type OpenSession,
  type SessionBackend,
  type SessionOwner,
  SessionRequest,
} from './session-request.js';
import { showIn } from './session-showing.js';
import type { SessionUpdater } from './session-updater.js';
import type { SessionWriter } from './session-writer.js';
import type { StoreCalls } from './store-calls.js';

type Callback = (error?: unknown) => void;

/** What it works with. */
export interface GuardServices {
  readonly calls: Pick<StoreCalls, 'destroy'>;
  readonly reader: Pick<SessionReader, 'read'>;
  readonly maker: SessionMaker;
  readonly writer: SessionWriter;
  readonly updater: SessionUpdater;
}

/** Opens sessions, and guards the store from them: some methods are what `Session` calls on `sessionStore`. */
export class SessionGuard implements SessionBackend {
  readonly #services: GuardServices;

  constructor(services: GuardServices) {
    this.#services = services;
  }

  /**
   * Opens a session of its own on a copy of a record.
   *
   * @param owner who is given the session
   * @returns the session, or `ERR_SESSION_STORE` where no session can be made of the record
   */
  open(
    sessionId: string,
    record: SessionRecord,
    owner: SessionOwner,
  ): SocketSession | SessionError {
    const request = new SessionRequest(sessionId, { guard: this, owner, record });
    // The prototype that `addSessionMethods` derives has the methods that the type adds.
    return this.#services.maker.open(request, record) as SocketSession | SessionError;
  }

  /** Updates the session with this id: reads, changes and saves it under its lock. */
  updateById<Result>(
    sessionId: string,
    change: SessionChange<Result>,
    owner: SessionOwner,
  ): Promise<Result> {
    return this.#services.updater.update(change, {
      sessionId,
      open: (record) => this.open(sessionId, record, owner),
    });
  }

  /** Updates the session that somebody holds, and shows the result in it. */
  update(held: OpenSession, change: SessionChange<unknown>): Promise<unknown> {
    const { sessionID, owner } = held.req;
    return this.#services.updater.updateHeld(held, change, (record) =>
      this.open(sessionID, record, owner),
    );
  }

  /** What `Session.save` calls. */
  set(_sessionId: string, session: OpenSession, callback: Callback): void {
    tell(this.#services.writer.save(session), callback);
  }

  destroy(sessionId: string, callback: Callback): void {
    tell(this.#services.calls.destroy(sessionId), callback);
  }

  regenerate(_request: object, callback: Callback): void {
    const error = new SessionError(
      'ERR_SESSION_REGENERATE',
      'A socket cannot regenerate its session, for it cannot set a cookie: log in over HTTP',
    );
    tell(Promise.reject(error), callback);
  }

  /** Reads a session again, and shows it in the object that the listener holds. */
  reload(held: OpenSession, callback: Callback): void {
    tell(this.#reload(held), callback);
  }

  async #reload(held: OpenSession): Promise<void> {
    const { req: request } = held;
    const { record, error } = await this.#services.reader.read(request.sessionID);
    if (error) throw error;
    const session = this.#services.maker.open({ sessionID: request.sessionID }, record);
    if (session instanceof SessionError) throw session;
    showIn(held, session);
    request.record = record;
    request.settle(request.unwritten, true);
  }
}

/** Calls back outside of every promise, so that what a callback throws is not taken for a failure. */
function tell(task: Promise<unknown>, callback: Callback): void {
  task.then(
    () => process.nextTick(callback, null),
    (error: unknown) => process.nextTick(callback, error),
  );
}
