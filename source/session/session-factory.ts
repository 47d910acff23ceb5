/**
 * @module Makes session objects as `express-session` makes them: for listeners, whose values are
 * copied when they are first reached for, and for stores, which are given a `Session` to write.
 */

import { inspect } from 'node:util';
import type { SessionData } from 'express-session';
import { SessionError } from '../errors.js';
import { copyData } from './data.js';
import type { HeldSession, SessionShape } from './held-session.js';
import type { SessionRecord } from './record.js';

/** Stands for a request: has the session's id, and is given the session. */
interface SessionHolder {
  readonly sessionID: string;
  session?: object;
}

/** `createSession` of a store, as it was before it was hooked. */
export type CreateSession = (holder: SessionHolder, record: object) => object;

/** What the factory is made with. */
export interface FactoryDependencies {
  readonly createSession: CreateSession;
  /** Whether `createSession` is that of express-session, which can be done faster here. */
  readonly isStandard: boolean;
  /** Derives a prototype with the methods of a session in a socket. */
  readonly addMethods: (prototype: object) => object;
}

/** The cookie of a record or a session. */
interface Cookie {
  expires?: unknown;
  originalMaxAge?: unknown;
  [key: string]: unknown;
}

/** Makes the session that a listener is given. */
type MakeSession = (held: HeldSession) => object;

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
    this.#prototype = dependencies.addMethods(Object.getPrototypeOf(sample));
    this.#make = sessionMaker(this.#prototype);
  }

  isReserved(key: string): boolean {
    return key in this.#prototype || key === 'req' || key === 'id';
  }

  makeCookie(cookie: object): object {
    return makeCookie(cookie as Cookie, this.#cookiePrototype);
  }

  /**
   * Makes the session that a listener is given.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` where no session can be made of the record
   */
  open(held: HeldSession): object {
    const make = this.fill(held);
    held.session = make(held);
    return held.session;
  }

  /**
   * Gives a held session the values of its snapshot, as `createSession` would have them.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` where no session can be made of the record
   */
  fill(held: HeldSession): MakeSession {
    const { record } = held.snapshot;
    if (this.#dependencies.isStandard) {
      // As `createSession` would throw on it.
      checkCookie(record.cookie as Cookie);
      return this.#make;
    }
    const made = this.#create(held.sessionID, copyData(record));
    // Its own enumerable values; the rest is on its prototype, which may be another for each session.
    held.adopt({ ...made });
    const base: object = Object.getPrototypeOf(made);
    let make = this.#makers.get(base);
    if (make === undefined) {
      make = sessionMaker(this.#dependencies.addMethods(base));
      this.#makers.set(base, make);
    }
    return make;
  }

  /**
   * Makes the session that a store is given to write, with copies of all values. A key that a session
   * has a method for is kept.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` where no session can be made of the record
   */
  forStore(sessionId: string, record: SessionRecord): SessionData {
    const made = this.#create(sessionId, copyData({ ...record }));
    const hidden = Object.keys(record).filter((key) => this.isReserved(key));
    if (hidden.length === 0) return made as SessionData;
    // Its own `req` and `id` could not be replaced.
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

  #create(sessionId: string, record: object): object {
    try {
      return this.#dependencies.createSession({ sessionID: sessionId }, record);
    } catch (cause) {
      throw cannotBeMade(cause);
    }
  }
}

/**
 * A session whose values stay with the record until they are reached for. The proxy stands before
 * the target for that, which holds the values once they are listed or changed; both look the same to
 * whoever inspects them.
 */
function sessionMaker(prototype: object): MakeSession {
  class Target {
    readonly #held: HeldSession;

    constructor(held: HeldSession) {
      this.#held = held;
    }

    static heldBy(target: Target): HeldSession {
      return target.#held;
    }
  }
  Reflect.deleteProperty(Target.prototype, 'constructor');
  Object.setPrototypeOf(Target.prototype, prototype);
  Object.defineProperty(Target.prototype, inspect.custom, {
    value(this: object): object {
      // `inspect` looks at the target of a proxy: it is given a plain session for that.
      const held: HeldSession = Reflect.get(this, 'req');
      held.get('cookie');
      const values = Object.getOwnPropertyDescriptors(held.values);
      return Object.create(Object.getPrototypeOf(prototype), values);
    },
    configurable: true,
    writable: true,
  });
  const handler = sessionHandler(prototype, Target.heldBy);
  return (held) => {
    const target = new Target(held);
    // Its own properties are the values, and nothing else.
    held.fillLater(target as unknown as Record<string, unknown>);
    return new Proxy(target, handler);
  };
}

/** Names of what a session of `express-session` has besides its values, and does not list. */
const fixedKeys: readonly (string | symbol)[] = ['req', 'id'];

function sessionHandler<Target extends object>(
  prototype: object,
  heldBy: (target: Target) => HeldSession,
): ProxyHandler<Target> {
  const isReserved = (key: string | symbol): boolean => key in prototype || fixedKeys.includes(key);
  /** All values are in the target then, each a copy of its own. */
  const list = (target: Target): void => {
    const held = heldBy(target);
    for (const key of Object.keys(held.values)) held.get(key);
  };
  const fixedValue = (target: Target, key: string | symbol): unknown =>
    key === 'req' ? heldBy(target) : heldBy(target).sessionID;
  return {
    get(target, key, receiver) {
      if (typeof key !== 'string') return Reflect.get(target, key, receiver);
      if (key === 'req' || key === 'id') return fixedValue(target, key);
      return key in prototype ? Reflect.get(target, key, receiver) : heldBy(target).get(key);
    },
    set(target, key, value, receiver) {
      const held = heldBy(target);
      if (receiver !== held.session || typeof key !== 'string') {
        return Reflect.set(target, key, value, receiver);
      }
      if (!isReserved(key)) return setValue(held.values, key, { value, receiver });
      // A function is no data: somebody replaces the method, as mocks do.
      const isMethod = typeof value === 'function' || Object.hasOwn(target, key);
      if (isMethod && !fixedKeys.includes(key)) {
        return setValue(held.values, key, { value, receiver });
      }
      held.hide(key, value);
      return true;
    },
    has(target, key) {
      return (
        (typeof key === 'string' && heldBy(target).has(key)) || isReserved(key) || key in target
      );
    },
    deleteProperty(target, key) {
      const { values } = heldBy(target);
      if (typeof key === 'string' && isReserved(key) && !Object.hasOwn(target, key)) {
        heldBy(target).hide(key, undefined);
      }
      return Reflect.deleteProperty(typeof key === 'string' ? values : target, key);
    },
    defineProperty(target, key, descriptor) {
      // They can't be changed, but frozen.
      if (fixedKeys.includes(key) && !Object.hasOwn(target, key)) return false;
      if (typeof key === 'string') {
        // A descriptor may leave out the value that there is.
        heldBy(target).get(key);
        void heldBy(target).values;
      }
      return Reflect.defineProperty(target, key, descriptor);
    },
    ownKeys(target) {
      void heldBy(target).values;
      return [...new Set([...fixedKeys, ...Reflect.ownKeys(target)])];
    },
    getOwnPropertyDescriptor(target, key) {
      if (typeof key === 'string') {
        const held = heldBy(target);
        // An object becomes a copy of its own before anybody sees it.
        if (held.has(key)) held.get(key);
        void held.values;
      }
      const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
      if (descriptor || !fixedKeys.includes(key)) return descriptor;
      const value = fixedValue(target, key);
      return { value, configurable: true, enumerable: false, writable: false };
    },
    preventExtensions(target) {
      list(target);
      for (const key of fixedKeys) {
        Reflect.defineProperty(target, key, { value: fixedValue(target, key) });
      }
      return Reflect.preventExtensions(target);
    },
  };
}

/** Sets a value of a session. */
function setValue(
  values: Record<string, unknown>,
  key: string,
  { value, receiver }: { readonly value: unknown; readonly receiver: unknown },
): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(values, key);
  if (descriptor?.set) {
    Reflect.apply(descriptor.set, receiver, [value]);
    return true;
  }
  return Reflect.set(values, key, value);
}

