/**
 * @module The methods that a session in a socket has besides, or in place of, those of
 * `express-session`: with a callback as there, or without one for a promise.
 */

import type { SessionChange } from '../types/session.js';
import type { OpenSession } from './held-session.js';
import { ReportedPromise } from './reported-promise.js';

type Callback = (error?: unknown) => void;

type Method = (this: OpenSession, callback: Callback) => unknown;

/** The methods of `Session` that end in a callback; `undefined` where its own is used. */
const settlingMethods: Readonly<Record<string, Method | undefined>> = {
  save: undefined,
  reload,
  destroy,
  regenerate: undefined,
};

/** Derives a prototype of sessions whose `save` and its like also return promises, and `update`. */
export function addSessionMethods(prototype: object): object {
  const derived = Object.create(prototype);
  for (const [name, own] of Object.entries(settlingMethods)) {
    define(derived, name, settling(own ?? Reflect.get(prototype, name)));
  }
  define(derived, 'update', update);
  return derived;
}

function define(owner: object, name: string, value: unknown): void {
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
}

/** `Session` would put the session read on the request, where no listener looks. */
function reload(this: OpenSession, callback: Callback): void {
  this.req.sessionStore.reload(this, callback);
}

/** As that of `Session`; and tells the owner of the session that it is ending. */
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

/** Lets a method be called with a callback, as in `express-session`, or without, for a promise. */
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
