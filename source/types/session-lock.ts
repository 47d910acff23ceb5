/**
 * @module The lock of a session, as the option `lock` takes it.
 */

/** A lock that was acquired. */
export interface HeldLock {
  /** Gives the lock back. Called once, whether the work succeeded or failed. */
  release(): Promise<void>;

  /**
   * Is aborted when the lock is lost while it is held: its time ran out, or its keeper forgot it.
   * What it guarded is then not saved, and the update ends with `ERR_SESSION_LOCK`.
   */
  readonly lost?: AbortSignal | undefined;
}

/**
 * Lets one at a time update a session, over everything that shares the lock.
 *
 * @example
 * // Any lock of your database does, such as the advisory locks of PostgreSQL.
 * const lock: SessionLock = {
 *   acquire: async (sessionId, { signal }) => {
 *     const held = await myLocks.lock(`session:${sessionId}`, { signal });
 *     return { release: () => held.unlock() };
 *   },
 * };
 */
export interface SessionLock {
  /**
   * Waits for the lock of a session.
   *
   * @param sessionId which session
   * @param terms `signal` is aborted when nobody wants the lock any more: waiting must end, and a
   * lock that was acquired all the same is released at once
   */
  acquire(sessionId: string, terms: { readonly signal: AbortSignal }): Promise<HeldLock>;
}

/**
 * Makes of the record that is stored the one to store in its place.
 *
 * @param record what the store holds, or null where it has no such session
 * @returns what to write, or nothing where all may stay as it is
 */
export type RecordChange = (record: object | null) => object | undefined;

/**
 * Changes a record atomically: reads it, asks `change` for the next one, and writes that only if the
 * record is still what was read; otherwise it begins anew. Never shortens the time that the session
 * has left in the store, unless `cookie.originalMaxAge` changed.
 *
 * @param sessionId which session
 * @param change may be called several times; what it throws is passed on, and nothing is written
 * @param terms `lock`: written only as long as this lock is held
 */
export type RewriteRecord = (
  sessionId: string,
  change: RecordChange,
  terms: { readonly lock: HeldLock | undefined },
) => Promise<void>;