/** Does what the `Cookie` of `express-session` does with its options, and `createSession` with it. */
function makeCookie(source: Cookie, prototype: object): object {
  const copy: Cookie = Object.create(prototype);
  copy.path = '/';
  const { expires } = source;
  // A setter, and so is `maxAge`, which may come with the rest: a date has the last word.
  copy.expires = isDate(expires) ? null : (expires ?? null);
  copy.httpOnly = true;
  for (const key of Object.keys(source)) {
    if (key !== 'data' && key !== 'expires') copy[key] = copyData(source[key]);
  }
  if (isDate(expires)) copy.expires = new Date(expires);
  copy.originalMaxAge = source.originalMaxAge;
  return copy;
}

/** @throws {SessionError} on a cookie that `Cookie` of express-session throws on */
function checkCookie({ maxAge }: Cookie): void {
  if (maxAge && typeof maxAge !== 'number' && !(maxAge instanceof Date)) {
    throw cannotBeMade(new TypeError('maxAge must be a number or Date'));
  }
}

function cannotBeMade(cause: unknown): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE',
    'The session store gave a record that no session can be made of',
    { cause },
  );
}

function isDate(value: unknown): value is string | Date {
  return typeof value === 'string' || value instanceof Date;
}

/** Whether `createSession` of a store is that of `express-session`: it stands there beside `load`. */
export function hasStandardSessions(store: object): boolean {
  for (let owner = store; owner; owner = Object.getPrototypeOf(owner)) {
    if (Object.hasOwn(owner, 'createSession')) return Object.hasOwn(owner, 'load');
  }
  return false;
}
