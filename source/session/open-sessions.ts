/**
 * @module Opens sessions for listeners and jobs, and does what their methods ask for: `Session` of
 * express-session calls `req.sessionStore`, which is an `OpenSessions` in place of the store.
 */

import { trace } from '../diagnostics.js';
import { SessionError } from '../errors.js';
import type { SessionChange, SocketSession } from '../types/session.js';
import {
  HeldSession,
  type OpenSession,
  type SessionOwner,
  type SessionStore,
} from './held-session.js';
import { callBack } from './hooked-method.js';
import type { SessionReader } from './reader.js';
import { SessionChanges } from './session-changes.js';
import type { SessionFactory } from './session-factory.js';
import type { Snapshot } from './snapshot.js';
import type { StoreWrites } from './store-writes.js';
import type { SessionUpdater } from './updater.js';
import type { SessionWriter } from './writer.js';

/** What open sessions work with. */
export interface OpenSessionsDependencies {
  readonly writes: StoreWrites;
  readonly reader: SessionReader;
  readonly writer: SessionWriter;
  readonly updater: SessionUpdater;
  readonly factory: SessionFactory;
}

type Callback = (error?: unknown) => void;

/** The sessions that listeners and jobs have. */
export class OpenSessions implements SessionStore {
  readonly #dependencies: OpenSessionsDependencies;

  constructor(dependencies: OpenSessionsDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Makes a session object for one owner.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` if no session can be made from the record
   */
  open(sessionId: string, snapshot: Snapshot, owner: SessionOwner): SocketSession {
    const { factory } = this.#dependencies;
    const held = new HeldSession(sessionId, snapshot, { store: this, owner, shape: factory });
    // Its prototype has the methods that the type adds.
    return factory.open(held) as SocketSession;
  }

  /** Saves a session. */
  set(_sessionId: string, session: OpenSession, callback: Callback): void {
    callBack(this.#dependencies.writer.save(session), callback);
  }

  destroy(sessionId: string, callback: Callback): void {
    callBack(this.#destroy(sessionId), callback);
  }

  regenerate(_request: object, callback: Callback): void {
    callBack(Promise.reject(cannotRegenerateError()), callback);
  }

  reload(session: OpenSession, callback: Callback): void {
    callBack(this.#reload(session), callback);
  }

  update(session: OpenSession, change: SessionChange<unknown>): Promise<unknown> {
    const { sessionID, owner } = session.req;
    return this.#dependencies.updater.updateHeld(session, change, (snapshot) =>
      this.open(sessionID, snapshot, owner),
    );
  }

  async #destroy(sessionId: string): Promise<void> {
    const { writes } = this.#dependencies;
    await trace(
      'write',
      () => ({ operation: 'destroy' }),
      () => writes.destroy(sessionId),
    );
  }

  /** Reads a session again, and shows it in the object that the listener holds. */
  async #reload({ req: held }: OpenSession): Promise<void> {
    const { reader, factory } = this.#dependencies;
    const { snapshot, error } = await reader.read(held.sessionID);
    if (error) throw error;
    const changes = SessionChanges.of(held);
    const before = held.snapshot;
    changes.rebase(snapshot);
    try {
      factory.fill(held);
    } catch (cause) {
      changes.rebase(before);
      throw cause;
    }
  }
}

function cannotRegenerateError(): SessionError {
  return new SessionError(
    'ERR_SESSION_REGENERATE',
    'A socket cannot regenerate its session, because it cannot set a cookie: log in over HTTP',
  );
}
