/**
 * @module Limits the memory of waiting writes: each save keeps copies of the values that it writes.
 */

import { forgetCounted, sizeOf } from '../data-size.js';
import type { RecordChanges } from './record.js';

/** The largest size of the changes that wait: for one session, and in total, in bytes. */
const sessionLimit = 16_000_000;
const totalLimit = 64_000_000;

/** The changes of the waiting writes of one store. */
export class WaitingChanges {
  /** The size of the changes of each session. */
  readonly #sizes = new Map<string, number>();
  #total = 0;

  /**
   * Counts changes that are to wait.
   *
   * @returns a function to call once they no longer wait; undefined if they may not wait
   */
  enter(sessionId: string, changes: RecordChanges): (() => void) | undefined {
    const memory: ArrayBufferLike[] = [];
    const bytes = sizeOf(changes.values(), memory);
    forgetCounted(memory);
    const size = (this.#sizes.get(sessionId) ?? 0) + bytes;
    if (size > sessionLimit || this.#total + bytes > totalLimit) return undefined;
    this.#sizes.set(sessionId, size);
    this.#total += bytes;
    return () => {
      const left = (this.#sizes.get(sessionId) ?? 0) - bytes;
      if (left > 0) this.#sizes.set(sessionId, left);
      else this.#sizes.delete(sessionId);
      this.#total -= bytes;
    };
  }
}
