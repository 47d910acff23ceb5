/**
 * @module What of a held session is to be saved: the values that differ from those it was opened or
 * last saved with.
 */

import { SessionError } from '../errors.js';
import { copyToStore, isSameData } from './data.js';
import type { HeldSession } from './held-session.js';
import { isRecord, isSameCookie, plainCookie, type RecordChanges } from './record.js';
import type { Snapshot } from './snapshot.js';

/** Most sessions are never saved, and so have none. */
const changesOf = new WeakMap<HeldSession, SessionChanges>();

/** The unsaved changes of one held session. */
export class SessionChanges {
  readonly #held: HeldSession;
  /** What was saved since the snapshot was taken, which later changes are compared with. */
  #saved = new Map<string, unknown>();
  /** The keys that a save could not write: the next one writes them, too. */
  readonly #unwritten = new Set<string>();
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
    return [...this.#changedKeys(), ...this.#unwritten];
  }

  /**
   * Takes what has changed since the session was opened or saved last. Later changes are for the next
   * save.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` if a value cannot be copied; names its key
   */
  begin(): RecordChanges {
    const changes = new Map(this.#changedKeys().map((key) => [key, this.#plain(key)]));
    for (const [key, value] of changes) {
      this.#saved.set(key, value);
      for (const keys of this.#savedDuring) keys.add(key);
    }
    return changes;
  }

  /** What earlier saves could not write, as it was then. */
  get unwritten(): RecordChanges {
    return new Map([...this.#unwritten].map((key) => [key, this.#saved.get(key)]));
  }

  /** Records whether a save has written its keys. */
  end(keys: Iterable<string>, isWritten: boolean): void {
    for (const key of keys) {
      if (isWritten) this.#unwritten.delete(key);
      else this.#unwritten.add(key);
    }
  }

  /** Runs a task, and returns its result with the keys that were saved meanwhile. */
  async during<Result>(
    task: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly saved: ReadonlySet<string> }> {
    const saved = new Set<string>();
    this.#savedDuring.add(saved);
    try {
      return { result: await task(), saved };
    } finally {
      this.#savedDuring.delete(saved);
    }
  }

  /** Replaces the session's snapshot by a newer one, except for the values of some keys. */
  rebase(snapshot: Snapshot, kept: Iterable<string> = []): void {
    const held = this.#held;
    const keep = [...kept].map((key) => {
      return { key, value: held.current(key), baseline: this.#baseline(key) };
    });
    this.#saved = new Map();
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
    const keptKeys = new Set(keep.map(({ key }) => key));
    for (const key of this.#unwritten) if (!keptKeys.has(key)) this.#unwritten.delete(key);
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
      // A record needs a cookie, so one that was removed is kept.
      if (!isRecord({ cookie: value })) return true;
      return isSameCookie(plainCookie(value), this.#plainBaseline(before));
    } catch {
      return false;
    }
  }

  /** The cookie that a store gave may lack the defaults that `Cookie` adds. */
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
