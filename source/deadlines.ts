/**
 * @module Deadlines of equal length, which share one timer because the oldest is due first.
 */

/** Ends the message of a wait that `close()` cut short. */
const closing = 'before `close()` was called';

/** A wait under way: an entry of a linked list, from the oldest to the youngest. */
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

/** The two ways to end a task; both work without `this`. */
export interface Settle<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gives everything that begins the same time to end.
 *
 * It keeps a linked list rather than a `Set`: V8 reallocates the table of a `Set` that entries enter
 * and leave all the time, and the old tables keep their entries through minor garbage collections.
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
   * @returns nothing after `close()`: `expire` was called at once
   */
  begin(expire: (when: string) => void): Wait | undefined {
    if (this.#isClosed) {
      expire(closing);
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

  /** Ends a wait. Returns `false` if it was over already. */
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
   * Starts something that ends by `settle`, by throwing, or at the deadline, whichever is first; what
   * comes later is ignored.
   *
   * @param start starts it; not called after `close()`
   * @param makeError makes the error of a missed deadline; `when` is that of `begin`
   */
  wait<Value>(
    start: (settle: Settle<Value>) => void,
    makeError: (when: string) => Error,
  ): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      const wait = this.begin((when) => reject(makeError(when)));
      if (wait === undefined) return;
      const fail = (error: unknown): void => {
        if (this.end(wait)) reject(error);
      };
      try {
        start({
          resolve: (value) => {
            if (this.end(wait)) resolve(value);
          },
          reject: fail,
        });
      } catch (error) {
        fail(error);
      }
    });
  }

  /** Calls a function, and waits for what it returns; otherwise as `wait`. */
  call<Value>(
    run: () => Value | PromiseLike<Value>,
    makeError: (when: string) => Error,
  ): Promise<Value> {
    return this.wait(({ resolve, reject }) => {
      Promise.resolve(run()).then(resolve, reject);
    }, makeError);
  }

  /** Ends every wait under way, and every later one at once. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let wait = this.#oldest; wait; wait = this.#oldest) {
      this.end(wait);
      wait.expire(closing);
    }
  }

  #watch(milliseconds: number): NodeJS.Timeout {
    const delay = Math.max(1, Math.ceil(milliseconds));
    const firesAt = performance.now() + delay;
    const expire = (): void => {
      // When the event loop was busy, Node.js runs overdue timers before it reads the answers that
      // have arrived meanwhile. Those are not late.
      if (performance.now() > firesAt) setImmediate(() => this.#expireDue());
      else this.#expireDue();
    };
    // A deadline does not keep a process alive that has nothing else to do.
    return setTimeout(expire, delay).unref();
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
