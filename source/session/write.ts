/**
 * @module A write in progress: one object from its beginning until the store has answered. Logouts note
 * in it that they have overtaken it, and other writes what it may erase.
 */

import type { Wait } from '../deadlines.js';
import type { RecordChanges, SessionRecord } from './record.js';

/** A logout in progress: resolves to whether the store has removed the session. */
export type PendingDestroy = Promise<boolean>;

/** A write in progress. */
export class Write {
  readonly sessionId: string;
  /** The logouts that were in progress when it began, or came later, if any. */
  destroy: PendingDestroy | undefined;
  /** How many of its parts go on: its task, calls of the store, and a repair of what it has erased. */
  parts = 1;
  /** Ends when it is forgotten, though the store has not answered. */
  forgetting: Wait | undefined;

  /** Whether the store has been given it, and has not answered. */
  isUnanswered = false;
  /** Whether it keeps the turn of the session until the store has answered. */
  keepsTurn = false;
  /** Called when the store has answered, if anybody waits for that. */
  onAnswered: (() => void) | undefined;

  /** Whether it has begun to read the session, and so may erase what others write from then on. */
  mayErase = false;
  /** What others have written since then, or were writing at that time; undefined if nothing. */
  later: RecordChanges | undefined;
  /** What it changes, while the store writes it. */
  changes: RecordChanges | undefined;
  /** What it writes, as JSON once something else was written, too. */
  written: SessionRecord | string | undefined;
  /** The `later` of other writes before it added its changes, which it takes back if it fails. */
  replaced: Map<Write, RecordChanges | undefined> | undefined;

  constructor(sessionId: string, destroy?: PendingDestroy) {
    this.sessionId = sessionId;
    this.destroy = destroy;
  }

  /**
   * Waits for the logouts that have overtaken it, also for those that come meanwhile.
   *
   * @returns whether one of them has removed the session
   */
  async isOvertaken(): Promise<boolean> {
    for (let { destroy } = this; destroy; { destroy } = this) {
      if (await destroy) return true;
      // The store has failed, so the write need not wait for them again.
      if (this.destroy === destroy) this.destroy = undefined;
    }
    return false;
  }

  /** It can erase nothing any more, or nobody can know what. */
  erasesNothing(): void {
    this.mayErase = false;
    this.later = undefined;
    this.written = undefined;
  }
}
