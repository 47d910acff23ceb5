/**
 * @module A session store that fails, hangs or takes its time on demand, in front of any other store.
 */

import { MemoryStore, type SessionData, Store } from 'express-session';

/** What a session store is asked to do. */
export type StoreOperation = 'get' | 'set' | 'destroy' | 'touch';

/** What keeps an operation from being done at once: does it later, fails it, or never answers. */
type Fault = (perform: () => void, fail: (error: unknown) => void) => void;

/** What a store calls back with. */
type StoreCallback = (error?: unknown, session?: SessionData | null) => void;

/**
 * A session store for tests. Keeps sessions in memory, or in the store that it is given, until it is
 * told to fail.
 *
 * Only its own methods fail: the options of `expression.socket.io/redis` and the like, which ask the
 * database themselves, do not.
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

  /** @param inner where the sessions are kept; in memory, if it is left out */
  constructor(inner: Store = new MemoryStore()) {
    super();
    this.#inner = inner;
  }

  /** The operations asked for so far, in their order. */
  get calls(): readonly StoreOperation[] {
    return this.#calls;
  }

  /**
   * Lets an operation fail until `recover`, without having an effect.
   *
   * @param error what the store calls back with
   */
  fail(operation: StoreOperation, error: unknown = new Error('The test store fails')): void {
    this.#faults.set(operation, (_perform, fail) => process.nextTick(fail, error));
  }

  /** Never answers an operation until `recover`; what was asked for before that is never answered. */
  hang(operation: StoreOperation): void {
    this.#faults.set(operation, () => {});
  }

  /**
   * Delays an operation until `recover`.
   *
   * @param milliseconds how long each takes
   */
  slow(operation: StoreOperation, milliseconds: number): void {
    this.#faults.set(operation, (perform) => setTimeout(perform, milliseconds));
  }

  /**
   * Answers as a healthy store does.
   *
   * @param operation the one that recovers; all of them, if it is left out
   */
  recover(operation?: StoreOperation): void {
    if (operation === undefined) this.#faults.clear();
    else this.#faults.delete(operation);
  }

  /** Tells what is stored of a session, also while `get` fails; null where there is none. */
  record(sessionId: string): Promise<SessionData | null> {
    return new Promise((resolve, reject) => {
      this.#inner.get(sessionId, (error, session) => {
        if (error) reject(error);
        else resolve(session ?? null);
      });
    });
  }

  /** Removes a session as time does: nobody calls `destroy`, the record is just not there any more. */
  expire(sessionId: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#inner.destroy(sessionId, (error) => (error ? reject(error) : resolve()));
    });
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
