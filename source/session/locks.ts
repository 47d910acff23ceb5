/**
 * @module The lock of a session, held for an update. In this process, updates of a session take
 * turns; the lock that processes share is asked for by one of them at a time.
 */

import { Deadlines } from '../deadlines.js';
import { SessionError } from '../errors.js';
import { type EndTurn, KeyedQueue } from '../keyed-queue.js';
import type { ResolvedOptions } from '../options.js';
import type { HeldLock, SessionLock } from '../types/options.js';
import { withoutIds } from './store-error.js';
import { overloadError, writeLimits } from './store-writes.js';

/** A lock that is held, with the shared one where there is one. */
export interface AcquiredLock {
  readonly shared: HeldLock | undefined;
  /** Resolves when the lock is free again, or when it was tried for long enough. */
  release(): Promise<void>;
}

/** The turns of each store: all who update its sessions in this process take them. */
const queues = new WeakMap<object, KeyedQueue>();

/** Locks sessions. */
export class SessionLocks {
  readonly #queue: KeyedQueue;
  readonly #shared: SessionLock | undefined;
  readonly #acquiring: Deadlines;
  readonly #releasing: Deadlines;

  /** @param store the lock is one for all who use the same store in this process */
  constructor(
    store: object,
    options: Pick<ResolvedOptions, 'lock' | 'lockTimeout' | 'storeTimeout' | 'maxPending'>,
  ) {
    this.#queue = queues.get(store) ?? new KeyedQueue(writeLimits(options.maxPending));
    queues.set(store, this.#queue);
    this.#shared = options.lock;
    this.#acquiring = new Deadlines(options.lockTimeout);
    this.#releasing = new Deadlines(options.storeTimeout);
  }

  /**
   * Waits for the lock of a session, and holds it until it is released.
   *
   * @throws {SessionError} `ERR_SESSION_LOCK` where it could not be acquired in time,
   * `ERR_SESSION_OVERLOAD` where too many wait for it already
   */
  async acquire(sessionId: string): Promise<AcquiredLock> {
    if (this.#queue.isFull(sessionId)) throw overloadError();
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
                const safe = withoutIds(cause, [sessionId]);
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

  /** The work is done by then: a lock that can't be given back in time ends by itself. */
  async #release(shared: HeldLock | undefined): Promise<void> {
    if (shared === undefined) return;
    await this.#releasing
      .wait<void>(
        ({ resolve, reject }) => {
          shared.release().then(resolve, reject);
        },
        (when) => new Error(`The lock was not released ${when}`),
      )
      .catch(() => {});
  }
}

function lockError(message: string, cause?: unknown): SessionError {
  return new SessionError('ERR_SESSION_LOCK', message, { cause });
}
