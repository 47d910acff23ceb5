/**
 * @module Keeps the texts of records with what they were parsed to: a text that has not changed is
 * not parsed again. It is read from the store all the same.
 */

import { isRecord, type SessionRecord } from './record.js';

interface Entry {
  readonly text: string;
  readonly record: SessionRecord;
  /** Whether it was used since the last time that entries had to go. */
  isUsed: boolean;
}

/** Parsed records by session id, as long as their texts fit into the budget. */
export class RecordCache {
  readonly #budget: number;
  /** An order by first use; entries that were used again are passed over once. */
  readonly #entries = new Map<string, Entry>();
  #size = 0;

  /** @param budget how many characters the texts may have in all; none are kept with 0 */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /**
   * Parses the text of a record.
   *
   * @returns the record, which nobody may change; or what else the text holds
   * @throws {SyntaxError} where it is no JSON
   */
  parse(sessionId: string, text: string): unknown {
    const known = this.#entries.get(sessionId);
    if (known?.text === text) {
      known.isUsed = true;
      return known.record;
    }
    this.delete(sessionId);
    const value: unknown = JSON.parse(text);
    if (isRecord(value) && text.length <= this.#budget) {
      this.#entries.set(sessionId, { text, record: value, isUsed: false });
      this.#size += text.length;
      this.#makeRoom();
    }
    return value;
  }

  /** Forgets a session. */
  delete(sessionId: string): void {
    this.#size -= this.#entries.get(sessionId)?.text.length ?? 0;
    this.#entries.delete(sessionId);
  }

  clear(): void {
    this.#entries.clear();
    this.#size = 0;
  }

  #makeRoom(): void {
    for (const [sessionId, entry] of this.#entries) {
      if (this.#size <= this.#budget) return;
      this.delete(sessionId);
      if (!entry.isUsed) continue;
      // Behind all others, once more.
      this.#entries.set(sessionId, { ...entry, isUsed: false });
      this.#size += entry.text.length;
    }
  }
}
