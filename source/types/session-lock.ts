/**
 * @module The types of the options `lock` and `rewrite`.
 */

/** A lock that was acquired. */
export interface HeldLock {
  /** Releases the lock. Called once, whether the update succeeded or failed. */
  release(): Promise<void>;

  /**
   * Aborted if the lock is lost while it is held: it has expired, or the server has lost it. The
   * update then saves nothing and fails with `ERR_SESSION_LOCK`.
   */
  readonly lost?: AbortSignal | undefined;
}

/**
 * Lets only one update of a session run at a time, in all processes that share the lock.
 *
 * @example
 * // Any lock of your database will do, such as the advisory locks of PostgreSQL.
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
   * @param sessionId the session's id
   * @param options `signal` is aborted when the lock is no longer wanted: waiting must end, and a lock
   * that is acquired nevertheless is released at once
   */
  acquire(sessionId: string, options: { readonly signal: AbortSignal }): Promise<HeldLock>;
}

/**
 * Makes the new record from the stored one.
 *
 * @param record the stored record, or null if there is no such session
 * @returns the record to write, or undefined to leave it as it is
 */
export type RecordChange = (record: object | null) => object | undefined;

/**
 * Changes a record atomically: reads it, calls `change` with it, and writes the result only if the
 * record is still the one that was read; otherwise it starts again. Never shortens the time that the
 * session has left in the store, unless `cookie.originalMaxAge` has changed.
 *
 * @param sessionId the session's id
 * @param change may be called several times; what it throws is passed on, and nothing is written
 * @param options `lock`: writes only while this lock is held
 */
export type RewriteRecord = (
  sessionId: string,
  change: RecordChange,
  options: { readonly lock: HeldLock | undefined },
) => Promise<void>;
