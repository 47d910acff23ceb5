/**
 * @module Calls the methods of the store that write.
 */

import type { SessionData, Store } from 'express-session';
import { Deadlines } from '../deadlines.js';
import type { SessionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { HeldLock, RecordChange } from '../types/options.js';
import { callStore, type SetSession, type StoreCall } from './store-call.js';

/** What the writes of one engine are made with. */
export interface StoreWritesDependencies {
  readonly options: Pick<ResolvedOptions, 'storeTimeout' | 'rewrite'>;
  /** Calls a method of the store. */
  readonly call: (name: 'set' | 'touch' | 'destroy', ...args: unknown[]) => unknown;
  /** Called with each session that the store was found not to have. */
  readonly absent: (sessionId: string) => void;
}

/** A write that was begun. */
export interface IssuedWrite {
  /** Rejects with a `SessionError`, at the deadline too. */
  readonly done: Promise<void>;
  /** Resolves when the store has answered, however late: until then the write may still land. */
  readonly answered: Promise<void>;
}

/** Writes the sessions of one store. */
export class StoreWrites {
  readonly #store: Store;
  readonly #dependencies: StoreWritesDependencies;
  readonly #deadlines: Deadlines;

  constructor(store: Store, dependencies: StoreWritesDependencies) {
    this.#store = store;
    this.#dependencies = dependencies;
    this.#deadlines = new Deadlines(dependencies.options.storeTimeout);
  }

  /**
   * Writes a record.
   *
   * @param set takes the place of the store's `set`
   */
  set(
    sessionId: string,
    session: SessionData,
    set: SetSession = (_session, callback) =>
      this.#dependencies.call('set', sessionId, session, callback),
  ): IssuedWrite {
    return this.#write(sessionId, (callback) => set(session, callback));
  }

  /**
   * Keeps a record from expiring. A store without `touch` needs none, or has none to offer: nothing is
   * returned then.
   *
   * @param touch takes the place of the store's `touch`
   */
  touch(
    sessionId: string,
    session: SessionData,
    touch: SetSession = (_session, callback) =>
      this.#dependencies.call('touch', sessionId, session, callback),
  ): IssuedWrite | undefined {
    if (typeof this.#store.touch !== 'function') return undefined;
    return this.#write(sessionId, (callback) => touch(session, callback));
  }

  /** A write that somebody else has issued. */
  issued(sessionId: string, answered: Promise<void>): IssuedWrite {
    return this.#write(sessionId, (callback) => void answered.then(() => callback()));
  }

  /**
   * Changes a record atomically, by the option `rewrite`.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`, or what `change` threw
   */
  async rewrite(
    sessionId: string,
    change: RecordChange,
    lock: HeldLock | undefined,
  ): Promise<void> {
    let isOver = false;
    const observed: RecordChange = (record) => {
      // Do not try again once the failure has been reported.
      if (isOver) throw new Error('The deadline of the write has passed');
      if (record === null) this.#dependencies.absent(sessionId);
      return change(record);
    };
    try {
      await this.#write(sessionId, (callback) =>
        this.#dependencies.options.rewrite?.(sessionId, observed, { lock }).then(() => callback()),
      ).done;
    } finally {
      isOver = true;
    }
  }

  /**
   * Removes a record.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  destroy(sessionId: string): Promise<void> {
    return this.#write(sessionId, (callback) =>
      this.#dependencies.call('destroy', sessionId, callback),
    ).done;
  }

  #write(sessionId: string, start: StoreCall['start']): IssuedWrite {
    let answered = (): void => {};
    const isAnswered = new Promise<void>((resolve) => {
      answered = resolve;
    });
    const done = new Promise<void>((resolve, reject) => {
      const settled = (error?: SessionError): void => (error ? reject(error) : resolve());
      callStore({ sessionIds: [sessionId], start, settled, answered }, this.#deadlines);
    });
    return { done, answered: isAnswered };
  }
}
