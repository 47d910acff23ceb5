/**
 * @module A promise that may be ignored: it reports its failure unless somebody handles it.
 */

/**
 * A promise whose failure is told once: to its handler, or else to `report`; never as an
 * unhandled rejection.
 *
 * `await` calls `then` only on a promise that is no plain `Promise`
 * (https://tc39.es/ecma262/#sec-promise-resolve), so this subclass sees who listens.
 */
export class ReportedPromise<Value> extends Promise<Value> {
  #isHeard = false;

  /** What `then` makes is a plain promise, which is up to its caller. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** Follows `task`; its failure goes to `report` if nobody listens by then. */
  static follow<Value>(
    task: Promise<Value>,
    report: (error: unknown) => void,
  ): ReportedPromise<Value> {
    const promise = new ReportedPromise<Value>((resolve, reject) => {
      task.then(resolve, reject);
    });
    promise.#reportTo(report);
    return promise;
  }

  #reportTo(report: (error: unknown) => void): void {
    super.then(undefined, (error: unknown) => {
      if (!this.#isHeard) report(error);
    });
  }

  // biome-ignore lint/suspicious/noThenProperty: to see who calls it is what this class is for
  override then<Fulfilled = Value, Rejected = never>(
    onFulfilled?: ((value: Value) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#isHeard = true;
    return super.then(onFulfilled, onRejected);
  }
}
