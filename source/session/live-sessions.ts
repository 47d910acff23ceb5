/**
 * @module The index of the sessions that have sockets in this process, and the messages of processes
 * about them. Rooms and listeners could not be the index, because applications may leave and
 * remove them.
 */

import { debug, publishCounts, trace } from '../diagnostics.js';
import { ExpiringMap } from '../expiring-map.js';
import type { SessionEndReason } from '../types/session.js';
import { ExpiryWatch } from './expiry-watch.js';
import { LiveSession, type Member } from './live-session.js';
import { Extensions, type ProcessBus, type SessionMessage } from './process-bus.js';
import type { SessionReader } from './reader.js';
import { expiryOf, type SessionRecord } from './record.js';
import type { RecordCache } from './record-cache.js';
import { sessionHashOf } from './session-hash.js';

/** What live sessions work with. */
export interface LiveSessionsDependencies {
  readonly reader: Pick<SessionReader, 'read'>;
  readonly bus: ProcessBus;
  /** Forgets a session when its last member has gone. */
  readonly cache: Pick<RecordCache, 'delete'>;
}

/**
 * How long an end is remembered, in milliseconds: for sockets that read the session before it and join
 * it after, and for clients that were away. By default Socket.IO recovers these for two minutes, and
 * disconnects a client that is not connected within 45 s.
 */
const endMemory = 120_000;

/** How long an announced end is remembered, in milliseconds: as long as a login may take. */
const announcementMemory = 32_000;

/** The sessions that have members in this process. */
export class LiveSessions {
  readonly #dependencies: LiveSessionsDependencies;
  readonly #watch: ExpiryWatch;
  readonly #sessions = new Map<string, LiveSession>();
  readonly #ends = new ExpiringMap<SessionEndReason>(endMemory);
  /** The ends that were announced, also of sessions without members here: their clients may be away. */
  readonly #announced = new ExpiringMap<SessionEndReason>(announcementMemory);
  readonly #extensions: Extensions;
  /** When the store was last cleared, by `performance.now()`. */
  #clearedAt = Number.NEGATIVE_INFINITY;
  #memberCount = 0;

