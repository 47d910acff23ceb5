/**
 * @module A record becomes a session object, as the store's own `createSession` makes it. Knows how
 * `express-session` builds one, so as to do it faster; must not know what it is for.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Store } from 'express-session';
import { SessionError } from '../errors.js';
import { copyRecord, copyValue, type SessionRecord } from './record.js';

/** What stands for the request of a session: has its id, and is told the session. */
export interface SessionHolder {
  readonly sessionID: string;
  session?: object;
}

/** Makes a session of a copy of a record. */
type Make = (holder: SessionHolder, record: SessionRecord) => object;

/** The cookie of a record or a session. */
interface SessionCookie {
  expires?: unknown;
  originalMaxAge?: unknown;
  [key: string]: unknown;
}

/**
 * Makes sessions, each an object of its own with nested values of its own.
 *
 * Every event of every client makes one, and half of what `createSession` takes goes into copying
 * the copy and defining `req` and `id` anew on each. So it makes the first session, which shows how
 * they look, and those after it are made here, if that one comes out the same. A store that has a
 * `createSession` of its own always makes its sessions by itself.
 */
export class SessionMaker {
  readonly #store: Store;
  readonly #addMethods: (prototype: object) => object;
  readonly #prototypes = new WeakMap<object, object>();
  #quickly: Make | undefined;
  #canLearn: boolean;

  /** @param addMethods derives a prototype with the methods of a socket's session */
  constructor(store: Store, addMethods: (prototype: object) => object) {
    this.#store = store;
    this.#addMethods = addMethods;
    this.#canLearn = hasStandardSessions(store);
  }

  /**
   * Makes a session of a copy of a record.
   *
   * @throws whatever `createSession` throws on a record that is no session
   */
  make(holder: SessionHolder, record: SessionRecord): object {
    return this.#quickly ? this.#quickly(holder, record) : this.#makeByStore(holder, record);
  }

  /** Does what `make` does, and tells a record that no session can be made of by its name. */
  open(holder: SessionHolder, record: SessionRecord): object {
    try {
      return this.make(holder, record);
    } catch (cause) {
      return new SessionError(
        'ERR_SESSION_STORE',
        'The session store gave a record that no session can be made of',
        { cause },
      );
    }
  }

  #makeByStore(holder: SessionHolder, record: SessionRecord): object {
    // The store's types ask for the whole request of Express; `createSession` needs what is here.
    const session = this.#store.createSession(holder as never, copyRecord(record) as never);
    const prototype = this.#prototypeFor(Object.getPrototypeOf(session));
    if (this.#canLearn) {
      this.#canLearn = false;
      const quickly = quickMaker(prototype, Object.getPrototypeOf(session.cookie));
      const same = quickly({ sessionID: holder.sessionID }, record);
      if (isDeepStrictEqual({ ...same }, { ...session })) this.#quickly = quickly;
    }
    return Object.setPrototypeOf(session, prototype);
  }

  #prototypeFor(base: object): object {
    let derived = this.#prototypes.get(base);
    if (derived === undefined) {
      derived = this.#addMethods(base);
      this.#prototypes.set(base, derived);
    }
    return derived;
  }
}

/** Whether `createSession` is that of `express-session`: it stands there beside `load`. */
function hasStandardSessions(store: object): boolean {
  for (let owner = store; owner; owner = Object.getPrototypeOf(owner)) {
    if (Object.hasOwn(owner, 'createSession')) return Object.hasOwn(owner, 'load');
  }
  return false;
}

function quickMaker(prototype: object, cookiePrototype: object): Make {
  class QuickSession {
    declare readonly req: SessionHolder;
    [key: string]: unknown;

    constructor(holder: SessionHolder, record: SessionRecord) {
      // A property of its own, as in `Session`: so a Proxy of the session has it as well.
      Object.defineProperty(this, 'req', { value: holder });
      for (const key of Object.keys(record)) {
        if (key === 'cookie')
          this.cookie = copyCookie(record.cookie as SessionCookie, cookiePrototype);
        else if (!(key in this)) this[key] = copyValue(record[key]);
      }
    }

    get id(): string {
      return this.req.sessionID;
    }
  }
  // The class is that of `express-session`.
  Reflect.deleteProperty(QuickSession.prototype, 'constructor');
  Object.setPrototypeOf(QuickSession.prototype, prototype);
  return (holder, record) => {
    const session = new QuickSession(holder, record);
    holder.session = session;
    return session;
  };
}

/** Does what the `Cookie` of `express-session` does with its options, and `createSession` with it. */
function copyCookie(source: SessionCookie, prototype: object): object {
  const copy: SessionCookie = Object.create(prototype);
  copy.path = '/';
  copy.httpOnly = true;
  const { expires } = source;
  // A setter, and so is `maxAge`, which may come with the rest: a date has the last word.
  if (!isDate(expires)) copy.expires = expires ?? null;
  for (const key of Object.keys(source)) {
    if (key !== 'data' && key !== 'expires') copy[key] = copyValue(source[key]);
  }
  if (isDate(expires)) copy.expires = new Date(expires);
  copy.originalMaxAge = source.originalMaxAge;
  return copy;
}

function isDate(value: unknown): value is string | Date {
  return typeof value === 'string' || value instanceof Date;
}
