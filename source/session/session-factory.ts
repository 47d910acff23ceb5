/**
 * @module Makes session objects as `express-session` does: for listeners, whose values are copied when
 * they are first used, and for stores to write.
 */

import type { SessionData } from 'express-session';
import { SessionError } from '../errors.js';
import { redactError } from '../store-error.js';
import { copyData } from './data.js';
import type { HeldSession, SessionShape } from './held-session.js';
import type { SessionRecord } from './record.js';
import { addSessionMethods } from './session-methods.js';
import { fixedKeys, type MakeSession, sessionMaker } from './session-proxy.js';

/** What `createSession` takes as the request, which gets the session. */
interface SessionHolder {
  readonly sessionID: string;
  session?: object;
}

/** `createSession` of a store, as it was before it was hooked. */
export type CreateSession = (holder: SessionHolder, record: object) => object;

/** What the factory is made with. */
export interface FactoryDependencies {
  readonly createSession: CreateSession;
  /** Whether `createSession` is that of express-session: then this module does the same at less cost. */
  readonly isStandard: boolean;
}

/** The cookie of a record or a session. */
interface Cookie {
  expires?: unknown;
  originalMaxAge?: unknown;
  [key: string]: unknown;
}

/** Makes sessions. */
export class SessionFactory implements SessionShape {
  readonly #dependencies: FactoryDependencies;
  readonly #prototype: object;
  readonly #cookiePrototype: object;
  readonly #make: MakeSession;
  readonly #makers = new WeakMap<object, MakeSession>();

  constructor(dependencies: FactoryDependencies) {
    this.#dependencies = dependencies;
    const sample = this.#create('', { cookie: {} });
    this.#cookiePrototype = Object.getPrototypeOf(Reflect.get(sample, 'cookie'));
    this.#prototype = addSessionMethods(Object.getPrototypeOf(sample));
    this.#make = sessionMaker(this.#prototype);
  }

  isReserved(key: string): boolean {
    return key in this.#prototype || fixedKeys.includes(key);
  }

  makeCookie(cookie: object): object {
    return makeCookie(cookie as Cookie, this.#cookiePrototype);
  }

  /**
   * Makes the session that a listener is given.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` if no session can be made from the record
   */
  open(held: HeldSession): object {
    const make = this.fill(held);
    held.session = make(held);
    return held.session;
  }

  /**
   * Gives a held session the values of its snapshot, as `createSession` would.
   *
   * @returns what makes the session object
   * @throws {SessionError} `ERR_SESSION_STORE` if no session can be made from the record
   */
  fill(held: HeldSession): MakeSession {
    const { record } = held.snapshot;
    if (this.#dependencies.isStandard) {
      // As `createSession` would throw on it.
      checkCookie(record.cookie as Cookie);
      return this.#make;
    }
    const made = this.#create(held.sessionID, record);
    // Its own enumerable values; the rest is on its prototype, of which each session may have another.
    held.adopt({ ...made });
    const base: object = Object.getPrototypeOf(made);
    let make = this.#makers.get(base);
    if (make === undefined) {
      make = sessionMaker(addSessionMethods(base));
      this.#makers.set(base, make);
    }
    return make;
  }

  /**
   * Makes a session for the store to write, with copies of all values, also of those under the names of
   * methods.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` if no session can be made from the record
   */
  forStore(sessionId: string, record: SessionRecord): SessionData {
    const made = this.#create(sessionId, { ...record });
    const hidden = Object.keys(record).filter((key) => this.isReserved(key));
    if (hidden.length === 0) return made as SessionData;
    // The own `req` and `id` of a session cannot be replaced.
    const session: object = Object.assign(Object.create(Object.getPrototypeOf(made)), made);
    for (const key of hidden) {
      Object.defineProperty(session, key, {
        value: copyData(record[key]),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
    return session as SessionData;
  }

  /** Makes a session from copies of the values, whose getters may throw. */
  #create(sessionId: string, record: object): object {
    try {
      return this.#dependencies.createSession({ sessionID: sessionId }, copyData(record));
    } catch (cause) {
      throw cannotBeMadeError(redactError(cause, [sessionId]));
    }
  }
}

/** Does what `createSession` and the `Cookie` of express-session do. */
function makeCookie(source: Cookie, prototype: object): object {
  const copy: Cookie = Object.create(prototype);
  copy.path = '/';
  const { expires } = source;
  // `expires` and `maxAge` are setters of the same date, of which `expires` is set last.
  copy.expires = isDate(expires) ? null : (expires ?? null);
  copy.httpOnly = true;
  for (const key of Object.keys(source)) {
    if (key !== 'data' && key !== 'expires') copy[key] = copyData(source[key]);
  }
  if (isDate(expires)) copy.expires = new Date(expires);
  copy.originalMaxAge = source.originalMaxAge;
  return copy;
}

/** @throws {SessionError} if `Cookie` of express-session would throw */
function checkCookie({ maxAge }: Cookie): void {
  if (maxAge && typeof maxAge !== 'number' && !(maxAge instanceof Date)) {
    throw cannotBeMadeError(new TypeError('maxAge must be a number or Date'));
  }
}

function cannotBeMadeError(cause: unknown): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE',
    'The session store returned a record that no session can be made from',
    { cause },
  );
}

function isDate(value: unknown): value is string | Date {
  return typeof value === 'string' || value instanceof Date;
}

/** Whether a store inherits `createSession` from express-session, whose class has `load`, too. */
export function hasStandardSessions(store: object): boolean {
  for (let owner = store; owner; owner = Object.getPrototypeOf(owner)) {
    if (Object.hasOwn(owner, 'createSession')) return Object.hasOwn(owner, 'load');
  }
  return false;
}