  constructor(dependencies: LiveSessionsDependencies) {
    this.#dependencies = dependencies;
    this.#extensions = new Extensions(dependencies.bus);
    this.#watch = new ExpiryWatch({
      sessions: () => this.#sessions.values(),
      reader: dependencies.reader,
      removeGone: (session) => this.#removeGone(session),
    });
    this.#subscribe();
  }

  /** How many sessions there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Finds a session with members. */
  find(sessionId: string): LiveSession | undefined {
    return this.#sessions.size === 0 ? undefined : this.#sessions.get(sessionHashOf(sessionId));
  }

  /** Why a session ended since a moment of `performance.now()`, if it did. */
  endSince(sessionId: string, since: number): SessionEndReason | undefined {
    // Mostly nothing has ended, which saves the hash.
    if (this.#ends.size === 0) return undefined;
    const end = this.#ends.get(sessionHashOf(sessionId));
    return end && end.addedAt >= since ? end.value : undefined;
  }

  /** Whether a session was regenerated as long ago as ends are remembered, or is being regenerated. */
  wasRegenerated(hash: string): boolean {
    return [this.#ends, this.#announced].some((ends) => ends.get(hash)?.value === 'regenerated');
  }

  /**
   * Adds a member to its session.
   *
   * @param record what was read; undefined if the session has not been stored yet
   */
  join(sessionId: string, member: Member, record: SessionRecord | undefined): LiveSession {
    const hash = sessionHashOf(sessionId);
    const session = this.#sessions.get(hash) ?? this.#add(new LiveSession(sessionId, hash));
    if (record) session.noteRecord(record);
    session.members.add(member);
    this.#memberCount++;
    this.#publishCounts();
    this.#watchOver(session);
    return session;
  }

  /** Removes a member that has gone by itself. */
  leave(session: LiveSession, member: Member): void {
    if (!session.members.delete(member)) return;
    this.#memberCount--;
    if (session.members.size === 0 && this.#sessions.get(session.hash) === session) {
      this.#remove(session);
      // The other processes must know when it expires, since this one no longer watches it.
      this.#extensions.add(session.hash, session.seenExpiry);
    }
    this.#publishCounts();
  }

  /** Ends a session's members here and in all other processes. */
  end(sessionId: string, reason: SessionEndReason): void {
    this.#endEverywhere(sessionHashOf(sessionId), reason);
  }

  /** The store does not have the session. Another process may have said why, or be about to. */
  absent(sessionId: string): void {
    const session = this.find(sessionId);
    if (!session?.isStored) return;
    // A message that says why may still be on its way.
    if (!(session.ending || session.isOverdue)) session.expectEnd('expired');
    if (session.untilEnd > 0) {
      this.#watchOver(session);
      return;
    }
    const reason = session.ending?.reason ?? 'expired';
    // After the listeners that share the read.
    setImmediate(() => {
      if (this.find(sessionId) === session) this.end(sessionId, reason);
    });
  }

  ending(sessionId: string, reason: SessionEndReason): void {
    this.#tell({ type: 'ending', hash: sessionHashOf(sessionId), reason });
  }

  stayed(sessionId: string): void {
    this.#tell({ type: 'stayed', hash: sessionHashOf(sessionId), reason: 'destroyed' });
  }

  ended(sessionId: string, reason: SessionEndReason, finished: Promise<void>): void {
    const hash = sessionHashOf(sessionId);
    const isExpired = this.#sessions.get(hash)?.ending?.reason === 'expired';
    const known = isExpired ? 'expired' : reason;
    this.#ends.set(hash, known);
    void finished.then(() => this.#endEverywhere(hash, known));
  }

  written(sessionId: string, session: unknown): void {
    this.#note(sessionId, session, (live) => live.noteWrite(Object(session)));
  }

  touched(sessionId: string, session: unknown): void {
    this.#note(sessionId, session, (live) => live.noteTouch(Object(session)));
  }

  #note(sessionId: string, session: unknown, note: (live: LiveSession) => void): void {
    const hash = sessionHashOf(sessionId);
    const live = this.#sessions.get(hash);
    if (live === undefined) {
      this.#extensions.add(hash, expiryOf(Object(session)));
      return;
    }
    // The others need no message, because this process sends them one when the session ends.
    note(live);
    this.#watchOver(live);
  }

  /** Requests a check when a session expires; soon if it may have been read before the store was cleared. */
  #watchOver(session: LiveSession): void {
    if (performance.now() - this.#clearedAt < endMemory) session.checkAt = Date.now();
    // The process that is ending it may have died.
    if (session.ending) session.checkAt = Math.min(session.checkAt, Date.now() + session.untilEnd);
    this.#watch.checkAt(session.checkAt);
  }

  cleared(): void {
    this.#tell({ type: 'cleared' });
  }

  /** Checks soon which sessions the store still has. */
  #checkAll(): void {
    this.#clearedAt = performance.now();
    const now = Date.now();
    for (const session of this.#sessions.values()) session.checkAt = now;
    this.#watch.checkAt(now);
  }

  /** Handles a message of another process, or of this one. */
  #receive(message: SessionMessage): void {
    if (message.type === 'extended') {
      for (const [hash, expiry] of message.expiries) {
        const session = this.#sessions.get(hash);
        session?.noteExpiry(expiry);
        if (session) this.#watchOver(session);
      }
      return;
    }
    if (message.type === 'cleared') {
      this.#checkAll();
      return;
    }
    const { type, hash, reason } = message;
    const session = this.#sessions.get(hash);
    if (type === 'ending') this.#announced.set(hash, reason);
    else this.#announced.delete(hash);
    if (type === 'ended') this.#endHere(hash, reason);
    else if (session && type === 'stayed') session.ending = undefined;
    else if (session) {
      session.expectEnd(reason);
      this.#watchOver(session);
    }
  }

  close(): void {
    this.#watch.close();
    this.#extensions.close();
    this.#sessions.clear();
    this.#ends.clear();
    this.#announced.clear();
  }

  #add(session: LiveSession): LiveSession {
    this.#sessions.set(session.hash, session);
    const announced = this.#announced.get(session.hash);
    if (announced) session.expectEnd(announced.value);
    // An application that removes the listeners of its server must not miss the ends of its sessions.
    this.#subscribe();
    return session;
  }

  #subscribe(): void {
    this.#dependencies.bus.subscribe((message) => this.#receive(message));
  }

  #tell(message: SessionMessage): void {
    this.#receive(message);
    this.#dependencies.bus.publish(message);
  }

  #endEverywhere(hash: string, reason: SessionEndReason): void {
    this.#tell({ type: 'ended', hash, reason });
  }

  #endHere(hash: string, reason: SessionEndReason): void {
    this.#ends.set(hash, reason);
    const session = this.#sessions.get(hash);
    if (session === undefined) return;
    this.#remove(session);
    const members = [...session.members];
    debug.session('a session has ended (%s), with %d sockets here', reason, members.length);
    void trace(
      'end',
      () => ({ reason, sockets: members.length }),
      async () => void (await Promise.all(members.map((member) => member.end(reason)))),
    );
  }

  #remove(session: LiveSession): void {
    this.#sessions.delete(session.hash);
    this.#dependencies.cache.delete(session.sessionId);
  }

  #publishCounts(): void {
    publishCounts(() => ({ sockets: this.#memberCount, sessions: this.#sessions.size }));
  }

  #removeGone(session: LiveSession): void {
    for (const member of session.members) if (member.isGone) this.leave(session, member);
  }
}
