/**
 * @module Counts latencies in buckets, which costs as good as nothing per event.
 */

const bucketsPerMillisecond = 100;
const longest = 5_000;

/** Latencies of events, up to five seconds, to a hundredth of a millisecond. */
export class Latencies {
  readonly #buckets = new Uint32Array(longest * bucketsPerMillisecond);
  #count = 0;

  /** @param milliseconds from an event to its answer */
  add(milliseconds: number): void {
    const last = this.#buckets.length - 1;
    const bucket = Math.min(Math.floor(milliseconds * bucketsPerMillisecond), last);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count += 1;
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#buckets.fill(0);
    this.#count = 0;
  }

  /** The latency, in milliseconds, below which such a share of the events was. */
  percentile(share: number): number {
    let left = share * this.#count;
    for (const [bucket, count] of this.#buckets.entries()) {
      left -= count;
      if (left <= 0) return (bucket + 1) / bucketsPerMillisecond;
    }
    return Number.NaN;
  }
}
