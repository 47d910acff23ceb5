/**
 * @module Tracks what has changed in a session since it was opened or last saved.
 */

import { SessionError } from '../errors.js';
import { copyToStore, isSameData } from './data.js';
import type { HeldSession } from './held-session.js';
import { isSameCookie, plainCookie, type RecordChanges } from './record.js';
import type { Snapshot } from './snapshot.js';

/** Most sessions are never saved, and so have none. */
const changesOf = new WeakMap<HeldSession, SessionChanges>();

/** What a save was called to write. */
export interface BegunSave {
  /** How many saves of the session had begun by then, this one included. */
  readonly number: number;
  readonly changes: RecordChanges;
}

/** A value that a save could not write. */
interface Unwritten {
  /** The number of that save. */
  readonly number: number;
  readonly value: unknown;
}

/** The unsaved changes of one held session. */
export class SessionChanges {
  readonly #held: HeldSession;
  /** What was saved since the snapshot was taken, which later changes are compared with. */
  #saved = new Map<string, unknown>();
  #saves = 0;
  /** What saves could not write, by its key: later saves write it, too. */
  readonly #unwritten = new Map<string, Unwritten>();
  /** For each task of `during`, the keys that were saved since it began. */
  readonly #savedDuring = new Set<Set<string>>();

  /** The changes of a held session: always the same object. */
  static of(held: HeldSession): SessionChanges {
    const changes = changesOf.get(held) ?? new SessionChanges(held);
    changesOf.set(held, changes);
    return changes;
  }

  private constructor(held: HeldSession) {
    this.#held = held;
  }

  /** The keys that differ from what was saved last, or could not be saved. */
  get unsavedKeys(): readonly string[] {
    return [...this.#changedKeys(), ...this.#unwritten.keys()];
  }

  /**
   * Takes what has changed since the session was opened or saved last. Later changes are for the next
   * save.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` if a value cannot be copied; names its key
   */
  begin(): BegunSave {
    const changes = new Map(this.#changedKeys().map((key) => [key, this.#plain(key)]));
    for (const [key, value] of changes) {
      this.#saved.set(key, value);
      for (const keys of this.#savedDuring) keys.add(key);
    }
    this.#saves++;
    return { number: this.#saves, changes };
  }

  /** What a save has to write by now: its own changes, and what earlier saves could not write. */
  toWrite({ number, changes }: BegunSave): RecordChanges {
    if (this.#unwritten.size === 0) return changes;
    const toWrite = new Map<string, unknown>();
    for (const [key, unwritten] of this.#unwritten) {
      if (unwritten.number < number) toWrite.set(key, unwritten.value);
    }
    for (const [key, value] of changes) toWrite.set(key, value);
    return toWrite;
  }

  /** Records what a save has written. A later save may have failed already, by waiting too long. */
  written({ number }: BegunSave, keys: Iterable<string>): void {
    for (const key of keys) {
      const unwritten = this.#unwritten.get(key);
      if (unwritten && unwritten.number < number) this.#unwritten.delete(key);
    }
  }

  /** Records that a save has failed. */
  failed({ number, changes }: BegunSave): void {
    for (const [key, value] of changes) {
      // The session may have been reloaded or updated meanwhile, and show another value.
      if (!this.#saved.has(key)) continue;
      const later = this.#unwritten.get(key);
      if (later === undefined || later.number < number) this.#unwritten.set(key, { number, value });
    }
  }

  /** Runs a task, and returns its result with the keys that were saved meanwhile. */
  async during<Result>(
    task: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly savedKeys: ReadonlySet<string> }> {
    const savedKeys = new Set<string>();
    this.#savedDuring.add(savedKeys);
    try {
      return { result: await task(), savedKeys };
    } finally {
      this.#savedDuring.delete(savedKeys);
    }
  }

  /** Replaces the session's snapshot by a newer one, except for the values of some keys. */
  rebase(snapshot: Snapshot, kept: Iterable<string> = []): void {
    const held = this.#held;
    const keep = [...kept].map((key) => {
      return { key, value: held.current(key), baseline: this.#baseline(key) };
    });
    this.#saved = new Map();
    const keptKeys = new Set(keep.map(({ key }) => key));
    for (const key of this.#unwritten.keys()) if (!keptKeys.has(key)) this.#unwritten.delete(key);
    if (!held.show(snapshot)) {
      // The session shows what it did before, of which only the kept values remain to be saved.
      const keys = [...Object.keys(held.values), ...Object.keys(snapshot.record)];
      for (const key of keys) {
        if (!held.shape.isReserved(key)) this.#saved.set(key, this.#plain(key));
      }
      for (const { key, baseline } of keep) this.#saved.set(key, baseline);
      return;
    }
    for (const { key, value, baseline } of keep) {
      this.#saved.set(key, baseline);
      if (held.shape.isReserved(key)) held.hide(key, value);
      else if (value === undefined) delete held.values[key];
      else held.values[key] = value;
    }
  }

  #changedKeys(): string[] {
    const keys = new Set([...this.#held.touchedKeys, ...this.#saved.keys()]);
    return [...keys].filter((key) => !this.#isSame(key));
  }

  /** Whether a value is what it was. A value that cannot be compared has changed. */
  #isSame(key: string): boolean {
    try {
      const value = this.#held.current(key);
      // Nobody has used it.
      if (value === this.#held.snapshot.record[key] && !this.#saved.has(key)) return true;
      const before = this.#baseline(key);
      if (key !== 'cookie') return isSameData(value, before);
      return isSameCookie(plainCookie(value), this.#plainBaseline(before));
    } catch {
      return false;
    }
  }

  /** The cookie of a store's record may lack the defaults that `Cookie` adds. */
  #plainBaseline(cookie: unknown): unknown {
    if (this.#saved.has('cookie')) return cookie;
    return plainCookie(this.#held.shape.makeCookie(Object(cookie)));
  }

  #baseline(key: string): unknown {
    if (this.#saved.has(key)) return this.#saved.get(key);
    const { snapshot } = this.#held;
    return Object.hasOwn(snapshot.record, key) ? snapshot.baseline(key) : undefined;
  }

  /** A copy of a value as it is stored. */
  #plain(key: string): unknown {
    try {
      const value = this.#held.current(key);
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
