/**
 * @module A promise that may be ignored: it reports its failure unless somebody handles it.
 */

/**
 * A promise whose failure goes to its handler, or else to `report`, but is never an unhandled
 * rejection.
 *
 * `await` calls `then` only on a promise that is no plain `Promise`
 * (https://tc39.es/ecma262/#sec-promise-resolve), so a subclass can see whether anybody listens.
 */
export class ReportedPromise<Value> extends Promise<Value> {
  #isHeard = false;

  /** `then` returns a plain promise, whose failure is its caller's concern. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** Follows a task. Its failure goes to `report` if nobody listens when it fails. */
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

  // biome-ignore lint/suspicious/noThenProperty: the purpose of this class is to see who calls it
  override then<Fulfilled = Value, Rejected = never>(
    onFulfilled?: ((value: Value) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#isHeard = true;
    return super.then(onFulfilled, onRejected);
  }
}
