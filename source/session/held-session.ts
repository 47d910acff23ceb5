/**
 * @module What stands behind a session that somebody holds: the snapshot that it was made of, the
 * values of its own, and in what they differ. `session.req` is this.
 */

import { SessionError } from '../errors.js';
import type { SessionChange } from '../types/session.js';
import { copyData, copyToStore, isSameData } from './data.js';
import { isRecord, isSameCookie, plainCookie, type RecordChanges } from './record.js';
import type { Snapshot } from './snapshot.js';

/** Who was given a session. */
export interface SessionOwner {
  /** Told of a save, update, reload or destroy that failed while nobody listened. */
  report(error: unknown): void;
  /** Told that it is ending its session itself. */
  endsSession(): void;
}

type Callback = (error?: unknown) => void;

/** What the methods of a session call, as `Session` of express-session calls `req.sessionStore`. */
export interface SessionBackend {
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

/** What a held session needs to know of session objects. */
export interface SessionShape {
  /** Makes the cookie object of a session from that of a record. */
  makeCookie(cookie: object): object;
  /** Whether a key is not shown, because a session has a method of that name. */
  isReserved(key: string): boolean;
}

/** What a held session is made with. */
export interface HeldSessionDependencies {
  readonly backend: SessionBackend;
  readonly owner: SessionOwner;
  readonly shape: SessionShape;
}

/** Stands for an object that is not there yet. */
const noTarget: Record<string, unknown> = Object.freeze({});

/** The values of a session that one listener was given. */
export class HeldSession {
  readonly sessionID: string;
  readonly sessionStore: SessionBackend;
  readonly owner: SessionOwner;
  /** What the session shows of itself; express-session has it on the request as well. */
  session?: object;
  /** Whether an update of this session is under way. */
  isUpdating = false;
  /** Whether all values are in place, each a copy of its own. */
  isListed = false;
  snapshot: Snapshot;
  readonly #shape: SessionShape;
  /** The object that holds all values once they had to be listed or changed. */
  #target: Record<string, unknown> = noTarget;
  /** All values, once they had to be listed or changed; until then only what was reached for. */
  #values: Record<string, unknown> | undefined;
  #copies: Record<string, unknown> | undefined;
  /** Data under the names of methods, which is stored and not shown. */
  #hidden: Map<string, unknown> | undefined;
  /** What was saved since the snapshot was taken: what differs from it is not saved yet. */
  #saved: Map<string, unknown> | undefined;
  #bookkeeping:
    | { readonly unwritten: Set<string>; readonly meanwhile: Set<Set<string>> }
    | undefined;

  constructor(
    sessionId: string,
    snapshot: Snapshot,
    { backend, owner, shape }: HeldSessionDependencies,
  ) {
    this.sessionID = sessionId;
    this.sessionStore = backend;
    this.owner = owner;
    this.snapshot = snapshot;
    this.#shape = shape;
  }

  /** The value of a key, a copy of its own where it is an object. */
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

