/**
 * @module Changes a record atomically by compare-and-set: writes it only if it is still the one that
 * was read and the lock is held, or else starts again. Also finds out when the written record expires.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { cookieExpiryOf } from '../cookie-expiry.js';
import { lockLostError } from '../errors.js';
import type { HeldLock, RewriteRecord } from '../types/options.js';
import type { TimeLimit } from './time-limit.js';

/** The outcome of a compare-and-set. */
export type WriteOutcome = 'written' | 'changed' | 'ended' | 'lock lost';

/** One attempt to write a record. */
export interface RecordWrite {
  /** The serialised record as it was read. */
  readonly before: string;
  /** The same, parsed. */
  readonly record: object;
  /** The record to write. */
  readonly session: object;
  readonly lock: HeldLock | undefined;
}

/** The records of a database. */
export interface ComparedRecords {
  /** How long a change may take, including retries. */
  readonly limit: TimeLimit;
  /** Reads a serialised record; undefined if there is no such session. */
  read(sessionId: string, signal: AbortSignal): Promise<string | undefined>;
  /** Parses a serialised record. */
  parse(text: string): unknown;
  /** Writes a record if it is still the one that was read and the lock, if any, is still held. */
  write(sessionId: string, write: RecordWrite, signal: AbortSignal): Promise<WriteOutcome>;
}

/** The attempt after which to wait before each further one, so that many writers collide less. */
const firstPause = 3;
const longestPause = 20;

/** Makes the option `rewrite`. */
export function comparingRewrite(records: ComparedRecords): RewriteRecord {
  return (sessionId, change, { lock }) =>
    records.limit.run(async (signal) => {
      for (let attempt = 1; ; attempt++) {
        const before = await records.read(sessionId, signal);
        const record = before === undefined ? null : await parseRecord(records, before);
        // After the limit, `change` must not be called any more.
        signal.throwIfAborted();
        const session = change(record);
        if (session === undefined || before === undefined || record === null) return;
        const write = { before, record, session, lock };
        const outcome = await records.write(sessionId, write, signal);
        signal.throwIfAborted();
        if (outcome === 'written') return;
        if (outcome === 'lock lost') throw lockLostError();
        if (outcome === 'ended') {
          change(null);
          return;
        }
        if (attempt >= firstPause) await pause(Math.random() * longestPause, undefined, { signal });
      }
    });
}

async function parseRecord(records: ComparedRecords, text: string): Promise<object | null> {
  try {
    const value: unknown = await records.parse(text);
    if (typeof value === 'object') return value;
  } catch (error) {
    // The message of a `SyntaxError` contains a part of the text, which may be secret.
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new TypeError('Expected a stored session to be an object in JSON');
}

/**
 * When a record that is written now expires, in milliseconds since 1970; undefined if that is unknown.
 *
 * @param ttl the time to live, in seconds, of a session whose cookie does not expire
 */
export function recordExpiry(session: object, ttl: number | undefined): number | undefined {
  // For the stores, 0 means their default, which may not be what the application uses.
  return cookieExpiryOf(session) ?? (ttl ? Date.now() + ttl * 1_000 : undefined);
}

/** How far apart two unchanged expiries of one cookie may be, because stores count in seconds. */
const tolerance = 1_000;

/**
 * Whether a write changes the lifetime of the cookie. If the cookie has a `maxAge`, another `expires` with
 * the same `maxAge` only renews it.
 */
export function isLifetimeChanged(before: object, after: object): boolean {
  const maxAge = cookieField(before, 'originalMaxAge');
  if (typeof maxAge === 'number') return cookieField(after, 'originalMaxAge') !== maxAge;
  const [oldExpiry, newExpiry] = [cookieExpiryOf(before), cookieExpiryOf(after)];
  if (oldExpiry === undefined || newExpiry === undefined) return oldExpiry !== newExpiry;
  return Math.abs(newExpiry - oldExpiry) > tolerance;
}

function cookieField(record: object, name: string): unknown {
  const cookie: unknown = Reflect.get(record, 'cookie');
  return typeof cookie === 'object' && cookie !== null ? Reflect.get(cookie, name) : undefined;
}
