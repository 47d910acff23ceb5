/**
 * @module One session that has sockets in this process: its members, when to check whether the store
 * still has it, and when it was last touched.
 */

import type { SessionEndReason } from '../types/session.js';
import { expiryOf, lifetimeOf } from './record.js';
import { sessionHashOf } from './session-hash.js';

/** A socket, as its session sees it. */
export interface Member {
  /** Whether it has gone without leaving the session. */
  readonly isGone: boolean;
  /** Ends the member with its session; resolves when it has gone. */
  end(reason: SessionEndReason): Promise<void>;
}

/** How often to check a session whose cookie has no expiry, in milliseconds: the store may have one. */
const usualInterval = 5 * 60_000;

/**
 * The intervals between checks of a session that has expired by its cookie but not in the store, in
 * milliseconds. The shortest is for stores that count in seconds; the longest is for stores whose
 * `touch` changes an expiry of their own, and not the record.
 */
const shortestInterval = 1_000;
const longestInterval = 60_000;

/**
 * How long an end may take once it is expected, in milliseconds. A login waits for its response. A session
 * that the store does not have may also have been ended by a process whose message is on its way.
 */
const expectedTime: Readonly<Record<SessionEndReason, number>> = {
  destroyed: 2_000,
  expired: 250,
  regenerated: 32_000,
};

/** A session with members. */
export class LiveSession {
  readonly sessionId: string;
  readonly hash: string;
  readonly members: Set<Member> = new Set();
  /** When to check whether the store still has it, in milliseconds since 1970. */
  checkAt: number = Number.POSITIVE_INFINITY;
  /** When it was last touched, by `performance.now()`. */
  touchedAt: number = Number.NEGATIVE_INFINITY;
  /** When it was last written in this process, by `performance.now()`. */
  writtenAt: number = Number.NEGATIVE_INFINITY;
  /** How long a touch keeps it alive, in milliseconds; undefined if its cookie has no lifetime. */
  lifetime: number | undefined;
  /** Why it is about to end, and since when it is, by `performance.now()`. */
  ending: { readonly reason: SessionEndReason; readonly since: number } | undefined;
  /** Whether the store has it. A visitor's new session may not have been saved yet. */
  isStored = false;
  /** When it expires by the last known write or touch, which the record may not show. */
  seenExpiry: number = Number.NEGATIVE_INFINITY;
  /** How many checks in a row have found it alive although its cookie has expired. */
  #overdueChecks = 0;
  /** When it expires by the record that was read or written last. */
  #recordExpiry = Number.POSITIVE_INFINITY;

  constructor(sessionId: string, hash: string = sessionHashOf(sessionId)) {
    this.sessionId = sessionId;
    this.hash = hash;
  }

  /** Notes that it was just written in this process. */
  noteWrite(session: { readonly cookie?: unknown }): void {
    this.noteRecord(session);
    this.noteTouch(session);
  }

  /**
   * Notes that it was just touched in this process. The store may have ignored that, by its option
   * `disableTouch` or `touchAfter`: then the session ends when its record says.
   */
  noteTouch(session: { readonly cookie?: unknown }): void {
    this.writtenAt = performance.now();
    // What was touched is stored. Nothing else is known of the record of a visitor's new session.
    if (!this.isStored) this.noteRecord(session);
    this.lifetime = lifetimeOf(session);
    this.noteExpiry(expiryOf(session));
    const now = Date.now();
    const recordCheck = this.#recordExpiry > now ? this.#recordExpiry : this.#overdueCheck(now);
    this.checkAt = Math.min(this.checkAt, recordCheck);
  }

  /** Notes that another process wrote or touched it, and when it expires. */
  noteExpiry(expiry: number): void {
    this.seenExpiry = expiry;
    if (Number.isFinite(expiry) && expiry > Date.now()) this.checkAt = expiry;
  }

  /** Notes that it was just read. */
  noteRecord(record: { readonly cookie?: unknown }): void {
    this.isStored = true;
    const now = Date.now();
    this.lifetime = lifetimeOf(record);
    const expiry = expiryOf(record);
    this.#recordExpiry = expiry;
    const isOverdue = expiry <= now;
    if (!isOverdue) this.#overdueChecks = 0;
    if (expiry === Number.POSITIVE_INFINITY) this.checkAt = now + usualInterval;
    else this.checkAt = isOverdue ? this.#overdueCheck(now) : expiry;
  }

  /** Expects it to end soon. */
  expectEnd(reason: SessionEndReason): void {
    this.ending = { reason, since: performance.now() };
  }

  /** How long to wait for the expected end, in milliseconds; 0 or less if that is over. */
  get untilEnd(): number {
    if (this.ending === undefined) return 0;
    return this.ending.since + expectedTime[this.ending.reason] - performance.now();
  }

  /** Notes that a check has found it alive. */
  wasChecked(record: { readonly cookie?: unknown }): void {
    if (this.untilEnd <= 0) this.ending = undefined;
    this.#overdueChecks++;
    this.noteRecord(record);
  }

  /** Whether it has expired by all that is known here, though the store may still have it. */
  get isOverdue(): boolean {
    return Math.max(this.#recordExpiry, this.seenExpiry) <= Date.now();
  }

  /** The record may be older than the last touch, whose expiry is then the latest time to check. */
  #overdueCheck(now: number): number {
    if (this.seenExpiry <= now) return now + this.#overdueInterval(longestInterval);
    return Math.min(now + this.#overdueInterval(this.seenExpiry - now), this.seenExpiry);
  }

  /** Doubles with each check, up to a thirtieth of the lifetime. */
  #overdueInterval(longest: number): number {
    const interval = shortestInterval * 2 ** Math.max(0, this.#overdueChecks - 1);
    return Math.max(shortestInterval, Math.min(longest, interval, (this.lifetime ?? 0) / 30));
  }
}
