/**
 * @module Saves that were acknowledged, and may be erased by other writes: by those that missed their
 * deadline and may land later, and by those that overlap with others because one of them could not wait
 * for its turn. What was erased is written again.
 */

import type { ActiveWrites } from './active-writes.js';
import { isSameData } from './data.js';
import { isSameCookie, type RecordChanges, type SessionRecord, withChanges } from './record.js';
import type { Write } from './write.js';

/** How many late writes are remembered at once, and of how many characters; the oldest are forgotten. */
const mostRemembered = 1_000;
const mostCharacters = 64_000_000;

/** How soon a repair that failed is tried again, at first and at most, in milliseconds. */
const shortestPause = 100;
const longestPause = 10_000;

const nothing: RecordChanges = new Map();

/** What the writes of one store may erase. */
export class LostSaves {
  readonly #active: ActiveWrites;
  readonly #repair: (sessionId: string) => Promise<boolean>;
  /**
   * The late writes, the oldest first, with the number of their characters: their result is unknown, or
   * is to be repaired.
   */
  readonly #remembered = new Map<Write, number>();
  #characters = 0;

  /**
   * @param active those of all that use the same store in this process
   * @param repair writes again what was erased of a session, in its turn; resolves to whether that
   * worked, and never rejects
   */
  constructor(active: ActiveWrites, repair: (sessionId: string) => Promise<boolean>) {
    this.#active = active;
    this.#repair = repair;
  }

  /** A write is about to read its session: it may erase what others write from now on. */
  reading(write: Write): void {
    write.mayErase = true;
    for (const { changes } of this.#active.of(write.sessionId)) {
      if (changes) write.later = joined(write.later, changes);
    }
  }

  /** The store is about to be given what a write writes. */
  issued(write: Write, record: SessionRecord): void {
    if (!write.mayErase) this.reading(write);
    write.written = write.later ? textOf(record) : record;
    write.isUnanswered = true;
    this.#active.beginPart(write);
  }

  /** The caller of a write is about to be told its result. It may have missed its deadline, and land later. */
  settled(write: Write): void {
    write.changes = undefined;
    if (write.isUnanswered) this.#remember(write);
  }

  /** The store has answered, however late: the write has landed, and what it has erased is written again. */
  answered(write: Write): void {
    // A store may answer twice.
    if (!write.isUnanswered) return;
    write.isUnanswered = false;
    write.onAnswered?.();
    if (write.later) void this.#repairErased(write);
    else this.#forget(write);
  }

  /** The changes of a write are about to be written, and other writes may erase them. */
  writing(write: Write, changes: RecordChanges): void {
    write.changes = changes;
    if (write.later) {
      const later = [...write.later].filter(([key]) => !changes.has(key));
      write.later = later.length > 0 ? new Map(later) : undefined;
    }
    for (const other of this.#othersOf(write)) {
      write.replaced ??= new Map();
      write.replaced.set(other, other.later);
      other.written = asText(other.written);
      other.later = joined(other.later, changes);
    }
  }

  /** The changes of a write were not written. */
  takeBack(write: Write, changes: RecordChanges): void {
    for (const other of this.#othersOf(write)) {
      const later = new Map<string, unknown>(other.later);
      const earlier = write.replaced?.get(other);
      for (const [key, value] of changes) {
        if (later.get(key) !== value) continue;
        if (earlier?.has(key)) later.set(key, earlier.get(key));
        else later.delete(key);
      }
      other.later = later.size > 0 ? later : undefined;
    }
  }

  /** What was saved in a session, but has been erased from the record by another write. */
  erased(sessionId: string, record: SessionRecord): RecordChanges {
    let erased: Map<string, unknown> | undefined;
    for (const { written: text, later } of this.#active.of(sessionId)) {
      if (later === undefined || typeof text !== 'string') continue;
      const written: SessionRecord = JSON.parse(text);
      for (const [key, value] of later) {
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

  /** Keeps a write for a limited time, with what it may erase for a limited number of writes. */
  #remember(write: Write): void {
    write.written = asText(write.written);
    this.#active.forgetLater(write);
    if (!this.#remembered.has(write)) {
      const length = write.written?.length ?? 0;
      this.#remembered.set(write, length);
      this.#characters += length;
    }
    for (const oldest of this.#remembered.keys()) {
      if (!this.#hasTooMany) break;
      this.#noLongerRemember(oldest);
    }
  }

  get #hasTooMany(): boolean {
    return this.#remembered.size > mostRemembered || this.#characters > mostCharacters;
  }

  #noLongerRemember(write: Write): void {
    this.#characters -= this.#remembered.get(write) ?? 0;
    this.#remembered.delete(write);
    write.erasesNothing();
  }

  /** Repairs the session, and tries again while the store fails. Later writes of it repair it, too. */
  async #repairErased(write: Write): Promise<void> {
    this.#remember(write);
    let pause = shortestPause;
    while (write.later && !(await this.#repair(write.sessionId))) {
      await new Promise((resolve) => void setTimeout(resolve, pause).unref());
      pause = Math.min(longestPause, pause * 2);
    }
    this.#forget(write);
  }

  #forget(write: Write): void {
    this.#noLongerRemember(write);
    this.#active.endPart(write);
  }
}

/** Changes, and later ones. */
function joined(changes: RecordChanges | undefined, later: RecordChanges): RecordChanges {
  return changes ? new Map([...changes, ...later]) : later;
}

function asText(written: Write['written']): string | undefined {
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
