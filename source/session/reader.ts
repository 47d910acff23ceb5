/**
 * @module A session id becomes a reading, by group commit: at most one read per session id is under
 * way, and whoever comes meanwhile shares the next one. So no event is answered by a read that was
 * issued before it came, and events are answered in the order in which they came.
 */

import type { Reading, StoreCalls } from './store-calls.js';

/** Those who wait for the same read. */
class Batch {
  readonly reading: Promise<Reading>;
  settle!: (reading: Reading) => void;
  /** Those who came after this read was issued. */
  next: Batch | undefined;
  isIssued = false;

  constructor() {
    this.reading = new Promise((resolve) => {
      this.settle = resolve;
    });
  }
}

/** Reads sessions: each reading is issued after it was asked for, and as rarely as that allows. */
export class SessionReader {
  readonly #store: Pick<StoreCalls, 'canReadMany' | 'get' | 'getMany'>;
  /**
   * The session ids with a read that is wanted or under way.
   *
   * An object, and no `Map`: with as much coming and going as here, V8 makes the table of a `Map`
   * anew all the time, and the old ones keep what was in them from young garbage collection.
   */
  readonly #batches: Record<string, Batch> = Object.create(null);
  /** The session ids that are read together in this turn of the event loop. */
  #wanted: string[] = [];

  constructor(store: Pick<StoreCalls, 'canReadMany' | 'get' | 'getMany'>) {
    this.#store = store;
  }

  /** Reads a session after this call; readings of one id settle in the order of their calls. */
  read(sessionId: string): Promise<Reading> {
    let batch = this.#batches[sessionId];
    if (batch === undefined) {
      batch = new Batch();
      this.#batches[sessionId] = batch;
      if (this.#store.canReadMany) this.#want(sessionId);
      // The events of one packet run come in one tick, and so share a read.
      else process.nextTick(() => this.#issue(sessionId));
    } else if (batch.isIssued) {
      batch.next ??= new Batch();
      batch = batch.next;
    }
    return batch.reading;
  }

  /** All sockets have their say in a turn of the event loop before `setImmediate` has its. */
  #want(sessionId: string): void {
    if (this.#wanted.length === 0) setImmediate(() => this.#issueWanted());
    this.#wanted.push(sessionId);
  }

  #issueWanted(): void {
    const sessionIds = this.#wanted;
    this.#wanted = [];
    for (const sessionId of sessionIds) this.#markIssued(sessionId);
    this.#store.getMany(sessionIds, (readings) => {
      for (const [index, reading] of readings.entries()) {
        this.#answer(sessionIds[index] ?? '', reading);
      }
    });
  }

  #issue(sessionId: string): void {
    this.#markIssued(sessionId);
    this.#store.get(sessionId, (reading) => this.#answer(sessionId, reading));
  }

  #markIssued(sessionId: string): void {
    const batch = this.#batches[sessionId];
    if (batch) batch.isIssued = true;
  }

  #answer(sessionId: string, reading: Reading): void {
    const batch = this.#batches[sessionId];
    batch?.settle(reading);
    if (batch?.next === undefined) {
      delete this.#batches[sessionId];
      return;
    }
    this.#batches[sessionId] = batch.next;
    // Behind the listeners of this batch, which `settle` has queued: what they save at once, the
    // next read finds.
    queueMicrotask(() => {
      if (this.#store.canReadMany) this.#want(sessionId);
      else this.#issue(sessionId);
    });
  }
}
