/**
 * @module What one read of the store found. It is shared by all listeners that share the read; each
 * gets its own copies of the values that it uses.
 */

import type { SessionError } from '../errors.js';
import { copyData, copyTwice } from './data.js';
import { plainCookie, type SessionRecord } from './record.js';

/** What a read found, or the error that says why it found nothing. */
export type ReadResult =
  | { readonly snapshot: Snapshot; readonly error?: never }
  | { readonly snapshot?: never; readonly error: SessionError };

/** A record as it was when it was read. */
export class Snapshot {
  /** The top-level values. A store that returns live objects may change nested values later. */
  readonly record: SessionRecord;
  /** When the read was wanted, by `performance.now()`. */
  readonly since: number;
  /** Whether it is a visitor's new session, which the store does not have yet. A save ends that. */
  isNew: boolean;
  /** Whether an event with this snapshot has been counted as activity. */
  hasCounted = false;
  readonly #isOwn: boolean;
  #baselines: Record<string, unknown> | undefined;

  /**
   * @param options `isOwn`: this library parsed the record, so nobody else can change it
   */
  constructor(
    record: SessionRecord,
    {
      since = performance.now(),
      isOwn = false,
      isNew = false,
    }: { readonly since?: number; readonly isOwn?: boolean; readonly isNew?: boolean } = {},
  ) {
    // The cookie may be on the prototype of a store's own class.
    this.record = isOwn ? record : { ...record, cookie: record.cookie };
    this.since = since;
    this.isNew = isNew;
    this.#isOwn = isOwn;
  }

  /** The value of a key as it was read, which nobody changes: to be compared with. */
  baseline(key: string): unknown {
    const known = this.#known(key);
    if (known !== undefined) return known;
    const value = this.record[key];
    if (typeof value !== 'object' || value === null) return value;
    this.#baselines ??= {};
    const baseline = key === 'cookie' ? plainCookie(value) : copyData(value);
    this.#baselines[key] = baseline;
    return baseline;
  }

  /** A copy of the value of a key as it was read. The value is an object, but not the cookie. */
  copyOf(key: string): unknown {
    const known = this.#known(key);
    if (known !== undefined) return copyData(known);
    this.#baselines ??= {};
    return copyTwice(Object(this.record[key]), { owner: this.#baselines, key });
  }

  #known(key: string): unknown {
    if (this.#isOwn) return this.record[key];
    return this.#baselines && Object.hasOwn(this.#baselines, key)
      ? this.#baselines[key]
      : undefined;
  }
}
