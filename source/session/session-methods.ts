/**
 * @module The methods of a session in a socket: those of `express-session`, which return a promise if
 * they are called without a callback, and `update`. Such a promise may be ignored: its failure is then
 * reported.
 */

import type { SessionChange } from '../types/session.js';
import type { OpenSession } from './held-session.js';

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

type Callback = (error?: unknown) => void;

type Method = (this: OpenSession, callback: Callback) => unknown;

/** The methods of `Session` that take a callback; `undefined` if its own implementation is used. */
const promisifiedMethods: Readonly<Record<string, Method | undefined>> = {
  save: undefined,
  reload,
  destroy,
  regenerate: undefined,
};

/** Derives a prototype for sessions that have these methods. */
export function addSessionMethods(prototype: object): object {
  const derived = Object.create(prototype);
  for (const [name, own] of Object.entries(promisifiedMethods)) {
    define(derived, name, settling(own ?? Reflect.get(prototype, name)));
  }
  define(derived, 'update', update);
  return derived;
}

function define(owner: object, name: string, value: unknown): void {
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
}

/** `Session` would put the new session on the request, where no listener finds it. */
function reload(this: OpenSession, callback: Callback): void {
  this.req.sessionStore.reload(this, callback);
}

/** As that of `Session`, and notifies the owner that its session is ending. */
function destroy(this: OpenSession, callback: Callback): void {
  const { req: held } = this;
  delete held.session;
  held.owner.endsSession();
  held.sessionStore.destroy(held.sessionID, callback);
}

function update(this: OpenSession, change: SessionChange<unknown>): Promise<unknown> {
  const { sessionStore, owner } = this.req;
  return ReportedPromise.follow(sessionStore.update(this, change), (error) => owner.report(error));
}

/** Makes a method return a promise if it is called without a callback. */
function settling(method: Method): (this: OpenSession, callback?: Callback) => unknown {
  return function (this: OpenSession, callback?: Callback): unknown {
    if (typeof callback === 'function') {
      method.call(this, callback);
      return this;
    }
    const task = new Promise<void>((resolve, reject) => {
      method.call(this, (error) => (error ? reject(error) : resolve()));
    });
    return ReportedPromise.follow(task, (error) => this.req.owner.report(error));
  };
}
