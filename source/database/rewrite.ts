/**
 * @module Changes a record atomically by compare-and-set: writes it only if it is still the one that
 * was read and the lock is held, or else starts again.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { lockLost } from '../errors.js';
import type { HeldLock, RewriteRecord } from '../types.js';
import { type TimeLimit, withTimeLimit } from './time-limit.js';

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
    withTimeLimit(records.limit, async (signal) => {
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
        if (outcome === 'lock lost') throw lockLost();
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
