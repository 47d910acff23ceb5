/**
 * @module A record becomes a session that a listener can hold. Knows the methods that a socket's
 * session has besides `express-session`'s own; must not know who is going to hold it.
 */

import type { SessionError } from '../errors.js';
import type { SocketSession } from '../types.js';
import type { SessionRecord } from './record.js';
import { ReportedPromise } from './reported-promise.js';
import type { SessionGuard } from './session-guard.js';
import type { SessionMaker } from './session-maker.js';
import { type Report, SessionRequest } from './session-request.js';

type Callback = (error?: unknown) => void;

/** What every `Session` has: the request that `createSession` was given. */
interface WithRequest {
  readonly req: SessionRequest;
}

type Method = (this: WithRequest, callback: Callback) => unknown;

/** The methods of `Session` that end in a callback, and here in a promise where none is given. */
const settlingMethods = ['save', 'reload', 'destroy', 'regenerate'] as const;

/** Opens sessions: each an object of its own, nested values included. */
export class SessionOpener {
  readonly #guard: SessionGuard;
  readonly #maker: SessionMaker;

  constructor(guard: SessionGuard, maker: SessionMaker) {
    this.#guard = guard;
    this.#maker = maker;
  }

  /**
   * Opens a session of its own on a copy of a record.
   *
   * @param report hears of a save, reload or destroy that failed while nobody listened
   * @returns the session, or `ERR_SESSION_STORE` where no session can be made of the record
   */
  open(sessionId: string, record: SessionRecord, report: Report): SocketSession | SessionError {
    const request = new SessionRequest(sessionId, this.#guard, report);
    // The prototype that `addSettlingMethods` derives has the methods that the type adds.
    return this.#maker.open(request, record) as SocketSession | SessionError;
  }
}

/** Derives a prototype of sessions whose `save` and its like also return promises. */
export function addSettlingMethods(prototype: object): object {
  const derived = Object.create(prototype);
  for (const name of settlingMethods) {
    const value = settling(name === 'reload' ? reload : Reflect.get(prototype, name));
    Object.defineProperty(derived, name, { value, configurable: true, writable: true });
  }
  return derived;
}

/** `Session` would put the session read on the request, where no listener looks. */
function reload(this: WithRequest, callback: Callback): void {
  this.req.sessionStore.reload(this.req.sessionID, this, callback);
}

/** Lets a method be called with a callback, as in `express-session`, or without, for a promise. */
function settling(method: Method): (this: WithRequest, callback?: Callback) => unknown {
  return function (this: WithRequest, callback?: Callback): unknown {
    if (typeof callback === 'function') {
      method.call(this, callback);
      return this;
    }
    const task = new Promise<void>((resolve, reject) => {
      method.call(this, (error) => (error ? reject(error) : resolve()));
    });
    return ReportedPromise.follow(task, this.req.report);
  };
}
