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
  readonly #store: Pick<StoreCalls, 'get'>;
  /** The session ids with a read that is wanted or under way. */
  readonly #batches = new Map<string, Batch>();

  constructor(store: Pick<StoreCalls, 'get'>) {
    this.#store = store;
  }

  /** Reads a session after this call; readings of one id settle in the order of their calls. */
  read(sessionId: string): Promise<Reading> {
    let batch = this.#batches.get(sessionId);
    if (batch === undefined) {
      batch = this.#want(sessionId, new Batch());
      // The events of one packet run come in one tick, and so share a read.
      process.nextTick(() => this.#issue(sessionId));
    } else if (batch.isIssued) {
      batch.next ??= new Batch();
      batch = batch.next;
    }
    return batch.reading;
  }

  #want(sessionId: string, batch: Batch): Batch {
    this.#batches.set(sessionId, batch);
    return batch;
  }

  #issue(sessionId: string): void {
    const batch = this.#batches.get(sessionId);
    if (batch === undefined) return;
    batch.isIssued = true;
    this.#store.get(sessionId, (reading) => this.#answer(sessionId, batch, reading));
  }

  #answer(sessionId: string, { settle, next }: Batch, reading: Reading): void {
    settle(reading);
    if (next === undefined) {
      this.#batches.delete(sessionId);
      return;
    }
    this.#want(sessionId, next);
    // Behind the listeners of this batch, which `settle` has queued: what they save at once, the
    // next read finds.
    queueMicrotask(() => this.#issue(sessionId));
  }
}
