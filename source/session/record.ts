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
  // A store that keeps what it was given has a `Cookie` of `express-session`, of which we know how.
  return { ...copyValue({ ...record }), cookie: klona(record.cookie) };
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

/**
 * Copies data, nested values included. An instance of some class of the application is no data, and
 * given as it is: nobody else knows how to copy it, and it is the store that writes it down.
 */
export function copyValue<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyValue) as Value;
  if (isPlain(value)) return copyObject(value) as Value;
  return isBuiltIn(value) ? klona(value) : value;
}

function copyObject(value: object): object {
  const copy: Record<string, unknown> = {};
  for (const key in value) {
    // A setter of its own: `JSON.parse` makes a key of that name, and so does `Object.fromEntries`.
    if (key === '__proto__') continue;
    copy[key] = copyValue(value[key as keyof typeof value]);
  }
  return copy;
}

/** Whether it has no class, in whichever realm it was made. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isBuiltIn(value: object): boolean {
  return (
    value instanceof Date ||
    value instanceof Map ||
    value instanceof Set ||
    value instanceof RegExp ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value)
  );
}
