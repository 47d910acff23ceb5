/**
 * @module Which sessions are alive in this process, and the word of their end. Keeps books of its
 * own, for an application may leave rooms and remove listeners as it likes; must not know what a
 * socket is.
 */

import type { SessionEndReason } from '../types.js';
import { LiveSession, type Member } from './live-session.js';
import type { SessionRecord } from './record.js';
import { markOf } from './session-mark.js';
import type { StoreWatcher } from './store-hooks.js';

/** What nodes tell each other of a session: it is about to end, or has ended, or does not end. */
export type Phase = 'leaving' | 'stayed' | 'ended';

/** A word about a session, which is named by its mark. */
export interface Word {
  readonly mark: string;
  readonly phase: Phase;
  readonly reason: SessionEndReason;
}

/**
 * How long an end is remembered, in milliseconds: for those who began to read the session before,
 * and join it only now. Socket.IO parts with a client that does not get in within 45 s.
 */
const memory = 60_000;

/** How long the word of an end may take after it was announced, in milliseconds. */
const patience = 2_000;

/** The sessions that have members in this process. */
export class Lifetime implements StoreWatcher {
  readonly #tellOthers: (word: Word) => void;
  readonly #sessions = new Map<string, LiveSession>();
  /** The latest ends, the oldest first. */
  readonly #ends = new Map<string, { readonly reason: SessionEndReason; readonly at: number }>();
  /** Told of a session that is watched from now on, or whose time has changed. */
  onWatched: (session: LiveSession) => void = () => {};

  /** @param tellOthers brings a word to the other nodes */
  constructor(tellOthers: (word: Word) => void) {
    this.#tellOthers = tellOthers;
  }

  /** The sessions that are alive. */
  get sessions(): Iterable<LiveSession> {
    return this.#sessions.values();
  }

  /** The session with this id, if it has members. */
  find(sessionId: string): LiveSession | undefined {
    return this.#sessions.get(markOf(sessionId));
  }

  /** Why a session ended since a moment of `performance.now()`, if it did. */
  endSince(sessionId: string, since: number): SessionEndReason | undefined {
    // A hash costs more than all the rest, and mostly nothing has ended.
    if (this.#ends.size === 0) return undefined;
    const end = this.#ends.get(markOf(sessionId));
    return end && end.at >= since ? end.reason : undefined;
  }

  /** A member goes with its session from now on. */
  join(sessionId: string, member: Member, record: SessionRecord): LiveSession {
    const mark = markOf(sessionId);
    const session = this.#sessions.get(mark) ?? new LiveSession(sessionId, mark);
    this.#sessions.set(mark, session);
    session.sawRecord(record);
    session.members.add(member);
    this.onWatched(session);
    return session;
  }

  /** A member has gone by itself. */
  leave(session: LiveSession, member: Member): void {
    session.members.delete(member);
    if (session.members.size > 0) return;
    if (this.#sessions.get(session.mark) === session) this.#sessions.delete(session.mark);
  }

  /** Removes the members that have gone, and could not say so. */
  removeGone(session: LiveSession): void {
    for (const member of session.members) if (member.isGone) this.leave(session, member);
  }

  /** Ends a session's members here and on all other nodes. */
  end(sessionId: string, reason: SessionEndReason): void {
    this.#endAll({ mark: markOf(sessionId), phase: 'ended', reason });
  }

  /** The store has no such session. Others may have told why, or be about to. */
  absent(sessionId: string): void {
    const session = this.find(sessionId);
    if (session === undefined) return;
    const { leaving } = session;
    if (leaving && performance.now() - leaving.since < patience) {
      session.lookAt = Date.now() + patience;
      this.onWatched(session);
      return;
    }
    // Behind the listeners that are told of the same reading.
    setImmediate(() => {
      if (this.find(sessionId) === session) this.end(sessionId, leaving?.reason ?? 'expired');
    });
  }

  leaving(sessionId: string, reason: SessionEndReason): void {
    this.#tell({ mark: markOf(sessionId), phase: 'leaving', reason });
  }

  stayed(sessionId: string): void {
    this.#tell({ mark: markOf(sessionId), phase: 'stayed', reason: 'destroyed' });
  }

  ended(sessionId: string, reason: SessionEndReason, farewell: Promise<void>): void {
    const word: Word = { mark: markOf(sessionId), phase: 'ended', reason };
    this.#remember(word);
    void farewell.then(() => this.#endAll(word));
  }

  written(sessionId: string, session: unknown): void {
    const live = this.#sessions.size > 0 ? this.find(sessionId) : undefined;
    if (live === undefined) return;
    live.sawWrite(Object(session));
    this.onWatched(live);
  }

  /** Another node tells of a session. */
  heard(word: Word): void {
    const session = this.#sessions.get(word.mark);
    if (word.phase === 'ended') {
      this.#remember(word);
      this.#endHere(word);
    } else if (session) {
      session.leaving =
        word.phase === 'leaving' ? { reason: word.reason, since: performance.now() } : undefined;
    }
  }

  /** Forgets everybody. */
  close(): void {
    this.#sessions.clear();
    this.#ends.clear();
    this.onWatched = () => {};
  }

  #tell(word: Word): void {
    this.heard(word);
    this.#tellOthers(word);
  }

  #endAll(word: Word): void {
    this.#remember(word);
    this.#endHere(word);
    this.#tellOthers(word);
  }

  #endHere({ mark, reason }: Word): void {
    const session = this.#sessions.get(mark);
    this.#sessions.delete(mark);
    for (const member of session?.members ?? []) member.end(reason);
  }

  #remember({ mark, reason }: Word): void {
    const now = performance.now();
    this.#ends.delete(mark);
    this.#ends.set(mark, { reason, at: now });
    for (const [oldest, { at }] of this.#ends) {
      if (now - at < memory) break;
      this.#ends.delete(oldest);
    }
  }
}
