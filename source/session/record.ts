/**
 * @module What the store holds of a session: plain data with a `cookie`.
 */

import { cookieExpiryOf } from '../cookie-expiry.js';
import { copyData, isSameData } from './data.js';

/** A session as a store holds it. */
export interface SessionRecord {
  cookie: object;
  [key: string]: unknown;
}

/** Top-level keys with their new values; `undefined` for a deleted key. */
export type RecordChanges = ReadonlyMap<string, unknown>;

/** The result of a save. */
export interface Saved {
  /** What the store has now. */
  readonly record: SessionRecord;
  /** What this save has changed. */
  readonly changes: RecordChanges;
}

/** Whether a value can be made into a session: `createSession` throws on one without a `cookie`. */
export function isRecord(value: unknown): value is SessionRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    'cookie' in value &&
    typeof value.cookie === 'object' &&
    value.cookie !== null &&
    !Array.isArray(value.cookie)
  );
}

/** Copies the data of a session of `express-session` as a record. */
export function recordOf(session: object): SessionRecord {
  const record: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(session)) {
    // A key without a value is not stored.
    if (value !== undefined) record[key] = key === 'cookie' ? plainCookie(value) : copyData(value);
  }
  return record as SessionRecord;
}

/**
 * Finds the top-level keys in which a record differs from an earlier one. A change deep inside a key
 * counts as a change of that key.
 */
export function changesBetween(before: SessionRecord, after: SessionRecord): RecordChanges {
  const changes = new Map<string, unknown>();
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const isSame = key === 'cookie' ? isSameCookie : isSameData;
    if (!isSame(before[key], after[key])) changes.set(key, after[key]);
  }
  return changes;
}

/** Applies changes to a copy of a record. */
export function withChanges(record: SessionRecord, changes: RecordChanges): SessionRecord {
  const changed: Record<string, unknown> = { ...record };
  for (const [key, value] of changes) {
    // A record needs a cookie.
    if (key === 'cookie' && !isRecord({ cookie: value })) continue;
    if (value === undefined) delete changed[key];
    else changed[key] = value;
  }
  return { ...changed, cookie: Object(changed.cookie ?? record.cookie) };
}

/**
 * Gives a record its full lifetime from now on, as `express-session` does with each write.
 *
 * Most stores' `touch` only moves a time to live of their own. The date inside the record is that of
 * its last whole write, and would end the session if it were written back.
 */
export function withRenewedLifetime(record: SessionRecord): SessionRecord {
  const lifetime = lifetimeOf(record);
  if (lifetime === undefined) return record;
  const expires = new Date(Date.now() + lifetime);
  return { ...record, cookie: { ...Object(plainCookie(record.cookie)), expires } };
}

/** How long a write or a touch keeps a session alive, in milliseconds; undefined if its cookie has no lifetime. */
export function lifetimeOf(record: { readonly cookie?: unknown }): number | undefined {
  const maxAge: unknown = Reflect.get(Object(record.cookie), 'originalMaxAge');
  return typeof maxAge === 'number' && maxAge > 0 ? maxAge : undefined;
}

/** When a record expires by its cookie, in milliseconds since 1970; infinite if the cookie has no date. */
export function expiryOf(record: { readonly cookie?: unknown }): number {
  return cookieExpiryOf(record) ?? Number.POSITIVE_INFINITY;
}

/**
 * A copy of a cookie as it is stored, by its own `toJSON` if it has one.
 *
 * A serialiser that does not call `toJSON`, such as EJSON, stores the date as `_expires`, the field of
 * express-session's `Cookie`.
 */
export function plainCookie(cookie: unknown): unknown {
  const toJSON: unknown = Reflect.get(Object(cookie), 'toJSON');
  if (typeof toJSON === 'function') return copyData(Reflect.apply(toJSON, cookie, []));
  if (Reflect.get(Object(cookie), '_expires') === undefined) return copyData(cookie);
  const { _expires: expires, ...rest } = Object(cookie);
  return copyData({ expires, ...rest });
}

/**
 * How much two equal lifetimes may differ, in milliseconds: the `Cookie` of express-session reads the
 * clock twice when a lifetime is set.
 */
const clockTolerance = 20;

/**
 * Whether two stored cookies are the same. If they have a lifetime, `expires` is not compared, because
 * every write renews it.
 */
export function isSameCookie(one: unknown, other: unknown): boolean {
  const lifetime = lifetimeOf({ cookie: one });
  const otherLifetime = lifetimeOf({ cookie: other });
  if (lifetime === undefined || otherLifetime === undefined) return isSameData(one, other);
  const isSameLifetime = Math.abs(lifetime - otherLifetime) <= clockTolerance;
  return isSameLifetime && isSameData(withoutLifetime(one), withoutLifetime(other));
}

function withoutLifetime(cookie: unknown): object {
  return { ...Object(cookie), originalMaxAge: null, expires: null };
}
