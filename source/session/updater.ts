/**
 * @module The atomic read-modify-write: a session is read, changed and saved under its lock.
 */

import { assertChange } from '../assertions.js';
import { trace } from '../diagnostics.js';
import type { SessionChange, SocketSession } from '../types/session.js';
import type { OpenSession } from './held-session.js';
import type { AcquiredLock, SessionLocks } from './locks.js';
import type { Saved, SessionRecord } from './record.js';
import type { RecordWriter } from './record-writer.js';
import { SessionChanges } from './session-changes.js';
import { Snapshot } from './snapshot.js';
import type { SessionWriter } from './writer.js';

/** Opens a session on what was read under the lock. */
export type OpenSnapshot = (snapshot: Snapshot) => SocketSession;

/** The session to update. */
export interface UpdateTarget {
  readonly sessionId: string;
  readonly open: OpenSnapshot;
  /** The record of a visitor's new session, which the store may not have yet. */
  readonly newRecord?: SessionRecord | undefined;
}

/** The result of an update. */
export interface Updated<Result> {
  readonly result: Result;
  readonly saved: Saved;
}

/** Updates sessions. */
export class SessionUpdater {
  readonly #locks: SessionLocks;
  readonly #records: RecordWriter;
  readonly #writer: SessionWriter;

  constructor(locks: SessionLocks, records: RecordWriter, writer: SessionWriter) {
    this.#locks = locks;
    this.#records = records;
    this.#writer = writer;
  }

  /**
   * Updates a session.
   *
   * @throws what `change` throws, in which case nothing is saved; or `ERR_SESSION_ENDED`,
   * `ERR_SESSION_LOCK`, `ERR_SESSION_OVERLOAD`, `ERR_SESSION_STORE`, `ERR_SESSION_STORE_TIMEOUT`
   */
  async update<Result>(
    change: SessionChange<Result>,
    { sessionId, open, newRecord }: UpdateTarget,
  ): Promise<Updated<Result>> {
    assertChange(change);
    return trace(
      'update',
      () => ({}),
      async (payload) => {
        const since = performance.now();
        const lock = await this.#locks.acquire(sessionId);
        if (payload) payload.waited = performance.now() - since;
        return this.#updateUnderLock(change, { sessionId, open, newRecord }, lock);
      },
    );
  }

  async #updateUnderLock<Result>(
    change: SessionChange<Result>,
    { sessionId, open, newRecord }: UpdateTarget,
    lock: AcquiredLock,
  ): Promise<Updated<Result>> {
    let isSaved = false;
    try {
      const session = open(await this.#records.readForWrite(sessionId, newRecord));
      // The types of users do not have the held session.
      const opened = session as unknown as OpenSession;
      const result = await whileUpdating(opened, () => change(session));
      const saved = await this.#writer.save(opened, lock.shared);
      isSaved = true;
      return { result, saved };
    } finally {
      // After a failure the database may be unreachable, so do not wait for the release.
      const released = lock.release();
      if (isSaved) await released;
    }
  }

  /**
   * Updates the session that a listener holds, and shows the result in it. Changes of the listener that
   * are unsaved, or were saved meanwhile, stay.
   */
  async updateHeld(
    session: OpenSession,
    change: SessionChange<unknown>,
    open: OpenSnapshot,
  ): Promise<unknown> {
    const { req: held } = session;
    // Within its own update, the lock is held already, and the save is still to come.
    if (held.isUpdating) return change(session as unknown as SocketSession);
    const changes = SessionChanges.of(held);
    const newRecord = held.snapshot.isNew ? held.snapshot.record : undefined;
    const { result: updated, savedKeys } = await changes.during(() =>
      this.update(change, { sessionId: held.sessionID, open, newRecord }),
    );
    const { result, saved } = updated;
    const changedHere = new Set([...changes.unsavedKeys, ...savedKeys]);
    const kept = [...changedHere].filter((key) => !saved.changes.has(key));
    changes.rebase(new Snapshot(saved.record), kept);
    return result;
  }
}

/** Marks a session while an update of it is running. */
async function whileUpdating<Result>(
  { req: held }: OpenSession,
  task: () => Result | Promise<Result>,
): Promise<Result> {
  held.isUpdating = true;
  try {
    return await task();
  } finally {
    held.isUpdating = false;
  }
}
