/**
 * @module Keeps the texts of records with their parsed values, so that an unchanged text is not parsed
 * again. Each text still comes from the store.
 */

import { isRecord, type SessionRecord } from './record.js';

interface Entry {
  readonly text: string;
  readonly record: SessionRecord;
  /** Whether it was used since entries were last removed. */
  isUsed: boolean;
}

/** The parsed records of as many sessions as fit into the budget. */
export class RecordCache {
  readonly #budget: number;
  /** In the order of their first use. Entries that were used again get a second chance. */
  readonly #entries = new Map<string, Entry>();
  #size = 0;

  /** @param budget how many characters all texts may have together; 0 keeps none */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /**
   * Parses the text of a record.
   *
   * @returns the parsed value, which nobody may change
   * @throws {SyntaxError} if it is not JSON
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
      // The second chance: it becomes the last entry.
      this.#entries.set(sessionId, { ...entry, isUsed: false });
      this.#size += entry.text.length;
    }
  }
}
