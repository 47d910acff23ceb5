/**
 * @module The atomic read-modify-write: a session is read, changed and saved under its lock. Knows
 * the order of these; must not know how any of them is done.
 */

import { describeValue, SessionError } from '../errors.js';
import type { SessionChange, SocketSession } from '../types.js';
import { recordOf, type SessionRecord, withChanges } from './record.js';
import type { SessionLocks } from './session-locks.js';
import type { OpenSession } from './session-request.js';
import { showIn } from './session-showing.js';
import type { Saved, SessionWriter } from './session-writer.js';

/** Opens a session on a record that was read under the lock. */
type Open = (record: SessionRecord) => SocketSession | SessionError;

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
   * @returns what `change` returned
   * @throws what `change` threw, and then nothing is saved; or `ERR_SESSION_ENDED`,
   * `ERR_SESSION_LOCK`, `ERR_SESSION_STORE`, `ERR_SESSION_STORE_TIMEOUT`
   */
  async update<Result>(
    change: SessionChange<Result>,
    terms: { readonly sessionId: string; readonly open: Open },
  ): Promise<Result> {
    const { result } = await this.#update(change, terms);
    return result;
  }

  /** Updates the session that somebody holds, and shows the result in it. */
  async updateHeld(
    held: OpenSession,
    change: SessionChange<unknown>,
    open: Open,
  ): Promise<unknown> {
    const { req: request } = held;
    // Within an update of its own, the lock is held, and the saving still to come.
    if (request.isUpdating) return change(held as unknown as SocketSession);
    const { sessionID: sessionId, record: before } = request;
    const { result, saved } = await this.#update(change, { sessionId, open });
    this.#show(held, saved, before);
    return result;
  }

  /**
   * Shows the result of an update in the session in hand. What the listener changed in that itself,
   * since the record before the update, it keeps: saved meanwhile, or yet to be.
   */
  #show(held: OpenSession, { record, changes }: Saved, before: SessionRecord): void {
    const { req: request } = held;
    const changed = this.#writer.changesOf(request.sessionID, before, recordOf(held));
    const isKept = (key: string): boolean =>
      !changes.has(key) && (changed.has(key) || request.unwritten.has(key));
    const taken = this.#writer.changesOf(request.sessionID, before, recordOf(request.record));
    showIn(held, this.#writer.made(request.sessionID, record), isKept);
    request.record = withChanges(record, new Map([...taken].filter(([key]) => isKept(key))));
    request.settle(changes.keys(), true);
  }

  async #update<Result>(
    change: SessionChange<Result>,
    { sessionId, open }: { readonly sessionId: string; readonly open: Open },
  ): Promise<{ readonly result: Result; readonly saved: Saved }> {
    if (typeof change !== 'function') {
      throw new TypeError(`\`update\`: expected a function, got ${describeValue(change)}`);
    }
    const hold = await this.#locks.acquire(sessionId);
    try {
      const session = open(await this.#writer.look(sessionId));
      if (session instanceof SessionError) throw session;
      // What was opened has the request that it was opened with.
      const opened = session as unknown as OpenSession;
      const result = await within(opened, () => change(session));
      return { result, saved: await this.#writer.save(opened, hold.shared) };
    } finally {
      await hold.release();
    }
  }
}

/** Lets the session know that an update of it is under way. */
async function within<Result>(
  { req: request }: OpenSession,
  task: () => Result | Promise<Result>,
): Promise<Result> {
  request.isUpdating = true;
  try {
    return await task();
  } finally {
    request.isUpdating = false;
  }
}
