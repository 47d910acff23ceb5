/**
 * @module A session store that fails, hangs or delays its answers on demand, on top of any other store.
 */

import { promisify } from 'node:util';
import { MemoryStore, type SessionData, Store } from 'express-session';

/** The operations of a session store. */
export type StoreOperation = 'get' | 'set' | 'destroy' | 'touch';

/** Replaces an operation: performs it later, fails it, or never answers. */
type Fault = (perform: () => void, fail: (error: unknown) => void) => void;

/** The callback of a store. */
type StoreCallback = (error?: unknown, session?: SessionData | null) => void;

/**
 * A session store for tests, which keeps sessions in memory or in another store, and fails on demand.
 *
 * Only its own methods fail. The options of `expression.socket.io/redis` and
 * `expression.socket.io/postgres` query the database directly, and do not.
 *
 * @example
 * server.store.fail('get');
 * await expect(client.emitWithAck('vote', 'tea')).resolves.toBe('ERR_SESSION_STORE');
 * server.store.recover();
 */
export class TestStore extends Store {
  readonly #inner: Store;
  readonly #faults = new Map<StoreOperation, Fault>();
  readonly #calls: StoreOperation[] = [];

  /** @param inner the store that keeps the sessions; by default, one in memory */
  constructor(inner: Store = new MemoryStore()) {
    super();
    this.#inner = inner;
  }

  /** The operations that have been called so far, in their order. */
  get calls(): readonly StoreOperation[] {
    return this.#calls;
  }

  /**
   * Makes an operation fail, without any effect, until `recover` is called.
   *
   * @param error what the store calls back with
   */
  fail(operation: StoreOperation, error: unknown = new Error('The test store fails')): void {
    this.#faults.set(operation, (_perform, fail) => process.nextTick(fail, error));
  }

  /** Leaves an operation unanswered until `recover` is called; calls before that are never answered. */
  hang(operation: StoreOperation): void {
    this.#faults.set(operation, () => {});
  }

  /**
   * Delays an operation until `recover` is called.
   *
   * @param milliseconds the delay of each call
   */
  slow(operation: StoreOperation, milliseconds: number): void {
    this.#faults.set(operation, (perform) => setTimeout(perform, milliseconds));
  }

  /**
   * Answers again as usual.
   *
   * @param operation the operation that recovers; by default, all of them
   */
  recover(operation?: StoreOperation): void {
    if (operation === undefined) this.#faults.clear();
    else this.#faults.delete(operation);
  }

  /** Returns the stored session, even while `get` fails; null if there is none. */
  async record(sessionId: string): Promise<SessionData | null> {
    return (await promisify(this.#inner.get.bind(this.#inner))(sessionId)) ?? null;
  }

  /** Removes a session as its expiry does: without a call of `destroy`. */
  async expire(sessionId: string): Promise<void> {
    await promisify(this.#inner.destroy.bind(this.#inner))(sessionId);
  }

  override get(sessionId: string, callback: StoreCallback): void {
    this.#do('get', callback, () => this.#inner.get(sessionId, callback));
  }

  override set(sessionId: string, session: SessionData, callback?: StoreCallback): void {
    this.#do('set', callback, () => this.#inner.set(sessionId, session, callback));
  }

  override destroy(sessionId: string, callback?: StoreCallback): void {
    this.#do('destroy', callback, () => this.#inner.destroy(sessionId, callback));
  }

  override touch(sessionId: string, session: SessionData, callback?: () => void): void {
    this.#do('touch', callback, () => {
      if (this.#inner.touch) this.#inner.touch(sessionId, session, callback);
      else callback?.();
    });
  }

  #do(operation: StoreOperation, callback: StoreCallback | undefined, perform: () => void): void {
    this.#calls.push(operation);
    const fault = this.#faults.get(operation);
    if (fault) fault(perform, (error) => callback?.(error));
    else perform();
  }
}
