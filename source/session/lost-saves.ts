/**
 * @module Writes acknowledged saves again if another write has erased them. For example: write A misses its
 * deadline, save B writes the key `k` and is acknowledged, and then the store runs A, whose record lacks
 * `k`. Writes also overlap if one of them runs without its turn.
 *
 * Each write says what it does, in this order: `beforeRead`, `beforeWrite`, `beforeCall`, `settled` and
 * `answered`. Meanwhile, `laterChanges` of a write collects what others write after it has read. Once the
 * store has answered, those of them that the write has erased are repaired.
 */

import type { ActiveWrites } from './active-writes.js';
import { isSameData } from './data.js';
import { isSameCookie, type RecordChanges, type SessionRecord, withChanges } from './record.js';
import type { Write } from './write.js';

/** How many late writes are remembered at most, and with how many characters; the oldest are forgotten. */
const maxRemembered = 1_000;
const maxCharacters = 64_000_000;

/** How soon a repair that failed is tried again, at first and at most, in milliseconds. */
const shortestPause = 100;
const longestPause = 10_000;

const nothing: RecordChanges = new Map();

/** The saves that the writes of one store may erase. */
export class LostSaves {
  readonly #active: ActiveWrites;
  readonly #repair: (sessionId: string) => Promise<boolean>;
  /**
   * The late writes, the oldest first, each with the number of its characters: the store has not answered
   * yet, or what the write has erased is not repaired yet.
   */
  readonly #remembered = new Map<Write, number>();
  #characters = 0;

  /**
   * @param active the writes of all users of the store in this process
   * @param repair writes again what was erased from a session, in its turn; resolves to whether that
   * has succeeded, and never rejects
   */
  constructor(active: ActiveWrites, repair: (sessionId: string) => Promise<boolean>) {
    this.#active = active;
    this.#repair = repair;
  }

  /** A write is about to read its session: from now on, it may erase what others write. */
  beforeRead(write: Write): void {
    write.mayErase = true;
    for (const { changes } of this.#active.of(write.sessionId)) {
      if (changes) write.laterChanges = join(write.laterChanges, changes);
    }
  }

  /** The store is about to be called with the record that a write writes. */
  beforeCall(write: Write, record: SessionRecord): void {
    if (!write.mayErase) this.beforeRead(write);
    write.writtenRecord = write.laterChanges ? textOf(record) : record;
    write.isUnanswered = true;
    this.#active.beginPart(write);
  }

  /** A write has got its result. If it has missed its deadline, it may still land later. */
  settled(write: Write): void {
    write.changes = undefined;
    if (write.isUnanswered) this.#remember(write);
  }

  /** The store has answered, possibly late: the write has landed, and what it has erased is repaired. */
  answered(write: Write): void {
    // A store may answer twice.
    if (!write.isUnanswered) return;
    write.isUnanswered = false;
    write.onAnswered?.();
    if (write.laterChanges) void this.#repairErased(write);
    else this.#forget(write);
  }

  /** A write is about to write its changes, which other writes may erase. */
  beforeWrite(write: Write, changes: RecordChanges): void {
    write.changes = changes;
    if (write.laterChanges) {
      const later = [...write.laterChanges].filter(([key]) => !changes.has(key));
      write.laterChanges = later.length > 0 ? new Map(later) : undefined;
    }
    for (const other of this.#othersOf(write)) {
      write.replacedChanges ??= new Map();
      write.replacedChanges.set(other, other.laterChanges);
      other.writtenRecord = asText(other.writtenRecord);
      other.laterChanges = join(other.laterChanges, changes);
    }
  }

  /** The changes of a write were not written: other writes need not keep them. */
  takeBack(write: Write, changes: RecordChanges): void {
    for (const other of this.#othersOf(write)) {
      const later = new Map<string, unknown>(other.laterChanges);
      const earlier = write.replacedChanges?.get(other);
      for (const [key, value] of changes) {
        if (later.get(key) !== value) continue;
        if (earlier?.has(key)) later.set(key, earlier.get(key));
        else later.delete(key);
      }
      other.laterChanges = later.size > 0 ? later : undefined;
    }
  }

  /** What was saved in a session, but has been erased from the record by another write. */
  erased(sessionId: string, record: SessionRecord): RecordChanges {
    let erased: Map<string, unknown> | undefined;
    for (const { writtenRecord: text, laterChanges } of this.#active.of(sessionId)) {
      if (laterChanges === undefined || typeof text !== 'string') continue;
      const written: SessionRecord = JSON.parse(text);
      for (const [key, value] of laterChanges) {
        const isSame = key === 'cookie' ? isSameCookie : isSameData;
        const now = asStored(record[key]);
        // The value is that of the late write, and not the one that was saved after it.
        if (!isSame(now, written[key]) || isSame(now, asStored(value))) continue;
        erased ??= new Map();
        erased.set(key, value);
      }
    }
    return erased ?? nothing;
  }

  /** A record with what was erased from it; the same record if that is nothing. */
  repaired(sessionId: string, record: SessionRecord): SessionRecord {
    const erased = this.erased(sessionId, record);
    return erased.size === 0 ? record : withChanges(record, erased);
  }

  #othersOf(write: Write): readonly Write[] {
    return this.#active.of(write.sessionId).filter((other) => other !== write && other.mayErase);
  }

  /** Keeps a write for a limited time, and a limited number of writes with what they may erase. */
  #remember(write: Write): void {
    write.writtenRecord = asText(write.writtenRecord);
    this.#active.forgetLater(write);
    if (!this.#remembered.has(write)) {
      const length = write.writtenRecord?.length ?? 0;
      this.#remembered.set(write, length);
      this.#characters += length;
    }
    for (const oldest of this.#remembered.keys()) {
      if (!this.#hasTooMany) break;
      this.#stopRemembering(oldest);
    }
  }

  get #hasTooMany(): boolean {
    return this.#remembered.size > maxRemembered || this.#characters > maxCharacters;
  }

  #stopRemembering(write: Write): void {
    this.#characters -= this.#remembered.get(write) ?? 0;
    this.#remembered.delete(write);
    write.erasesNothing();
  }

  /** Repairs the session, and tries again while the store fails. Later writes of it repair it, too. */
  async #repairErased(write: Write): Promise<void> {
    this.#remember(write);
    let pause = shortestPause;
    while (write.laterChanges && !(await this.#repair(write.sessionId))) {
      await new Promise((resolve) => void setTimeout(resolve, pause).unref());
      pause = Math.min(longestPause, pause * 2);
    }
    this.#forget(write);
  }

  #forget(write: Write): void {
    this.#stopRemembering(write);
    this.#active.endPart(write);
  }
}

/** Adds later changes to changes, if there are any. */
function join(changes: RecordChanges | undefined, later: RecordChanges): RecordChanges {
  return changes ? new Map([...changes, ...later]) : later;
}

function asText(written: Write['writtenRecord']): string | undefined {
  return typeof written === 'object' ? textOf(written) : written;
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
