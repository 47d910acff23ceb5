/**
 * @module Writes that may erase what others have saved: those that missed their deadline and may land
 * later, and those that overlap with others because one of them could not wait for its turn. What was
 * acknowledged and then erased is written again.
 */

import { longestAnswer } from './active-writes.js';
import { isSameData } from './data.js';
import { isSameCookie, type RecordChanges, type SessionRecord, withChanges } from './record.js';
import type { IssuedWrite } from './store-writes.js';

/** How many writes are remembered at once; with more, the oldest is forgotten. */
const mostRemembered = 1_000;

/** How soon a repair that failed is tried again, at first and at most, in milliseconds. */
const shortestPause = 100;
const longestPause = 10_000;

/** A write that is running, or whose result is unknown. */
export interface PendingWrite {
  readonly sessionId: string;
  /** What others have written since it read the session, or were writing at that time. */
  readonly later: Map<string, unknown>;
  /** What it changes, while the store writes it. */
  changes?: RecordChanges | undefined;
  /** What it writes, as JSON once something else was written, too. */
  written?: SessionRecord | string | undefined;
  /** Since when its result is unknown, by `performance.now()`. */
  rememberedAt?: number;
}

/** The writes of each session. */
type PendingWrites = Map<string, Set<PendingWrite>>;

/** The pending writes of each store: all that use a store in this process erase each other's. */
const pendingOf = new WeakMap<object, PendingWrites>();

/** The writes of one store that may erase what others write. */
export class LateWrites {
  readonly #repair: (sessionId: string) => Promise<boolean>;
  readonly #pending: PendingWrites;
  /** Those whose result is unknown, the oldest first. */
  readonly #remembered = new Set<PendingWrite>();

  /**
   * @param store all that use the same store in this process share its pending writes
   * @param repair writes again what was erased of a session, in its turn; resolves to whether that
   * worked, and never rejects
   */
  constructor(store: object, repair: (sessionId: string) => Promise<boolean>) {
    this.#pending = pendingOf.get(store) ?? new Map();
    pendingOf.set(store, this.#pending);
    this.#repair = repair;
  }

  /** Begins a write that is about to read the session: it may erase what others write from now on. */
  begin(sessionId: string): PendingWrite {
    const pending = this.#pending.get(sessionId) ?? new Set();
    const later = new Map([...pending].flatMap(({ changes = [] }) => [...changes]));
    const write: PendingWrite = { sessionId, later };
    this.#pending.set(sessionId, pending.add(write));
    return write;
  }

  /** Ends a write that was not issued; `settled` ends one that was. */
  end(write: PendingWrite): void {
    if (write.written === undefined) this.#forget(write);
  }

  /**
   * Waits for a write that was issued. Once it has landed, however late, what it has erased is written
   * again.
   *
   * @param record what it writes
   * @throws the error of the write
   */
  async settled(
    record: SessionRecord,
    { done, answered }: IssuedWrite,
    write: PendingWrite,
  ): Promise<void> {
    write.written = write.later.size === 0 ? record : textOf(record);
    try {
      await done;
    } catch (error) {
      // It may have missed its deadline, and land later.
      this.#remember(write);
      throw error;
    } finally {
      write.changes = undefined;
      void answered.then(() => this.#landed(write));
    }
  }

  /**
   * Notes that changes are being written, which earlier writes may erase.
   *
   * @param own the write of the changes
   * @returns to be called if the write fails
   */
  wrote(sessionId: string, changes: RecordChanges, own?: PendingWrite): () => void {
    for (const key of changes.keys()) own?.later.delete(key);
    if (own) own.changes = changes;
    const others = (): PendingWrite[] => this.#of(sessionId).filter((write) => write !== own);
    const before = new Map(others().map((write) => [write, new Map(write.later)]));
    for (const write of before.keys()) {
      if (typeof write.written === 'object') write.written = textOf(write.written);
      for (const [key, value] of changes) write.later.set(key, value);
    }
    return () => {
      for (const write of others()) {
        const { later } = write;
        const earlier = before.get(write);
        for (const [key, value] of changes) {
          if (later.get(key) !== value) continue;
          if (earlier?.has(key)) later.set(key, earlier.get(key));
          else later.delete(key);
        }
      }
    };
  }

  /** What was saved in a session, but has been erased from the record by another write. */
  erased(sessionId: string, record: SessionRecord): RecordChanges {
    const erased = new Map<string, unknown>();
    for (const { written: text, later } of this.#of(sessionId)) {
      if (later.size === 0 || typeof text !== 'string') continue;
      const written: SessionRecord = JSON.parse(text);
      for (const [key, value] of later) {
        const isSame = key === 'cookie' ? isSameCookie : isSameData;
        const now = asStored(record[key]);
        // The value is that of the late write, and not the one that was saved after it.
        if (isSame(now, written[key]) && !isSame(now, asStored(value))) erased.set(key, value);
      }
    }
    return erased;
  }

  /** A record with what was erased from it; the same record if that is nothing. */
  repaired(sessionId: string, record: SessionRecord): SessionRecord {
    const erased = this.erased(sessionId, record);
    return erased.size === 0 ? record : withChanges(record, erased);
  }

  /** Keeps a write whose result is unknown, for a limited time and in a limited number. */
  #remember(write: PendingWrite): void {
    if (typeof write.written === 'object') write.written = textOf(write.written);
    write.rememberedAt = performance.now();
    this.#remembered.add(write);
    for (const oldest of this.#remembered) {
      if (this.#remembered.size <= mostRemembered && isRecent(oldest)) break;
      this.#forget(oldest);
    }
  }

  /** Repairs the session, and tries again while the store fails. Later writes of it repair it, too. */
  async #landed(write: PendingWrite): Promise<void> {
    if (write.later.size > 0 && write.rememberedAt === undefined) this.#remember(write);
    let pause = shortestPause;
    while (write.later.size > 0 && this.#remembered.has(write) && isRecent(write)) {
      if (await this.#repair(write.sessionId)) break;
      await new Promise((resolve) => void setTimeout(resolve, pause).unref());
      pause = Math.min(longestPause, pause * 2);
    }
    this.#forget(write);
  }

  #forget(write: PendingWrite): void {
    this.#remembered.delete(write);
    const pending = this.#pending.get(write.sessionId);
    pending?.delete(write);
    if (pending?.size === 0) this.#pending.delete(write.sessionId);
  }

  #of(sessionId: string): PendingWrite[] {
    return [...(this.#pending.get(sessionId) ?? [])].filter(isRecent);
  }
}

function isRecent({ rememberedAt }: PendingWrite): boolean {
  return rememberedAt === undefined || performance.now() - rememberedAt < longestAnswer;
}

function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // Only the store knows how to serialise it.
    return undefined;
  }
}

function asStored(value: unknown): unknown {
  const text = textOf(value);
  return text === undefined ? undefined : JSON.parse(text);
}
