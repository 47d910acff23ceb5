/**
 * @module What one read of the store found. All listeners that share the read share this, each with
 * copies of its own of the values that it reaches for.
 */

import type { SessionError } from '../errors.js';
import { copyData } from './data.js';
import { plainCookie, type SessionRecord } from './record.js';

/** Either what a read found, or the error that says why it found nothing. */
export type ReadResult =
  | { readonly snapshot: Snapshot; readonly error?: never }
  | { readonly snapshot?: never; readonly error: SessionError };

/** A record as it was when it was read. */
export class Snapshot {
  /** The top-level values. Nested ones may be changed by a store that hands out live objects. */
  readonly record: SessionRecord;
  /** When the read was asked for, by `performance.now()`. */
  readonly since: number;
  /** Whether the store has no such session yet: the one that `express-session` made for a visitor. */
  readonly isNew: boolean;
  /** Whether an event that was given this snapshot has counted as activity. */
  hasCounted = false;
  readonly #isOwn: boolean;
  #baselines: Record<string, unknown> | undefined;

  /**
   * @param options `isOwn`: the record was parsed by this library, and nobody else can change it
   */
  constructor(
    record: SessionRecord,
    {
      since = performance.now(),
      isOwn = false,
      isNew = false,
    }: { readonly since?: number; readonly isOwn?: boolean; readonly isNew?: boolean } = {},
  ) {
    // A class of the store's own may have the cookie on its prototype.
    this.record = isOwn ? record : { ...record, cookie: record.cookie };
    this.since = since;
    this.isNew = isNew;
    this.#isOwn = isOwn;
  }

  /**
   * The value of a key that listeners are given copies of, and compared with: nobody changes it.
   */
  baseline(key: string): unknown {
    const value = this.record[key];
    if (this.#isOwn || typeof value !== 'object' || value === null) return value;
    this.#baselines ??= Object.create(null) as Record<string, unknown>;
    const known = this.#baselines[key];
    if (known !== undefined) return known;
    const baseline = key === 'cookie' ? plainCookie(value) : copyData(value);
    this.#baselines[key] = baseline;
    return baseline;
  }
}
