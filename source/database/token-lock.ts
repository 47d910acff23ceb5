/**
 * @module Locks and claims in a database that several processes share: entries that only one process
 * can create, with a token that only the holder has, and that expire if the holder dies. A `LockTable`
 * runs the commands of the database.
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExpressionSocketOptions, HeldLock, SessionLock } from '../types/options.js';
import { TimeLimit } from './time-limit.js';

/** After how long the lock of a dead holder expires, and how often a holder renews it, in milliseconds. */
const lockLifetime = 10_000;
const renewalInterval = 2_500;

/** How long to wait before trying again to acquire a held lock: at first, and at most, in milliseconds. */
const shortestWait = 5;
const longestWait = 100;

/** How long to wait before trying again to release a lock: at first, and at most, in milliseconds. */
const shortestReleaseWait = 100;
const longestReleaseWait = 1_000;

/** A lock as it is stored. */
export interface LockToken {
  readonly name: string;
  readonly token: string;
}

/** Where locks are stored. Each method is one atomic command of the database. */
export interface LockTable {
  /** The client of the database: a lock can be checked only with the client that acquired it. */
  readonly client: object;
  /** How long a release may take. */
  readonly limit: TimeLimit;
  /** Returns the name under which the lock of a session is stored. */
  lockName(sessionId: string): string;
  /** Returns the name under which a claim is stored. */
  claimName(name: string): string;
  /** Creates the lock for a number of milliseconds; resolves to `false` if it is held already. */
  acquire(lock: LockToken, milliseconds: number, signal: AbortSignal): Promise<boolean>;
  /** Extends the lock by a number of milliseconds from now; resolves to `false` if it is not held. */
  renew(lock: LockToken, milliseconds: number, signal: AbortSignal): Promise<boolean>;
  /** Removes the lock if it is still held. It has no signal, because a late release is useful, too. */
  release(lock: LockToken): Promise<unknown>;
}

/** Makes the option `lock`. */
export function tokenLock(table: LockTable): SessionLock {
  return {
    acquire: async (sessionId, { signal }) => {
      const lock = { name: table.lockName(sessionId), token: randomUUID() };
      for (let wait = shortestWait; ; wait = Math.min(longestWait, wait * 1.5)) {
        signal.throwIfAborted();
        const heldUntil = performance.now() + lockLifetime;
        if (await acquire(table, lock, signal)) {
          if (performance.now() < heldUntil) return new TokenHold(table, lock, heldUntil);
          // The answer took so long that the lock may have expired by now.
          await release(table, lock);
        }
        // A random time, so that waiting processes do not all try at once.
        await pause(wait * (0.5 + Math.random()), undefined, { signal });
      }
    },
  };
}

/** Makes the option `claim`: a claim is a lock that is never released. */
export function tokenClaim(table: LockTable): NonNullable<ExpressionSocketOptions['claim']> {
  return (name, milliseconds) =>
    table.limit.run((signal) => {
      const claim = { name: table.claimName(name), token: randomUUID() };
      return table.acquire(claim, milliseconds, signal);
    });
}

/**
 * The stored form of a held lock, so that a write can check in the database itself that it is still
 * held; undefined for a lock that was acquired elsewhere.
 */
export function tokenOf(lock: HeldLock | undefined, client: object): LockToken | undefined {
  return lock instanceof TokenHold ? lock.tokenIn(client) : undefined;
}

async function acquire(table: LockTable, lock: LockToken, signal: AbortSignal): Promise<boolean> {
  const asked = table.acquire(lock, lockLifetime, signal);
  try {
    return await untilAborted(asked, signal);
  } catch (error) {
    // It may have been acquired nevertheless, or may be acquired later.
    asked
      .catch(() => true)
      .then((isAcquired) => (isAcquired ? release(table, lock) : undefined))
      // There is no caller to report to. The lock expires by itself.
      .catch(() => {});
    throw error;
  }
}

/** Waits for a promise until a signal is aborted, and then rejects with the reason of the signal. */
function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Removes a lock; stops waiting at the time limit. */
function release(table: LockTable, lock: LockToken): Promise<void> {
  const removed = remove(table, lock);
  return table.limit.run(() => removed);
}

/**
 * Removes a lock. Retries until the lock has expired, because others wait for it, and the database may
 * be back soon.
 */
async function remove(table: LockTable, lock: LockToken): Promise<void> {
  const endsAt = performance.now() + lockLifetime;
  for (let wait = shortestReleaseWait; ; wait = Math.min(longestReleaseWait, wait * 1.5)) {
    try {
      await table.release(lock);
      return;
    } catch {
      if (performance.now() >= endsAt) return;
      await pause(wait, undefined, { ref: false });
    }
  }
}

/** A lock that is held, and renewed until it is released or lost. */
class TokenHold implements HeldLock {
  readonly #table: LockTable;
  readonly #lock: LockToken;
  readonly #loss = new AbortController();
  readonly #timer: NodeJS.Timeout;
  /** Until when no one else can acquire it, by `performance.now()`. */
  #heldUntil: number;
  #isRenewing = false;
  #isReleased = false;

  constructor(table: LockTable, lock: LockToken, heldUntil: number) {
    this.#table = table;
    this.#lock = lock;
    this.#heldUntil = heldUntil;
    this.#timer = setInterval(() => this.#watch(), renewalInterval).unref();
  }

  get lost(): AbortSignal {
    return this.#loss.signal;
  }

  tokenIn(client: object): LockToken | undefined {
    return this.#table.client === client ? this.#lock : undefined;
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    clearInterval(this.#timer);
    await release(this.#table, this.#lock);
  }

  #watch(): void {
    const { database } = this.#table.limit;
    if (performance.now() >= this.#heldUntil) {
      this.#lose(new Error(`${database} did not renew the lock in time`));
    } else if (!this.#isRenewing) void this.#renew();
  }

  async #renew(): Promise<void> {
    const { database } = this.#table.limit;
    const askedAt = performance.now();
    const limit = new TimeLimit(database, this.#heldUntil - askedAt);
    this.#isRenewing = true;
    try {
      const isHeld = await limit.run((signal) =>
        this.#table.renew(this.#lock, lockLifetime, signal),
      );
      if (isHeld) this.#heldUntil = askedAt + lockLifetime;
      else this.#lose(new Error(`${database} no longer has the lock`));
    } catch {
      // The database may be back in time: the next call of the timer retries, or gives up.
    } finally {
      this.#isRenewing = false;
    }
  }

  #lose(reason: Error): void {
    if (this.#isReleased) return;
    clearInterval(this.#timer);
    this.#loss.abort(reason);
  }
}
