/**
 * @module A session that sockets of this process belong to: its members, when to check whether the
 * store still has it, and when it was last kept alive.
 */

import type { SessionEndReason } from '../types/session.js';
import { expiryOf, lifetimeOf } from './record.js';
import { sessionHashOf } from './session-hash.js';

/** Ends with its session. */
export interface Member {
  /** Whether it has gone without saying so. */
  readonly isGone: boolean;
  /** The session has ended; resolves when the member has gone. */
  end(reason: SessionEndReason): Promise<void>;
}

/** How often to check where a cookie tells no expiry, but the store may have one, in milliseconds. */
const usualInterval = 5 * 60_000;

/**
 * How soon to check again a session whose cookie says that it is over, though the store still has it,
 * in milliseconds: at first, for some stores count in whole seconds; and at most, for many keep a new
 * expiry elsewhere when a session is touched.
 */
const shortestInterval = 1_000;
const longestInterval = 60_000;

/** A session with members. */
export class LiveSession {
  readonly sessionId: string;
  readonly hash: string;
  readonly members: Set<Member> = new Set();
  /** When to check whether the store still has it, in milliseconds since 1970. */
  checkAt: number = Number.POSITIVE_INFINITY;
  /** When it was last touched, by `performance.now()`. */
  touchedAt: number = Number.NEGATIVE_INFINITY;
  /** When anybody in this process last wrote it, by `performance.now()`. */
  writtenAt: number = Number.NEGATIVE_INFINITY;
  /** How long a touch keeps it alive, in milliseconds, where its cookie tells. */
  lifetime: number | undefined;
  /** Why it is about to end, and since when, by `performance.now()`. */
  ending: { readonly reason: SessionEndReason; readonly since: number } | undefined;
  /** Whether the store has it: a visitor's new session may not have been saved yet. */
  isStored = false;
  /** When it expires by the last write or touch that was seen: a record that is read may not tell. */
  seenExpiry: number = Number.NEGATIVE_INFINITY;
  /** How often it was found alive in a row, though its cookie says that it is over. */
  #overdueChecks = 0;

  constructor(sessionId: string, hash: string = sessionHashOf(sessionId)) {
    this.sessionId = sessionId;
    this.hash = hash;
  }

  /** It was written or touched in this process just now. */
  sawWrite(session: { readonly cookie?: unknown }): void {
    this.writtenAt = performance.now();
    this.sawRecord(session);
    this.sawExpiry(expiryOf(session));
  }

  /** Another process wrote or touched it, and tells when it expires. */
  sawExpiry(expiry: number): void {
    this.seenExpiry = expiry;
    if (Number.isFinite(expiry) && expiry > Date.now()) this.checkAt = expiry;
  }

  /** It was read just now. */
  sawRecord(record: { readonly cookie?: unknown }): void {
    this.isStored = true;
    const now = Date.now();
    this.lifetime = lifetimeOf(record);
    const expiry = expiryOf(record);
    const isOverdue = expiry <= now;
    if (!isOverdue) this.#overdueChecks = 0;
    if (expiry === Number.POSITIVE_INFINITY) this.checkAt = now + usualInterval;
    else this.checkAt = isOverdue ? this.#overdueCheck(now) : expiry;
  }

  /** It was found alive when it was checked. */
  wasChecked(record: { readonly cookie?: unknown }): void {
    this.#overdueChecks++;
    this.sawRecord(record);
  }

  /** The record may be older than the last touch: then that one tells when to check, at the latest. */
  #overdueCheck(now: number): number {
    const next = now + this.#overdueInterval;
    return this.seenExpiry > now ? Math.min(next, this.seenExpiry) : next;
  }

  /** Twice as long after each check, in proportion to the time that a touch may have given it. */
  get #overdueInterval(): number {
    const longest = Math.min(longestInterval, (this.lifetime ?? 0) / 30);
    const interval = shortestInterval * 2 ** Math.max(0, this.#overdueChecks - 1);
    return Math.max(shortestInterval, Math.min(longest, interval));
  }
}
