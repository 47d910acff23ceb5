/**
 * @module Reads records from the store, one or many at a time.
 */

import type { Store } from 'express-session';
import { isThenable } from '../assertions.js';
import { Deadlines } from '../deadlines.js';
import { isTraced, traceCallback } from '../diagnostics.js';
import { notASessionError, notFoundError, storeTimeoutError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import { isNoSuchSession, noReasonError, storeError, wrongCountError } from '../store-error.js';
import { isRecord } from './record.js';
import type { RecordCache } from './record-cache.js';
import { type ReadResult, Snapshot } from './snapshot.js';
import { callStore, type StoreCall, type StoreCallback } from './store-call.js';

/** What the reads of one engine are made with. */
export interface StoreReadsDependencies {
  readonly options: Pick<ResolvedOptions, 'storeTimeout' | 'readMany'>;
  readonly cache: RecordCache;
  /** Called with each session that the store was found not to have. */
  readonly absent: (sessionId: string) => void;
}

/** Called with the result of each read. */
export type ReadCallback = (sessionId: string, result: ReadResult) => void;

/** Reads the sessions of one store. */
export class StoreReads {
  readonly #store: Store;
  readonly #dependencies: StoreReadsDependencies;
  readonly #deadlines: Deadlines;
  /** Not closed with the rest: what a listener began to save before `close()` is saved. */
  readonly #untilWritten: Deadlines;

  constructor(store: Store, dependencies: StoreReadsDependencies) {
    this.#store = store;
    this.#dependencies = dependencies;
    const { storeTimeout } = dependencies.options;
    this.#deadlines = new Deadlines(storeTimeout);
    this.#untilWritten = new Deadlines(storeTimeout);
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
  get(sessionId: string, since: number, settled: ReadCallback): void {
    if (!isTraced('read')) {
      this.#get(sessionId, { since, deadlines: this.#deadlines, settled });
      return;
    }
    traceCallback('read', { sessions: 1 }, (done) => {
      const traced: ReadCallback = (_id, result) => {
        // An absent session is no failure of the read.
        done(result.error?.code === 'ERR_SESSION_NOT_FOUND' ? undefined : result.error);
        settled(sessionId, result);
      };
      this.#get(sessionId, { since, deadlines: this.#deadlines, settled: traced });
    });
  }

  /**
   * Reads records in one call, in the order of their ids.
   *
   * @param settled called once for each id, as `get` calls it
   */
  getMany(sessionIds: readonly string[], since: number, settled: ReadCallback): void {
    this.#read({
      sessionIds,
      start: (callback) =>
        this.#dependencies.options
          .readMany?.(sessionIds)
          .then((values) => callback(undefined, values)),
      settled: (error, values) => {
        const failure = error ?? wrongCountError(sessionIds.length, values);
        // `wrongCountError` has checked that it is a list.
        const list = failure ? [] : (values as readonly unknown[]);
        for (const [at, sessionId] of sessionIds.entries()) {
          settled(
            sessionId,
            failure ? { error: failure } : this.#resultOfMany(sessionId, list[at], since),
          );
        }
      },
    });
  }

  /** Reads a record before it is written, as `get` does, also after `close()`. */
  getForWrite(sessionId: string): Promise<ReadResult> {
    return new Promise((resolve) => {
      this.#get(sessionId, {
        since: performance.now(),
        deadlines: this.#untilWritten,
        settled: (_id, result) => resolve(result),
      });
    });
  }

  /** Ends every read under way. */
  close(): void {
    this.#deadlines.close();
  }

  /**
   * Calls `get` of the store. Does what `callStore` does with fewer objects, because the events of all
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
      readonly settled: ReadCallback;
    },
  ): void {
    const wait = deadlines.begin((when) => settled(sessionId, { error: storeTimeoutError(when) }));
    if (wait === undefined) return;
    const callback: StoreCallback = (cause, value) => {
      if (!deadlines.end(wait)) return;
      const found = cause ? storeError(cause, [sessionId]) : value;
      settled(sessionId, this.#resultOf(sessionId, found, since));
    };
    try {
      const result: unknown = this.#store.get(sessionId, callback);
      if (isThenable(result)) result.then(undefined, (cause) => callback(cause || noReasonError()));
    } catch (error) {
      callback(error || noReasonError());
    }
  }

  #read(call: StoreCall): void {
    if (!isTraced('read')) {
      callStore(call, this.#deadlines);
      return;
    }
    traceCallback('read', { sessions: call.sessionIds.length }, (done) => {
      const settled: StoreCall['settled'] = (error, value) => {
        done(error);
        call.settled(error, value);
      };
      callStore({ ...call, settled }, this.#deadlines);
    });
  }

  /** Turns what `readMany` returned for a session into a result. */
  #resultOfMany(sessionId: string, text: unknown, since: number): ReadResult {
    if (typeof text !== 'string') return this.#resultOf(sessionId, text, since);
    try {
      const record: unknown = this.#dependencies.cache.parse(sessionId, text);
      if (!isRecord(record)) return { error: notASessionError(record) };
      // A record that is parsed here belongs to nobody else.
      return { snapshot: new Snapshot(record, { since, isOwn: true }) };
    } catch (cause) {
      return { error: storeError(cause, [sessionId]) };
    }
  }

  /** Turns what the store returned into a result, and reports a session that the store does not have. */
  #resultOf(sessionId: string, value: unknown, since: number): ReadResult {
    if (value instanceof Error && !isNoSuchSession(value)) {
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
