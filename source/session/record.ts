/**
 * @module What the store holds of a session: plain data with a `cookie`. Knows what makes a record,
 * and how to copy one; must not know where it came from.
 */

import { klona } from 'klona';

/** A session as a store holds it. */
export interface SessionRecord {
  cookie: object;
  [key: string]: unknown;
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

/**
 * Copies a record, nested values included, so that no listener writes on another's session. The
 * copy is a plain object also where a store keeps the very `Session` that it was given.
 */
export function copyRecord(record: SessionRecord): SessionRecord {
  return klona({ ...record });
}
