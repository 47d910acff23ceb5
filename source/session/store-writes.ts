/**
 * @module Calls the methods of the store that write.
 */

import type { SessionData, Store } from 'express-session';
import { Deadlines } from '../deadlines.js';
import type { ResolvedOptions } from '../options.js';
import type { HeldLock, RecordChange } from '../types/options.js';
import type { LostSaves } from './lost-saves.js';
import type { SessionRecord } from './record.js';
import type { SessionFactory } from './session-factory.js';
import { callStore, type SetSession, type StoreCall, type StoreCallback } from './store-call.js';
import type { StoreHooks } from './store-hooks.js';
import type { Write } from './write.js';
import type { WriteTurns } from './write-turns.js';

/** What the writes of one engine are made with. */
export interface StoreWritesDependencies {
  readonly options: Pick<ResolvedOptions, 'storeTimeout' | 'rewrite'>;
  readonly hooks: Pick<StoreHooks, 'call'>;
  readonly turns: Pick<WriteTurns, 'active'>;
  readonly factory: Pick<SessionFactory, 'forStore'>;
  readonly lostSaves: Pick<LostSaves, 'beforeCall' | 'settled' | 'answered'>;
  /** Called with each session that the store was found not to have. */
  readonly absent: (sessionId: string) => void;
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

  /** Whether the store has a `touch`. One without it needs none, or has none to offer. */
  get canTouch(): boolean {
    return typeof this.#store.touch === 'function';
  }

  /**
   * Writes a record.
   *
   * @param set takes the place of the store's `set`
   * @throws {SessionError} `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  set(
    write: Write,
    record: SessionRecord,
    set: SetSession = (session, callback) =>
      this.#dependencies.hooks.call('set', write.sessionId, session, callback),
  ): Promise<void> {
    write.keepsTurn = true;
    return this.#give(write, record, set);
  }

  /**
   * Keeps a record from expiring.
   *
   * @param touch takes the place of the store's `touch`
   * @throws {SessionError} as `set`
   */
  touch(
    write: Write,
    record: SessionRecord,
    touch: SetSession = (session, callback) =>
      this.#dependencies.hooks.call('touch', write.sessionId, session, callback),
  ): Promise<void> {
    return this.#give(write, record, touch);
  }

  /**
   * Somebody else gives the store a record.
   *
   * @returns to be called when the store has answered
   */
  given(write: Write, record: SessionRecord): () => void {
    let answered: StoreCallback = () => {};
    const given = this.#issue(write, record, (callback) => {
      answered = callback;
    });
    // The caller of the write gets the error from the store.
    given.catch(() => {});
    return () => answered();
  }

  /**
   * Changes a record atomically, by the option `rewrite`.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`, or what `change` threw
   */
  async rewrite(
    write: Write,
    change: (record: object | null) => SessionRecord | undefined,
    lock: HeldLock | undefined,
  ): Promise<void> {
    const { sessionId } = write;
    const { absent, options } = this.#dependencies;
    let isOver = false;
    const observed: RecordChange = (record) => {
      // Do not try again once the failure has been reported.
      if (isOver) throw new Error('The deadline of the write has passed');
      if (record === null) absent(sessionId);
      const changed = change(record);
      return changed && this.#sessionOf(write, changed);
    };
    try {
      await this.#call(sessionId, (callback) =>
        options.rewrite?.(sessionId, observed, { lock }).then(() => callback()),
      );
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
    return this.run(sessionId, (callback) =>
      this.#dependencies.hooks.call('destroy', sessionId, callback),
    );
  }

  /**
   * Runs something that writes a session in a way of its own.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  run(sessionId: string, start: StoreCall['start']): Promise<void> {
    return this.#call(sessionId, start);
  }

  #give(write: Write, record: SessionRecord, method: SetSession): Promise<void> {
    const session = this.#sessionOf(write, record);
    return this.#issue(write, record, (callback) => method(session, callback));
  }

  #issue(write: Write, record: SessionRecord, start: StoreCall['start']): Promise<void> {
    this.#dependencies.lostSaves.beforeCall(write, record);
    return this.#call(write.sessionId, start, write);
  }

  /** @param write the write that the call makes, if it may erase what others save */
  #call(sessionId: string, start: StoreCall['start'], write?: Write): Promise<void> {
    const { lostSaves } = this.#dependencies;
    return new Promise((resolve, reject) => {
      callStore(
        {
          sessionIds: [sessionId],
          start,
          settled: (error) => {
            if (write) lostSaves.settled(write);
            if (error) reject(error);
            else resolve();
          },
          answered: () => {
            if (write) lostSaves.answered(write);
          },
        },
        this.#deadlines,
      );
    });
  }

  /** Makes a session, because stores may use methods of its cookie. */
  #sessionOf(write: Write, record: SessionRecord): SessionData {
    const { factory, turns } = this.#dependencies;
    const session = factory.forStore(write.sessionId, record);
    turns.active.mark(session, write);
    return session;
  }
}
