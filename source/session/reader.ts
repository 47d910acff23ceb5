/**
 * @module Reads sessions by group commit: at most one read for each session id is under way, and
 * events that arrive meanwhile share the next one. So an event is never answered by a read that was
 * issued before it arrived, and events are answered in the order in which they arrived.
 */

import type { ReadResult } from './snapshot.js';
import type { StoreCalls } from './store-calls.js';

type ReadingCalls = Pick<StoreCalls, 'canReadMany' | 'get' | 'getMany'>;

/** A read that is wanted or under way, shared by all who asked for it. */
export class PendingRead {
  /** When it was first asked for, by `performance.now()`. */
  readonly since: number = performance.now();
  /** Resolves in the order in which reads of one session were asked for; never rejects. */
  readonly settled: Promise<ReadResult>;
  settle!: (result: ReadResult) => void;
  isIssued = false;
  /** The read for those who ask while this one is under way. */
  next: PendingRead | undefined;

  constructor() {
    this.settled = new Promise((resolve) => {
      this.settle = resolve;
    });
  }
}

/** Reads sessions: each result is of a read that was issued after it was asked for. */
export class SessionReader {
  readonly #calls: ReadingCalls;
  /**
   * An object and no `Map`: with as much coming and going as here, V8 makes the table of a `Map` anew
   * all the time, and the old ones keep their entries from young garbage collection.
   */
  readonly #reads: Record<string, PendingRead> = Object.create(null);
  /** The session ids whose reads are issued together. */
  #wanted: string[] = [];

  constructor(calls: ReadingCalls) {
    this.#calls = calls;
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

  #want(sessionId: string): void {
    if (this.#wanted.length === 0) {
      // `setImmediate` comes after all sockets that have something to read in this turn. The events of
      // one packet run arrive in one tick, and so share a read in any case.
      if (this.#calls.canReadMany) setImmediate(() => this.#issueWanted());
      else process.nextTick(() => this.#issueWanted());
    }
    this.#wanted.push(sessionId);
  }

  #issueWanted(): void {
    const sessionIds = this.#wanted;
    this.#wanted = [];
    if (!this.#calls.canReadMany) {
      for (const sessionId of sessionIds) this.#issue(sessionId);
      return;
    }
    let since = Number.POSITIVE_INFINITY;
    for (const sessionId of sessionIds) since = Math.min(since, this.#markIssued(sessionId));
    this.#calls.getMany(sessionIds, since, (results) => {
      for (const [index, result] of results.entries()) {
        this.#answer(sessionIds[index] ?? '', result);
      }
    });
  }

  #issue(sessionId: string): void {
    const since = this.#markIssued(sessionId);
    this.#calls.get(sessionId, since, (result) => this.#answer(sessionId, result));
  }

  #markIssued(sessionId: string): number {
    const read = this.#reads[sessionId];
    if (read) read.isIssued = true;
    return read?.since ?? performance.now();
  }

  #answer(sessionId: string, result: ReadResult): void {
    const read = this.#reads[sessionId];
    read?.settle(result);
    if (read?.next === undefined) {
      delete this.#reads[sessionId];
      return;
    }
    this.#reads[sessionId] = read.next;
    // After the listeners of this read, which `settle` has queued: what they save at once, the next
    // read finds.
    queueMicrotask(() => {
      if (this.#calls.canReadMany) this.#want(sessionId);
      else this.#issue(sessionId);
    });
  }
}
