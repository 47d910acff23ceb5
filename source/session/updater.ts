/**
 * @module The atomic read-modify-write: a session is read, changed and saved under its lock.
 */

import { describeValue } from '../errors.js';
import { trace } from '../tracing.js';
import type { SessionChange, SocketSession } from '../types/session.js';
import type { OpenSession } from './held-session.js';
import type { AcquiredLock, SessionLocks } from './locks.js';
import type { SessionRecord } from './record.js';
import { Snapshot } from './snapshot.js';
import type { Saved, SessionWriter } from './writer.js';

/** Opens a session on what was read under the lock. */
export type OpenSnapshot = (snapshot: Snapshot) => SocketSession;

/** What an update works on. */
export interface UpdateTarget {
  readonly sessionId: string;
  readonly open: OpenSnapshot;
  /** The record to begin with where the store has none: that of a visitor's new session. */
  readonly newRecord?: SessionRecord | undefined;
}

/** What an update did. */
export interface Updated<Result> {
  readonly result: Result;
  readonly saved: Saved;
}

/** Updates sessions. */
export class SessionUpdater {
  readonly #locks: SessionLocks;
  readonly #writer: SessionWriter;

  constructor(locks: SessionLocks, writer: SessionWriter) {
    this.#locks = locks;
    this.#writer = writer;
  }

  /**
   * Updates a session.
   *
   * @throws what `change` threw, and then nothing is saved; or `ERR_SESSION_ENDED`,
   * `ERR_SESSION_LOCK`, `ERR_SESSION_OVERLOAD`, `ERR_SESSION_STORE`, `ERR_SESSION_STORE_TIMEOUT`
   */
  async update<Result>(
    change: SessionChange<Result>,
    { sessionId, open, newRecord }: UpdateTarget,
  ): Promise<Updated<Result>> {
    if (typeof change !== 'function') {
      throw new TypeError(`\`update\`: expected a function, got ${describeValue(change)}`);
    }
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
      const session = open(await this.#writer.readForWrite(sessionId, newRecord));
      // What was opened has what it was opened with.
      const opened = session as unknown as OpenSession;
      const result = await whileUpdating(opened, () => change(session));
      const saved = await this.#writer.save(opened, lock.shared);
      isSaved = true;
      return { result, saved };
    } finally {
      // After a failure nobody waits for what may be out of reach.
      const released = lock.release();
      if (isSaved) await released;
    }
  }

  /**
   * Updates the session that somebody holds, and shows the result in it. What the holder changed and
   * did not save, or saved meanwhile, stays.
   */
  async updateHeld(
    session: OpenSession,
    change: SessionChange<unknown>,
    open: OpenSnapshot,
  ): Promise<unknown> {
    const { req: held } = session;
    // Within an update of its own, the lock is held, and the saving still to come.
    if (held.isUpdating) return change(session as unknown as SocketSession);
    const newRecord = held.snapshot.isNew ? held.snapshot.record : undefined;
    const {
      result: { result, saved },
      saved: savedMeanwhile,
    } = await held.during(() =>
      this.update(change, { sessionId: held.sessionID, open, newRecord }),
    );
    const mine = new Set([...held.unsavedKeys, ...savedMeanwhile]);
    const kept = [...mine].filter((key) => !saved.changes.has(key));
    held.replace(new Snapshot(saved.record), kept);
    held.endSave(saved.changes.keys(), true);
    return result;
  }
}

/** Lets the session know that an update of it is under way. */
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
