/**
 * @module What the store holds of a session: plain data with a `cookie`. Knows what makes a record,
 * how to copy one, and in what two of them differ; must not know where they came from.
 */

import { isDeepStrictEqual } from 'node:util';
import { klona } from 'klona';

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

/**
 * Copies a record, nested values included, so that no listener writes on another's session. The
 * copy is a plain object also where a store keeps the very `Session` that it was given.
 */
export function copyRecord(record: SessionRecord): SessionRecord {
  return klona({ ...record });
}

/** Takes down what a session holds at this moment, as a record. */
export function recordOf(session: object): SessionRecord {
  const entries = Object.entries(session)
    // What has no value is not stored, and so is the same as what is not there.
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, key === 'cookie' ? plainCookie(value) : copyValue(value)]);
  return Object.fromEntries(entries);
}

/** In which keys a record differs from what it was before. A change deep inside a key counts as one of the key. */
export function changesBetween(before: SessionRecord, after: SessionRecord): RecordChanges {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  // Without its cookie, a record is none.
  if (!isRecord(after)) keys.delete('cookie');
  return new Map(
    [...keys]
      .filter((key) => !isDeepStrictEqual(before[key], after[key]))
      .map((key) => [key, after[key]]),
  );
}

/** Makes the changes in a record: every other key stays as it is. */
export function withChanges(record: SessionRecord, changes: RecordChanges): SessionRecord {
  const changed = { ...record };
  for (const [key, value] of changes) {
    if (value === undefined) delete changed[key];
    else changed[key] = value;
  }
  return changed;
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

/** The `Cookie` of `express-session` tells what is stored of it. */
function plainCookie(cookie: unknown): unknown {
  const toJSON: unknown = Reflect.get(Object(cookie), 'toJSON');
  return copyValue(typeof toJSON === 'function' ? Reflect.apply(toJSON, cookie, []) : cookie);
}

/** What can't be copied, some class of the application, the store is given as it is. */
function copyValue(value: unknown): unknown {
  try {
    return klona(value);
  } catch {
    return value;
  }
}
