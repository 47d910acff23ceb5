/**
 * @module Calls the store with a deadline, and turns its failures into `SessionError`s.
 */

import type { SessionData, Store } from 'express-session';
import { isThenable } from '../assertions.js';
import { Deadlines } from '../deadlines.js';
import { isTraced, traceCallback } from '../diagnostics.js';
import {
  notASessionError,
  notFoundError,
  type SessionError,
  storeTimeoutError,
} from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import { isAbsence, noReasonError, storeError, wrongCountError } from '../store-error.js';
import type { HeldLock, RecordChange } from '../types/options.js';
import { isRecord } from './record.js';
import type { RecordCache } from './record-cache.js';
import { type ReadResult, Snapshot } from './snapshot.js';

/** What the calls of one engine are made with. */
export interface StoreCallsDependencies {
  readonly options: Pick<ResolvedOptions, 'storeTimeout' | 'readMany' | 'rewrite'>;
  readonly cache: RecordCache;
  /** Calls a method of the store that writes. */
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

type Callback = (error?: unknown, value?: unknown) => void;

/** Gives a session to a store to write. */
export type SetSession = (session: SessionData, callback: Callback) => unknown;

/** A call of the store, given the callback to call it with. */
interface Call {
  readonly sessionIds: readonly string[];
  readonly start: (callback: Callback) => unknown;
  /** Called once, with what the store answered within the deadline. */
  readonly settled: (error: SessionError | undefined, value: unknown) => void;
  /** Called once the store has answered, also after the deadline. */
  readonly answered?: () => void;
}

/** The store's methods. */
export class StoreCalls {
  readonly #store: Store;
  readonly #dependencies: StoreCallsDependencies;
  readonly #reads: Deadlines;
  /** Not closed with the rest: what a listener began to save before `close()` is saved. */
  readonly #writes: Deadlines;

  constructor(store: Store, dependencies: StoreCallsDependencies) {
    this.#store = store;
    this.#dependencies = dependencies;
    const { storeTimeout } = dependencies.options;
    this.#reads = new Deadlines(storeTimeout);
    this.#writes = new Deadlines(storeTimeout);
  }

  /** Whether records can be read many at a time. */
  get canReadMany(): boolean {
    return this.#dependencies.options.readMany !== undefined;
  }

  /**
   * Reads a record.
   *
   * @param since when the read was asked for, by `performance.now()`
   * @param settled called once: with a snapshot, or with `ERR_SESSION_NOT_FOUND`, `ERR_SESSION_STORE`
   * or `ERR_SESSION_STORE_TIMEOUT`
   */
  get(sessionId: string, since: number, settled: (result: ReadResult) => void): void {
    if (!isTraced('read')) {
      this.#get(sessionId, { since, deadlines: this.#reads, settled });
      return;
    }
    traceCallback('read', { sessions: 1 }, (done) => {
      const traced = (result: ReadResult): void => {
        // An absent session is no failure of the read.
        done(result.error?.code === 'ERR_SESSION_NOT_FOUND' ? undefined : result.error);
        settled(result);
      };
      this.#get(sessionId, { since, deadlines: this.#reads, settled: traced });
    });
  }