  /** All values by their keys, to be listed and changed. Objects that nobody reached for are shared. */
  get values(): Record<string, unknown> {
    if (this.#values) return this.#values;
    const values = this.#target;
    const { record } = this.snapshot;
    for (const key of Object.keys(record)) {
      if (!this.#shape.isReserved(key)) values[key] = this.#copies?.[key] ?? record[key];
    }
    this.#values = values;
    return values;
  }

  /** Puts all values in place, each a copy of its own. */
  list(): void {
    if (this.isListed) return;
    const { values } = this;
    try {
      for (const key of Object.keys(values)) this.#own(values, key);
      this.isListed = true;
    } catch {
      // A value cannot be copied: reading it throws, and listing the others does not.
    }
  }

  /** Whether there is such a key. */
  has(key: string): boolean {
    if (this.#values) return Object.hasOwn(this.#values, key);
    return Object.hasOwn(this.snapshot.record, key) && !this.#shape.isReserved(key);
  }

  /** Sets data under the name of a method, or deletes it with `undefined`: stored, and not shown. */
  hide(key: string, value: unknown): void {
    if (key === '__proto__') return;
    // It is compared with what it replaces, which others may change later.
    this.#baseline(key);
    this.#hidden ??= new Map();
    this.#hidden.set(key, value);
  }

  /** Takes the object that is to hold the values, and has none yet. */
  fillLater(target: Record<string, unknown>): void {
    this.#target = target;
    if (this.#values) this.adopt(this.#values);
  }

  /** Takes the values of a session that the store made itself. */
  adopt(values: Record<string, unknown>): void {
    this.#values = this.#target === noTarget ? values : Object.assign(this.#target, values);
  }

  /** Replaces the snapshot by a newer one, but for the values of some keys. */
  replace(snapshot: Snapshot, kept: Iterable<string> = []): void {
    const keep = [...kept].map((key) => {
      return { key, value: this.#current(key), baseline: this.#baseline(key) };
    });
    this.snapshot = snapshot;
    this.#hidden = undefined;
    this.#saved = undefined;
    if (this.#isFixed) {
      this.#keepAll(keep);
      return;
    }
    for (const key of Object.getOwnPropertyNames(this.#target)) {
      Reflect.deleteProperty(this.#target, key);
    }
    this.#values = undefined;
    this.#copies = undefined;
    this.isListed = false;
    for (const { key, value, baseline } of keep) {
      this.#saved ??= new Map();
      this.#saved.set(key, baseline);
      if (value === undefined) delete this.values[key];
      else this.values[key] = value;
    }
    const keptKeys = new Set(keep.map(({ key }) => key));
    for (const key of this.#unwritten) if (!keptKeys.has(key)) this.#unwritten.delete(key);
  }

  /** Whether the application has frozen the session, or fixed a value of it. */
  get #isFixed(): boolean {
    const descriptors = Object.values(Object.getOwnPropertyDescriptors(this.#target));
    return (
      !Object.isExtensible(this.#target) || descriptors.some(({ configurable }) => !configurable)
    );
  }

  /** Shows what it showed, of which only what was kept is still to be saved. */
  #keepAll(kept: readonly { readonly key: string; readonly baseline: unknown }[]): void {
    this.#saved = new Map();
    for (const key of [...Object.keys(this.values), ...Object.keys(this.snapshot.record)]) {
      if (!this.#shape.isReserved(key)) this.#saved.set(key, this.#plain(key));
    }
    for (const { key, baseline } of kept) this.#saved.set(key, baseline);
  }

  /** The keys that differ from what was saved last, or could not be saved. */
  get unsavedKeys(): readonly string[] {
    return [...this.#changedKeys(), ...this.#unwritten];
  }

  /**
   * Takes down what is to be saved: what was changed since the session was given or saved last. What
   * changes from now on is for the next save.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` where a value cannot be copied; names its key
   */
  beginSave(): RecordChanges {
    const changes = this.#differences();
    this.#saved ??= new Map();
    for (const [key, value] of changes) {
      this.#saved.set(key, value);
      for (const keys of this.#savedMeanwhile) keys.add(key);
    }
    return changes;
  }

  /** What earlier saves could not write, as it was then. */
  get unwritten(): RecordChanges {
    return new Map([...this.#unwritten].map((key) => [key, this.#saved?.get(key)]));
  }

  /** Takes down which keys were written, and which could not be. */
  endSave(keys: Iterable<string>, isWritten: boolean): void {
    for (const key of keys) {
      if (isWritten) this.#unwritten.delete(key);
      else this.#unwritten.add(key);
    }
  }

  /** Runs a task, and tells which keys were saved meanwhile. */
  async during<Result>(
    task: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly saved: ReadonlySet<string> }> {
    const saved = new Set<string>();
    this.#savedMeanwhile.add(saved);
    try {
      return { result: await task(), saved };
    } finally {
      this.#savedMeanwhile.delete(saved);
    }
  }

  /** Keys that a save could not write: the next one writes them as well. */
  get #unwritten(): Set<string> {
    return this.#saves.unwritten;
  }

  get #savedMeanwhile(): Set<Set<string>> {
    return this.#saves.meanwhile;
  }

  /** Most sessions are never saved, and so have none of it. */
  get #saves(): { readonly unwritten: Set<string>; readonly meanwhile: Set<Set<string>> } {
    this.#bookkeeping ??= { unwritten: new Set(), meanwhile: new Set() };
    return this.#bookkeeping;
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
    const value = this.snapshot.baseline(key);
    return key === 'cookie' ? this.#shape.makeCookie(value as object) : copyData(value);
  }

  /** What was changed, with copies of the new values. */
  #differences(): RecordChanges {
    return new Map(this.#changedKeys().map((key) => [key, this.#plain(key)]));
  }

  #changedKeys(): string[] {
    const { record } = this.snapshot;
    const values = this.#values ?? this.#copies ?? {};
    const keys = new Set(Object.keys(values));
    if (this.#values) for (const key of Object.keys(record)) keys.add(key);
    for (const key of this.#saved?.keys() ?? []) keys.add(key);
    const shown = [...keys].filter((key) => !this.#shape.isReserved(key));
    const hidden = this.#hidden?.keys() ?? [];
    return [...shown, ...hidden].filter((key) => !this.#isSame(key));
  }

  #current(key: string): unknown {
    if (this.#hidden?.has(key)) return this.#hidden.get(key);
    if (this.#values) return Object.hasOwn(this.#values, key) ? this.#values[key] : undefined;
    return this.#copies?.[key] ?? this.snapshot.record[key];
  }

  /** Whether a value is what it was. What cannot be compared has changed. */
  #isSame(key: string): boolean {
    try {
      const value = this.#current(key);
      // Nobody has reached for it.
      if (value === this.snapshot.record[key] && !this.#saved?.has(key)) return true;
      const before = this.#baseline(key);
      if (key !== 'cookie') return isSameData(value, before);
      // A record is none without its cookie, so that is not taken away.
      if (!isRecord({ cookie: value })) return true;
      return isSameCookie(plainCookie(value), this.#plainBaseline(before));
    } catch {
      return false;
    }
  }

  /** The baseline of the cookie may be what a store gave, of which `Cookie` completes the defaults. */
  #plainBaseline(cookie: unknown): unknown {
    if (this.#saved?.has('cookie')) return cookie;
    return plainCookie(this.#shape.makeCookie(Object(cookie)));
  }

  #baseline(key: string): unknown {
    if (this.#saved?.has(key)) return this.#saved.get(key);
    return Object.hasOwn(this.snapshot.record, key) ? this.snapshot.baseline(key) : undefined;
  }

  /** A copy of a value as it is stored. */
  #plain(key: string): unknown {
    try {
      const value = this.#current(key);
      return key === 'cookie' ? plainCookie(value) : copyToStore(value);
    } catch (cause) {
      throw new SessionError(
        'ERR_SESSION_STORE',
        `Could not save \`session.${key}\`: its value cannot be copied; expected plain data`,
        { cause },
      );
    }
  }
}
