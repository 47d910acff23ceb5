/**
 * @module What the store holds of a session: plain data with a `cookie`.
 */

import { copyData, isSameData } from './data.js';

/** A session as a store holds it. */
export interface SessionRecord {
  cookie: object;
  [key: string]: unknown;
}

/** Top-level keys with their new values; `undefined` where a key was deleted. */
export type RecordChanges = ReadonlyMap<string, unknown>;

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

/** Copies what a session of `express-session` holds, as a record. */
export function recordOf(session: object): SessionRecord {
  const record: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(session)) {
    // What has no value is not stored.
    if (value !== undefined) record[key] = key === 'cookie' ? plainCookie(value) : copyData(value);
  }
  return record as SessionRecord;
}

/**
 * Tells in which top-level keys a record differs from what it was before. A change deep inside a key
 * counts as a change of the key.
 */
export function changesBetween(before: SessionRecord, after: SessionRecord): RecordChanges {
  const changes = new Map<string, unknown>();
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const isSame = key === 'cookie' ? isSameCookie : isSameData;
    if (!isSame(before[key], after[key])) changes.set(key, after[key]);
  }
  return changes;
}

/** Applies changes to a record; every other key stays as it is. */
export function withChanges(record: SessionRecord, changes: RecordChanges): SessionRecord {
  const changed: Record<string, unknown> = { ...record };
  for (const [key, value] of changes) {
    // A record is none without its cookie.
    if (key === 'cookie' && !isRecord({ cookie: value })) continue;
    if (value === undefined) delete changed[key];
    else changed[key] = value;
  }
  return { ...changed, cookie: Object(changed.cookie ?? record.cookie) };
}

/**
 * Gives a record its whole lifetime from now on, as `express-session` does with each write.
 *
 * Most stores' `touch` moves only a time to live of their own: the date inside of the record is that
 * of its last whole write, and would end the session if it were written back.
 */
export function renewed(record: SessionRecord): SessionRecord {
  const lifetime = lifetimeOf(record);
  if (lifetime === undefined) return record;
  const expires = new Date(Date.now() + lifetime);
  return { ...record, cookie: { ...Object(plainCookie(record.cookie)), expires } };
}

/** How long a write or a touch keeps a session alive, in milliseconds, where its cookie says so. */
export function lifetimeOf(record: { readonly cookie?: unknown }): number | undefined {
  const maxAge: unknown = Reflect.get(Object(record.cookie), 'originalMaxAge');
  return typeof maxAge === 'number' && maxAge > 0 ? maxAge : undefined;
}

/** When a record's cookie says that it expires, in milliseconds since 1970; infinite where it does not. */
export function expiryOf(record: { readonly cookie?: unknown }): number {
  const expires: unknown = Reflect.get(Object(record.cookie), 'expires');
  if (!(typeof expires === 'string' || typeof expires === 'number' || expires instanceof Date)) {
    return Number.POSITIVE_INFINITY;
  }
  const time = new Date(expires).getTime();
  return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time;
}

/** What is stored of a cookie: the `Cookie` of `express-session` says so itself. */
export function plainCookie(cookie: unknown): unknown {
  const toJSON: unknown = Reflect.get(Object(cookie), 'toJSON');
  return copyData(typeof toJSON === 'function' ? Reflect.apply(toJSON, cookie, []) : cookie);
}

/**
 * How much two lifetimes may differ that are meant to be the same, in milliseconds: the `Cookie` of
 * express-session sets a lifetime by one look at the clock, and takes it down by another.
 */
const clockTolerance = 20;

/**
 * Whether two cookies, as they are stored, say the same. Where they have a lifetime, `expires` only
 * tells when the session was written, which every write renews.
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
