/**
 * @module Reads sessions by group commit: at most one read of each session is in flight, and events
 * that arrive meanwhile share the next one. So no event gets a read that was issued before it arrived,
 * and events get their sessions in the order in which they arrived.
 */

import type { ReadResult } from './snapshot.js';
import type { StoreReads } from './store-reads.js';

/** A read that is wanted or in flight, shared by all that asked for it. */
export class PendingRead {
  /** When it was first wanted, by `performance.now()`. */
  readonly since: number = performance.now();
  /** Resolves in the order in which the reads of a session were wanted; never rejects. */
  readonly settled: Promise<ReadResult>;
  settle!: (result: ReadResult) => void;
  isIssued = false;
  /** The read for those that ask while this one is in flight. */
  next: PendingRead | undefined;

  constructor() {
    this.settled = new Promise((resolve) => {
      this.settle = resolve;
    });
  }
}

/** Reads sessions: each result comes from a read that was issued after the call. */
export class SessionReader {
  readonly #store: Pick<StoreReads, 'canReadMany' | 'get' | 'getMany'>;
  /**
   * An object, because V8 keeps allocating new tables for a `Map` under such a churn, and the old
   * tables keep their entries alive until the next full garbage collection.
   */
  readonly #reads: Record<string, PendingRead> = Object.create(null);
  /** The sessions whose reads are issued together. */
  #wanted: string[] = [];

  constructor(store: Pick<StoreReads, 'canReadMany' | 'get' | 'getMany'>) {
    this.#store = store;
  }

  /** Reads a session. */
  read(sessionId: string): Promise<ReadResult> {
    let read = this.#reads[sessionId];
    if (read === undefined) {
      read = new PendingRead();
      this.#reads[sessionId] = read;
      this.#want(sessionId);
    } else if (read.isIssued) {
      read.next ??= new PendingRead();
      read = read.next;
    }
    return read.settled;
  }

  /** Whether a read of a session is wanted or in flight. */
  isReading(sessionId: string): boolean {
    return this.#reads[sessionId] !== undefined;
  }

  #want(sessionId: string): void {
    if (this.#wanted.length === 0) {
      // `setImmediate` runs after all sockets of this turn have been read, so that one call reads for
      // all of them. `nextTick` is enough for the events that one socket receives together.
      if (this.#store.canReadMany) setImmediate(() => this.#issueWanted());
      else process.nextTick(() => this.#issueWanted());
    }
    this.#wanted.push(sessionId);
  }

  #issueWanted(): void {
    const sessionIds = this.#wanted;
    this.#wanted = [];
    if (!this.#store.canReadMany) {
      for (const sessionId of sessionIds) this.#issue(sessionId);
      return;
    }
    let since = Number.POSITIVE_INFINITY;
    for (const sessionId of sessionIds) since = Math.min(since, this.#markIssued(sessionId));
    this.#store.getMany(sessionIds, since, this.#answer);
  }

  #issue(sessionId: string): void {
    const since = this.#markIssued(sessionId);
    this.#store.get(sessionId, since, this.#answer);
  }

  #markIssued(sessionId: string): number {
    const read = this.#reads[sessionId];
    if (read) read.isIssued = true;
    return read?.since ?? performance.now();
  }

  /** Made once, and not for each read. */
  readonly #answer = (sessionId: string, result: ReadResult): void => {
    const read = this.#reads[sessionId];
    read?.settle(result);
    if (read?.next === undefined) {
      delete this.#reads[sessionId];
      return;
    }
    this.#reads[sessionId] = read.next;
    // After the listeners of this read, which `settle` has queued, so that the next read finds what
    // they save at once.
    queueMicrotask(() => {
      if (this.#store.canReadMany) this.#want(sessionId);
      else this.#issue(sessionId);
    });
  };
}
