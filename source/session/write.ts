/**
 * @module A write in progress: one object from its beginning until the store has answered. Logouts note
 * in it that they have overtaken it, and other writes what it may erase.
 */

import type { Wait } from '../deadlines.js';
import type { RecordChanges, SessionRecord } from './record.js';

/** One or more logouts in progress: resolves to whether the store has removed the session. */
export type PendingLogout = Promise<boolean>;

/** A write in progress. */
export class Write {
  readonly sessionId: string;
  /** The logouts that were in progress when it began, or have begun since; undefined if there are none. */
  logout: PendingLogout | undefined;
  /** How many of its parts are running: its task, calls of the store, and a repair of what it has erased. */
  parts = 1;
  /** The time until it is forgotten even if the store has not answered. */
  forgetting: Wait | undefined;

  /** Whether the store has been called with it, and has not answered. */
  isUnanswered = false;
  /** Whether it keeps the turn of the session until the store has answered. */
  keepsTurn = false;
  /** Called when the store has answered, if the turn of the session is kept until then. */
  onAnswered: (() => void) | undefined;

  /** Whether it has begun to read the session, and so may erase what others write from then on. */
  mayErase = false;
  /** What others have written since then, or were writing at that time; undefined if nothing. */
  laterChanges: RecordChanges | undefined;
  /** What it changes, while the store writes it. */
  changes: RecordChanges | undefined;
  /** The record that it writes; as JSON, because it may change, once there are `laterChanges`. */
  writtenRecord: SessionRecord | string | undefined;
  /** The `laterChanges` of other writes before it added its own, which it takes back if it fails. */
  replacedChanges: Map<Write, RecordChanges | undefined> | undefined;

  constructor(sessionId: string, logout?: PendingLogout) {
    this.sessionId = sessionId;
    this.logout = logout;
  }

  /**
   * Waits for the logouts that have overtaken it, including those that begin meanwhile.
   *
   * @returns whether one of them has removed the session
   */
  async isOvertaken(): Promise<boolean> {
    for (let { logout } = this; logout; { logout } = this) {
      if (await logout) return true;
      // The store has failed, so the write need not wait for them again.
      if (this.logout === logout) this.logout = undefined;
    }
    return false;
  }

  /** Notes that it can erase nothing any more, or that there is no way to know what. */
  erasesNothing(): void {
    this.mayErase = false;
    this.laterChanges = undefined;
    this.writtenRecord = undefined;
  }
}
