/**
 * @module Writes that were given up at their deadline, and may land later, and writes that could not
 * wait for their turn. What was written to the session after them, and told to be saved, is then
 * written again.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { SessionError } from '../errors.js';
import { isSameData } from './data.js';
import { isSameCookie, type RecordChanges, type SessionRecord, withChanges } from './record.js';
import type { IssuedWrite } from './store-calls.js';

/** How many writes may be unknown at once; with more, the oldest is forgotten. */
const mostUnknown = 1_000;

/** How soon a repair that failed is tried again: at first, and at most, in milliseconds. */
const shortestPause = 100;
const longestPause = 10_000;

/** How long a store may take to answer at all, in milliseconds. */
const longest = 10 * 60_000;

/** A write of which nobody knows whether it has landed, or will. */
interface UnknownWrite {
  readonly sessionId: string;
  /** What it writes, as JSON. */
  readonly text: string;
  /** By `performance.now()`. */
  readonly since: number;
  /** What was written after it. */
  readonly later: Map<string, unknown>;
}

/** The writes of one store whose fate is unknown. */
export class LateWrites {
  readonly #repair: (sessionId: string) => Promise<boolean>;
  /** The oldest first. */
  readonly #unknown = new Set<UnknownWrite>();

  /**
   * @param repair writes a session again as `mended` says, while nobody else writes it; tells whether
   * that worked, and never rejects
   */
  constructor(repair: (sessionId: string) => Promise<boolean>) {
    this.#repair = repair;
  }

  /**
   * Waits for a write. Where it is given up, what is written later is taken down until it is answered.
   *
   * @param record what it writes
   * @param isShared whether others may write the session meanwhile: then what they write is taken down
   * from the beginning
   * @throws what the write rejects with
   */
  async settled(
    sessionId: string,
    record: SessionRecord,
    { done, answered }: IssuedWrite,
    isShared = false,
  ): Promise<void> {
    if (isShared) this.#takeDown(sessionId, record, answered);
    try {
      await done;
    } catch (error) {
      if (isShared) throw error;
      if (error instanceof SessionError && error.code === 'ERR_SESSION_STORE_TIMEOUT') {
        this.#takeDown(sessionId, record, answered);
      }
      throw error;
    }
  }

  /**
   * Changes are being written now.
   *
   * @returns takes that back, where the write failed
   */
  wrote(sessionId: string, changes: RecordChanges): () => void {
    const unknown = this.#of(sessionId);
    const before = unknown.map(({ later }) => new Map(later));
    for (const { later } of unknown) for (const [key, value] of changes) later.set(key, value);
    return () => {
      for (const [index, { later }] of unknown.entries()) {
        for (const [key, value] of changes) {
          if (later.get(key) !== value) continue;
          if (before[index]?.has(key)) later.set(key, before[index].get(key));
          else later.delete(key);
        }
      }
    };
  }

  /** A record that was read, with what a late write has erased: the same one where that is nothing. */
  mended(sessionId: string, record: SessionRecord): SessionRecord {
    const erased = new Map<string, unknown>();
    for (const { text, later } of this.#of(sessionId)) {
      if (later.size === 0) continue;
      const written: SessionRecord = JSON.parse(text);
      for (const [key, value] of later) {
        const isSame = key === 'cookie' ? isSameCookie : isSameData;
        const now = asStored(record[key]);
        // It is as that write left it, and not as the later one did.
        if (isSame(now, written[key]) && !isSame(now, asStored(value))) erased.set(key, value);
      }
    }
    return erased.size === 0 ? record : withChanges(record, erased);
  }

  #takeDown(sessionId: string, record: SessionRecord, answered: Promise<void>): void {
    const text = textOf(record);
    if (text === undefined) return;
    const write: UnknownWrite = { sessionId, text, since: performance.now(), later: new Map() };
    this.#unknown.add(write);
    for (const oldest of this.#unknown) {
      if (this.#unknown.size <= mostUnknown && isRecent(oldest)) break;
      this.#unknown.delete(oldest);
    }
    void answered.then(() => this.#landed(write));
  }

  /** A store that is still in trouble is asked again; so is every later write of the session. */
  async #landed(write: UnknownWrite): Promise<void> {
    let pause = shortestPause;
    while (write.later.size > 0 && this.#unknown.has(write) && isRecent(write)) {
      if (await this.#repair(write.sessionId)) break;
      await delay(pause, undefined, { ref: false });
      pause = Math.min(longestPause, pause * 2);
    }
    this.#unknown.delete(write);
  }

  #of(sessionId: string): UnknownWrite[] {
    if (this.#unknown.size === 0) return [];
    return [...this.#unknown].filter((write) => write.sessionId === sessionId && isRecent(write));
  }
}

function isRecent({ since }: UnknownWrite): boolean {
  return performance.now() - since < longest;
}

function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // Then the store had its own way with it.
    return undefined;
  }
}

function asStored(value: unknown): unknown {
  const text = textOf(value);
  return text === undefined ? undefined : JSON.parse(text);
}
