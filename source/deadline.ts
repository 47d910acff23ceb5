/**
 * @module What may take only so long. Knows one duration and who is waiting; must not know for what.
 */

interface Pending {
  readonly due: number;
  readonly expire: (when: string) => void;
}

/** The two ways to end a wait. */
export interface Settle<Value> {
  resolve(value: Value): void;
  reject(error: unknown): void;
}

/**
 * Gives every wait that it is asked to begin the same deadline.
 *
 * All of them share one timer: they expire in the order in which they began, so only the oldest one
 * needs watching, and a wait that ends in time costs no timer at all.
 */
export class Deadlines {
  readonly #milliseconds: number;
  readonly #pending = new Set<Pending>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  /**
   * Begins something that ends by `settle`, by throwing, or at the deadline, whichever is first;
   * what comes later is ignored.
   *
   * @param begin starts it
   * @param late makes the error of a missed deadline; `when` completes a sentence such as "did not
   * answer"
   */
  wait<Value>(
    begin: (settle: Settle<Value>) => void,
    late: (when: string) => Error,
  ): Promise<Value> {
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        due: performance.now() + this.#milliseconds,
        expire: (when) => reject(late(when)),
      };
      const settle: Settle<Value> = {
        resolve: (value) => {
          this.#pending.delete(pending);
          resolve(value);
        },
        reject: (error) => {
          this.#pending.delete(pending);
          reject(error);
        },
      };
      if (this.#isClosed) return pending.expire('before `close()` was called');
      this.#pending.add(pending);
      this.#watch();
      try {
        begin(settle);
      } catch (error) {
        settle.reject(error);
      }
    });
  }

  /** Waits for as long as a deadline is away, or until `close()`. */
  pause(): Promise<void> {
    return this.wait<void>(
      () => {},
      () => new Error(),
    ).catch(() => {});
  }

  /** Ends every wait under way, and every later one at once. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const pending of this.#pending) pending.expire('before `close()` was called');
    this.#pending.clear();
  }

  #watch(): void {
    if (this.#timer !== undefined) return;
    const [oldest] = this.#pending;
    if (oldest === undefined) return;
    const delay = Math.max(1, Math.ceil(oldest.due - performance.now()));
    // A deadline is no reason to keep a process alive that has nothing else to do.
    this.#timer = setTimeout(() => this.#expireDue(), delay).unref();
  }

  #expireDue(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const pending of this.#pending) {
      if (pending.due > now) break;
      this.#pending.delete(pending);
      pending.expire(`within ${this.#milliseconds} ms`);
    }
    this.#watch();
  }
}
