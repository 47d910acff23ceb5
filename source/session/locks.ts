/**
 * @module The lock of a session, which an update holds. Updates in this process take turns first, so
 * that only one of them at a time asks for the lock that processes share.
 */

import { Deadlines } from '../deadlines.js';
import { SessionError } from '../errors.js';
import { type EndTurn, KeyedQueue, type QueueLimits } from '../keyed-queue.js';
import type { ResolvedOptions } from '../options.js';
import { redactError } from '../store-error.js';
import type { HeldLock, SessionLock } from '../types/options.js';
import { overloadError, writeLimits } from './write-turns.js';

/** A lock that is held. */
export interface AcquiredLock {
  /** The lock of the option `lock`, if it was given. */
  readonly shared: HeldLock | undefined;
  /** Resolves when the lock was released, or at the deadline. */
  release(): Promise<void>;
}

/** The turns of each store, which all updates of its sessions in this process take. */
const queues = new WeakMap<object, KeyedQueue>();

/** Locks sessions. */
export class SessionLocks {
  readonly #queue: KeyedQueue;
  readonly #limits: QueueLimits;
  readonly #shared: SessionLock | undefined;
  readonly #acquiring: Deadlines;
  readonly #releasing: Deadlines;

  /** @param store all that use the same store in this process share its locks */
  constructor(
    store: object,
    options: Pick<ResolvedOptions, 'lock' | 'lockTimeout' | 'storeTimeout' | 'maxPending'>,
  ) {
    this.#queue = queues.get(store) ?? new KeyedQueue();
    queues.set(store, this.#queue);
    this.#limits = writeLimits(options.maxPending);
    this.#shared = options.lock;
    this.#acquiring = new Deadlines(options.lockTimeout);
    this.#releasing = new Deadlines(options.storeTimeout);
  }

  /**
   * Waits for the lock of a session, and holds it until it is released.
   *
   * @throws {SessionError} `ERR_SESSION_LOCK` if it could not be acquired in time,
   * `ERR_SESSION_OVERLOAD` if too many wait for it already
   */
  async acquire(sessionId: string): Promise<AcquiredLock> {
    if (this.#queue.isFull(sessionId, this.#limits)) throw overloadError();
    const waiting = new AbortController();
    let endTurn: EndTurn = () => {};
    let leave = (): void => {};
    try {
      return await this.#acquiring.wait<AcquiredLock>(
        ({ resolve, reject }) => {
          leave = this.#queue.request(sessionId, (end) => {
            endTurn = end;
            this.#acquireShared(sessionId, waiting.signal).then(
              (shared) => {
                if (waiting.signal.aborted) void this.#release(shared);
                else resolve({ shared, release: () => this.#release(shared).finally(end) });
              },
              (cause) => {
                const safe = redactError(cause, [sessionId]);
                reject(lockError('The `lock` of the session failed', safe));
              },
            );
          });
        },
        (when) => lockError(`Could not acquire the session lock ${when}`),
      );
    } catch (error) {
      waiting.abort(error);
      leave();
      endTurn();
      throw error;
    }
  }

  async #acquireShared(sessionId: string, signal: AbortSignal): Promise<HeldLock | undefined> {
    return this.#shared?.acquire(sessionId, { signal });
  }

  /** The update is done by then. A lock that cannot be released in time expires by itself. */
  async #release(shared: HeldLock | undefined): Promise<void> {
    if (shared === undefined) return;
    await this.#releasing
      .call(
        () => shared.release(),
        (when) => new Error(`The lock was not released ${when}`),
      )
      .catch(() => {});
  }
}

function lockError(message: string, cause?: unknown): SessionError {
  return new SessionError('ERR_SESSION_LOCK', message, { cause });
}
