/**
 * @module A session that somebody holds sockets of: who they are, when to look whether it is still
 * there, and when it was last kept alive.
 */

import type { SessionEndReason } from '../types.js';
import { expiryOf } from './record.js';
import { markOf } from './session-mark.js';

/** Goes with its session. */
export interface Member {
  /** Whether it has gone by itself, and nobody said so. */
  readonly isGone: boolean;
  /** The session has ended. */
  end(reason: SessionEndReason): void;
}

/** Where a cookie tells no expiry, the store has one of its own: when to look, in milliseconds. */
const usualInterval = 5 * 60_000;

/**
 * How soon to look again at a session whose cookie says that it is over, though the store has it
 * still, in milliseconds: at first, for some stores count in whole seconds; and at most, for many
 * keep a new expiry elsewhere when a session is touched.
 */
const shortestInterval = 1_000;
const longestInterval = 60_000;

/** A session with members. */
export class LiveSession {
  readonly sessionId: string;
  readonly mark: string;
  readonly members: Set<Member> = new Set();
  /** When to look whether the store has it still, in milliseconds since 1970. */
  lookAt: number = Number.POSITIVE_INFINITY;
  /** When it was last touched, by `performance.now()`. */
  touchedAt: number = Number.NEGATIVE_INFINITY;
  /** When anybody in this process last wrote it, by `performance.now()`. */
  writtenAt: number = Number.NEGATIVE_INFINITY;
  /** How long a touch keeps it alive, in milliseconds, where its cookie tells. */
  lifetime: number | undefined;
  /** Why it is about to end, and since when, by `performance.now()`. */
  leaving: { readonly reason: SessionEndReason; readonly since: number } | undefined;

  /** When it runs out by the last write that was seen here: a record that is read may not tell. */
  #writtenExpiry: number = Number.NEGATIVE_INFINITY;
  /** How often a look found it alive in a row, though its cookie says that it is over. */
  overdueLooks = 0;

  constructor(sessionId: string, mark: string = markOf(sessionId)) {
    this.sessionId = sessionId;
    this.mark = mark;
  }

  /** Takes down when to look next, by a session that was written just now. */
  sawWrite(session: { readonly cookie?: unknown }): void {
    this.writtenAt = performance.now();
    this.#writtenExpiry = expiryOf(session);
    this.sawRecord(session);
  }

  /** Takes down when to look next, by a record that was read just now. */
  sawRecord(record: { readonly cookie?: unknown }): void {
    const now = Date.now();
    const expiry = expiryOf(record);
    const maxAge: unknown = Reflect.get(Object(record.cookie), 'originalMaxAge');
    this.lifetime = typeof maxAge === 'number' && maxAge > 0 ? maxAge : undefined;
    const isOverdue = expiry <= now;
    if (!isOverdue) this.overdueLooks = 0;
    if (expiry === Number.POSITIVE_INFINITY) this.lookAt = now + usualInterval;
    else this.lookAt = isOverdue ? this.#overdueLook(now) : expiry;
  }

  /** The record may be older than the last touch: then that one tells when to look, at the latest. */
  #overdueLook(now: number): number {
    const next = now + this.#overdueInterval;
    return this.#writtenExpiry > now ? Math.min(next, this.#writtenExpiry) : next;
  }

  /** Twice as long after each look, in proportion to the time that a touch may have given it. */
  get #overdueInterval(): number {
    const longest = Math.min(longestInterval, (this.lifetime ?? 0) / 30);
    const interval = shortestInterval * 2 ** (this.overdueLooks - 1);
    return Math.max(shortestInterval, Math.min(longest, interval));
  }
}