  /**
   * Reads records in one call, in the order of their ids.
   *
   * @param settled called once, with a result for each id, as `get` gives it
   */
  getMany(
    sessionIds: readonly string[],
    since: number,
    settled: (results: readonly ReadResult[]) => void,
  ): void {
    this.#read({
      sessionIds,
      start: (callback) =>
        this.#dependencies.options
          .readMany?.(sessionIds)
          .then((values) => callback(undefined, values)),
      settled: (error, values) => {
        const failure = error ?? wrongCountError(sessionIds.length, values);
        if (failure) {
          settled(sessionIds.map(() => ({ error: failure })));
          return;
        }
        // `wrongCountError` has checked that it is a list.
        const list = values as readonly unknown[];
        settled(
          sessionIds.map((sessionId, at) => {
            const value = list[at];
            return typeof value === 'string'
              ? this.#resultOfText(sessionId, value, since)
              : this.#resultOf(sessionId, value, since);
          }),
        );
      },
    });
  }

  /** Reads a record before it is written, as `get` does, also after `close()`. */
  getForWrite(sessionId: string): Promise<ReadResult> {
    return new Promise((settled) => {
      this.#get(sessionId, { since: performance.now(), deadlines: this.#writes, settled });
    });
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

  /** Ends every read under way. */
  close(): void {
    this.#reads.close();
  }

  /**
   * Calls `get` of the store. Does what `#call` does with fewer objects, because the events of all
   * clients come through here.
   */
  #get(
    sessionId: string,
    {
      since,
      deadlines,
      settled,
    }: {
      readonly since: number;
      readonly deadlines: Deadlines;
      readonly settled: (result: ReadResult) => void;
    },
  ): void {
    const wait = deadlines.begin((when) => settled({ error: storeTimeoutError(when) }));
    if (wait === undefined) return;
    const callback: Callback = (cause, value) => {
      if (!deadlines.end(wait)) return;
      const found = cause ? storeError(cause, [sessionId]) : value;
      settled(this.#resultOf(sessionId, found, since));
    };
    try {
      const result: unknown = this.#store.get(sessionId, callback);
      if (isThenable(result)) result.then(undefined, (cause) => callback(cause || noReasonError()));
    } catch (error) {
      callback(error || noReasonError());
    }
  }

  #read(call: Call): void {
    if (!isTraced('read')) {
      this.#call(call, this.#reads);
      return;
    }
    traceCallback('read', { sessions: call.sessionIds.length }, (done) => {
      const settled: Call['settled'] = (error, value) => {
        done(error);
        call.settled(error, value);
      };
      this.#call({ ...call, settled }, this.#reads);
    });
  }

  #write(sessionId: string, start: Call['start']): IssuedWrite {
    let answered = (): void => {};
    const isAnswered = new Promise<void>((resolve) => {
      answered = resolve;
    });
    const done = new Promise<void>((resolve, reject) => {
      const settled = (error?: SessionError): void => (error ? reject(error) : resolve());
      this.#call({ sessionIds: [sessionId], start, settled, answered }, this.#writes);
    });
    return { done, answered: isAnswered };
  }

  #call({ sessionIds, start, settled, answered }: Call, deadlines: Deadlines): void {
    const wait = deadlines.begin((when) => {
      settled(storeTimeoutError(when), undefined);
    });
    if (wait === undefined) {
      answered?.();
      return;
    }
    const settle: Callback = (cause, value) => {
      answered?.();
      if (!deadlines.end(wait)) return;
      settled(cause ? storeError(cause, sessionIds) : undefined, value);
    };
    const fail = (cause: unknown): void => settle(cause || noReasonError());
    try {
      const result = start(settle);
      // A store written with `async` methods rejects instead of calling back.
      if (isThenable(result)) result.then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  }

  /** A record that is parsed here belongs to nobody else. */
  #resultOfText(sessionId: string, text: string, since: number): ReadResult {
    try {
      const record: unknown = this.#dependencies.cache.parse(sessionId, text);
      if (!isRecord(record)) return { error: notASessionError(record) };
      return { snapshot: new Snapshot(record, { since, isOwn: true }) };
    } catch (cause) {
      return { error: storeError(cause, [sessionId]) };
    }
  }

  /** Turns what the store returned into a result, and reports a session that the store does not have. */
  #resultOf(sessionId: string, value: unknown, since: number): ReadResult {
    if (value instanceof Error && !isAbsence(value)) {
      return { error: storeError(value, [sessionId]) };
    }
    if (!value || value instanceof Error) {
      this.#dependencies.absent(sessionId);
      return { error: notFoundError() };
    }
    try {
      if (!isRecord(value)) return { error: notASessionError(value) };
      const snapshot = new Snapshot(value, { since });
      // A getter may have given another cookie this time.
      return isRecord(snapshot.record) ? { snapshot } : { error: notASessionError(value) };
    } catch (cause) {
      return { error: storeError(cause, [sessionId]) };
    }
  }
}
