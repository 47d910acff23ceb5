/**
 * @module What is behind a session object: the snapshot it was made from, and its own copies of the
 * values that were used. `session.req` is this.
 */

import type { SessionChange } from '../types/session.js';
import type { Snapshot } from './snapshot.js';

/** The listener call or job that a session was opened for. */
export interface SessionOwner {
  /** Called with the error of a `save`, `update`, `reload` or `destroy` that nobody handled. */
  report(error: unknown): void;
  /** Called before the owner's session is destroyed through the session object. */
  endsSession(): void;
}

type Callback = (error?: unknown) => void;

/** What the methods of a session call as `req.sessionStore`. */
export interface SessionStore {
  set(sessionId: string, session: OpenSession, callback: Callback): void;
  destroy(sessionId: string, callback: Callback): void;
  regenerate(request: object, callback: Callback): void;
  reload(session: OpenSession, callback: Callback): void;
  update(session: OpenSession, change: SessionChange<unknown>): Promise<unknown>;
}

/** A session that was opened. */
export interface OpenSession {
  readonly req: HeldSession;
  [key: string]: unknown;
}

/** How session objects are made. */
export interface SessionShape {
  /** Makes the cookie object of a session from that of a record. */
  makeCookie(cookie: object): object;
  /** Whether a key is not shown, because a session has a method of that name. */
  isReserved(key: string): boolean;
}

/** What a held session is made with. */
export interface HeldSessionDependencies {
  readonly store: SessionStore;
  readonly owner: SessionOwner;
  readonly shape: SessionShape;
}

/** In place of the target until `fillLater` is called. */
const noTarget: Record<string, unknown> = Object.freeze({});

/** The session of one owner. */
export class HeldSession {
  readonly sessionID: string;
  readonly sessionStore: SessionStore;
  readonly owner: SessionOwner;
  readonly shape: SessionShape;
  /** The session object; express-session has it on the request, too. */
  session?: object;
  /** Whether an update of this session is running. */
  isUpdating = false;
  /** Whether all values are in place, each of them a copy. */
  isListed = false;
  snapshot: Snapshot;
  /** The object that holds all values once they were listed or one was changed. */
  #target: Record<string, unknown> = noTarget;
  /** All values, once they were listed or one was changed; until then, only `#copies` are held. */
  #values: Record<string, unknown> | undefined;
  #copies: Record<string, unknown> | undefined;
  /** Data under the names of methods, which is stored but not shown. */
  #hidden: Map<string, unknown> | undefined;

  constructor(
    sessionId: string,
    snapshot: Snapshot,
    { store, owner, shape }: HeldSessionDependencies,
  ) {
    this.sessionID = sessionId;
    this.sessionStore = store;
    this.owner = owner;
    this.snapshot = snapshot;
    this.shape = shape;
  }

  /** The value of a key, which is a copy if it is an object. */
  get(key: string): unknown {
    if (this.#values) return this.#own(this.#values, key);
    const { record } = this.snapshot;
    const value = record[key];
    if (typeof value !== 'object' || value === null) {
      return value;
    }
    this.#copies ??= {};
    const copy = this.#copies[key] ?? this.#copy(key);
    this.#copies[key] = copy;
    return copy;
  }

  /** All values by their keys, to be listed and changed. Objects that nobody used yet are shared. */
  get values(): Record<string, unknown> {
    if (this.#values) return this.#values;
    const values = this.#target;
    const { record } = this.snapshot;
    for (const key of Object.keys(record)) {
      if (!this.shape.isReserved(key)) values[key] = this.#copies?.[key] ?? record[key];
    }
    this.#values = values;
    return values;
  }

  /** Puts all values in place, each of them a copy. */
  list(): void {
    if (this.isListed) return;
    const { values } = this;
    try {
      for (const key of Object.keys(values)) this.#own(values, key);
      this.isListed = true;
    } catch {
      // A value cannot be copied: only reading it throws, and not listing the others.
    }
  }

  /** Whether there is such a key. */
  has(key: string): boolean {
    if (this.#values) return Object.hasOwn(this.#values, key);
    return Object.hasOwn(this.snapshot.record, key) && !this.shape.isReserved(key);
  }

  /** Sets data under the name of a method, or deletes it with `undefined`: it is stored, but not shown. */
  hide(key: string, value: unknown): void {
    if (key === '__proto__') return;
    // The value is compared later with what it replaces, which others may have changed by then.
    this.snapshot.baseline(key);
    this.#hidden ??= new Map();
    this.#hidden.set(key, value);
  }

  /** The value of a key as it is, shown or hidden, and not copied. */
  current(key: string): unknown {
    if (this.#hidden?.has(key)) return this.#hidden.get(key);
    if (this.#values) return Object.hasOwn(this.#values, key) ? this.#values[key] : undefined;
    return this.#copies?.[key] ?? this.snapshot.record[key];
  }

  /** The keys that may differ from the snapshot. */
  get touchedKeys(): readonly string[] {
    const { record } = this.snapshot;
    const shown = this.#values
      ? [...Object.keys(this.#values), ...Object.keys(record)]
      : Object.keys(this.#copies ?? {});
    const hidden = this.#hidden?.keys() ?? [];
    return [...shown.filter((key) => !this.shape.isReserved(key)), ...hidden];
  }

  /** Takes the object that will hold the values, which is empty yet. */
  fillLater(target: Record<string, unknown>): void {
    this.#target = target;
    if (this.#values) this.adopt(this.#values);
  }

  /** Takes the values of a session that the store made itself. */
  adopt(values: Record<string, unknown>): void {
    this.#values = this.#target === noTarget ? values : Object.assign(this.#target, values);
  }

  /**
   * Shows a newer snapshot.
   *
   * @returns whether its values are shown; not if the application froze the session, or a value of it
   */
  show(snapshot: Snapshot): boolean {
    this.snapshot = snapshot;
    this.#hidden = undefined;
    if (isFixed(this.#target)) return false;
    for (const key of Object.getOwnPropertyNames(this.#target)) {
      Reflect.deleteProperty(this.#target, key);
    }
    this.#values = undefined;
    this.#copies = undefined;
    this.isListed = false;
    return true;
  }

  #own(values: Record<string, unknown>, key: string): unknown {
    if (!Object.hasOwn(values, key)) return undefined;
    // A getter is called on the session.
    const value: unknown = Reflect.get(values, key, this.session ?? values);
    if (typeof value !== 'object' || value === null || value !== this.snapshot.record[key]) {
      return value;
    }
    const copy = this.#copy(key);
    values[key] = copy;
    return copy;
  }

  #copy(key: string): unknown {
    if (key !== 'cookie') return this.snapshot.copyOf(key);
    return this.shape.makeCookie(this.snapshot.baseline(key) as object);
  }
}

/** Whether an object was frozen, or a property of it. */
function isFixed(object: object): boolean {
  const descriptors = Object.values(Object.getOwnPropertyDescriptors(object));
  return !Object.isExtensible(object) || descriptors.some(({ configurable }) => !configurable);
}
