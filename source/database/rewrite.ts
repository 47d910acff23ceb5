/**
 * @module The atomic change of a record by compare-and-set: it is written only if it is still what
 * was read, and only while the lock is held; otherwise the change is made anew.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { lockLost } from '../errors.js';
import type { HeldLock, RewriteRecord } from '../types.js';
import { type TimeLimit, withTimeLimit } from './time-limit.js';

/** What became of a compare-and-set. */
export type WriteOutcome = 'written' | 'changed' | 'ended' | 'lock lost';

/** One attempt to write a record. */
export interface RecordWrite {
  /** The serialised record as it was read. */
  readonly before: string;
  /** The same, parsed. */
  readonly record: object;
  /** What takes its place. */
  readonly session: object;
  readonly lock: HeldLock | undefined;
}

/** The records of a database. */
export interface ComparedRecords {
  /** How long a change may take, all its attempts together. */
  readonly limit: TimeLimit;
  /** Reads a serialised record; nothing where there is no such session. */
  read(sessionId: string, signal: AbortSignal): Promise<string | undefined>;
  /** Parses a serialised record. */
  parse(text: string): unknown;
  /** Writes a record if it is still what was read, and the lock, if any, still held. */
  write(sessionId: string, write: RecordWrite, signal: AbortSignal): Promise<WriteOutcome>;
}

/** From which attempt on to wait before the next one, so that many writers get in each other's way less. */
const firstPause = 3;
const longestPause = 20;

/** Makes the option `rewrite`. */
export function comparingRewrite(records: ComparedRecords): RewriteRecord {
  return (sessionId, change, { lock }) =>
    withTimeLimit(records.limit, async (signal) => {
      for (let attempt = 1; ; attempt++) {
        const before = await records.read(sessionId, signal);
        const record = before === undefined ? null : await parseRecord(records, before);
        // Past the limit, nobody expects to be asked any more.
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
    // The message of a `SyntaxError` shows a part of the text, which is nobody's business.
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new TypeError('Expected a stored session to be an object in JSON');
}
