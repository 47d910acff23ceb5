/**
 * @module What may take only so long. All that one of these watches has the same time, and so shares
 * one timer: what began first is due first.
 */

/** Something that has begun: a link in the chain of what has not ended yet. */
export class Wait {
  /** By `performance.now()`. */
  readonly due: number;
  readonly expire: (when: string) => void;
  isOver = false;
  previous: Wait | undefined;
  next: Wait | undefined;

  constructor(due: number, expire: (when: string) => void) {
    this.due = due;
    this.expire = expire;
  }
}

/** The two ways to end a wait. */
export interface Settle<Value> {
  resolve(value: Value): void;
  reject(error: unknown): void;
}

/**
 * Gives everything that begins the same deadline.
 *
 * A chain and no `Set`: with as much coming and going as here, V8 makes the table of a `Set` anew
 * all the time, and the old ones keep their entries from young garbage collection.
 */
export class Deadlines {
  readonly milliseconds: number;
  #oldest: Wait | undefined;
  #youngest: Wait | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }

  /**
   * Begins a wait, which `end` ends.
   *
   * @param expire called at the deadline, or at `close()`; `when` completes a sentence such as "did
   * not answer"
   * @returns nothing after `close()`: it has expired, and nothing shall begin any more
   */
  begin(expire: (when: string) => void): Wait | undefined {
    if (this.#isClosed) {
      expire('before `close()` was called');
      return undefined;
    }
    const wait = new Wait(performance.now() + this.milliseconds, expire);
    wait.previous = this.#youngest;
    if (this.#youngest) this.#youngest.next = wait;
    else this.#oldest = wait;
    this.#youngest = wait;
    this.#timer ??= this.#watch(this.milliseconds);
    return wait;
  }

  /** Ends a wait; tells whether it had not ended before, by this or by its deadline. */
  end(wait: Wait): boolean {
    if (wait.isOver) return false;
    wait.isOver = true;
    if (wait.previous) wait.previous.next = wait.next;
    else this.#oldest = wait.next;
    if (wait.next) wait.next.previous = wait.previous;
    else this.#youngest = wait.previous;
    wait.previous = undefined;
    wait.next = undefined;
    return true;
  }

  /**
   * Begins something that ends by `settle`, by throwing, or at the deadline, whichever is first;
   * what comes later is ignored.
   *
   * @param start starts it
   * @param late makes the error of a missed deadline
   */
  wait<Value>(
    start: (settle: Settle<Value>) => void,
    late: (when: string) => Error,
  ): Promise<Value> {
    return new Promise((resolve, reject) => {
      const wait = this.begin((when) => reject(late(when)));
      if (wait === undefined) return;
      const settle: Settle<Value> = {
        resolve: (value) => {
          if (this.end(wait)) resolve(value);
        },
        reject: (error) => {
          if (this.end(wait)) reject(error);
        },
      };
      try {
        start(settle);
      } catch (error) {
        settle.reject(error);
      }
    });
  }

  /** Ends every wait under way, and every later one at once. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let wait = this.#oldest; wait; wait = this.#oldest) {
      this.end(wait);
      wait.expire('before `close()` was called');
    }
  }

  #watch(milliseconds: number): NodeJS.Timeout {
    // A deadline does not keep a process alive that has nothing else to do.
    return setTimeout(() => this.#expireDue(), Math.max(1, Math.ceil(milliseconds))).unref();
  }

  #expireDue(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (let wait = this.#oldest; wait && wait.due <= now; wait = this.#oldest) {
      this.end(wait);
      wait.expire(`within ${this.milliseconds} ms`);
    }
    if (this.#oldest) this.#timer ??= this.#watch(this.#oldest.due - now);
  }
}
