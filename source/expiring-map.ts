/**
 * @module A map whose entries are forgotten after a while. What has expired is dropped when
 * something is added, so that it needs no timer.
 */

interface Entry<Value> {
  readonly value: Value;
  /** By `performance.now()`. */
  readonly addedAt: number;
}

/** Keeps entries for so many milliseconds. */
export class ExpiringMap<Value> {
  readonly #milliseconds: number;
  /** The oldest first. */
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The entry of a key, unless it has expired. */
  get(key: string): Entry<Value> | undefined {
    const entry = this.#entries.get(key);
    return entry && this.#isFresh(entry) ? entry : undefined;
  }

  /** Adds an entry, or replaces it, and drops those that have expired. */
  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, addedAt: performance.now() });
    for (const [oldest, entry] of this.#entries) {
      if (this.#isFresh(entry)) break;
      this.#entries.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  #isFresh({ addedAt }: Entry<Value>): boolean {
    return performance.now() - addedAt < this.#milliseconds;
  }
}
