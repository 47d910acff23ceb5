/**
 * @module Touches the sessions that sockets use, as `express-session` does at the end of each request,
 * but not more often than the option `touch` says.
 */

import { trace } from '../diagnostics.js';
import { ExpiringMap } from '../expiring-map.js';
import type { ResolvedOptions } from '../options.js';
import type { LiveSession } from './live-session.js';
import type { LiveSessions } from './live-sessions.js';
import { type SessionRecord, withRenewedLifetime } from './record.js';
import type { Snapshot } from './snapshot.js';
import type { SetSession } from './store-call.js';
import type { StoreWrites } from './store-writes.js';
import type { Write } from './write.js';
import type { WriteTurns } from './write-turns.js';

/** What touches work with. */
export interface TouchesDependencies {
  readonly writes: Pick<StoreWrites, 'canTouch' | 'touch'>;
  readonly turns: WriteTurns;
  readonly live: Pick<LiveSessions, 'find' | 'endSince'>;
  readonly options: Pick<ResolvedOptions, 'touch'>;
}

/** How soon a failed touch is tried again, in milliseconds. */
const retryInterval = 1_000;

/** Touches sessions. */
export class Touches {
  readonly #dependencies: TouchesDependencies;
  /** The shortest time between two touches of a session, in milliseconds; `false` for no touches. */
  readonly #interval: number | false;
  /**
   * When each session was last touched. Kept after its last socket has gone, so that a reconnect does
   * not touch it again.
   */
  readonly #recent: ExpiringMap<true>;

  constructor(dependencies: TouchesDependencies) {
    this.#dependencies = dependencies;
    this.#interval = dependencies.options.touch;
    this.#recent = new ExpiringMap(Number(this.#interval));
  }

  /**
   * Counts activity: touches the session if that is due.
   *
   * @returns a promise if it is due, which rejects with a `SessionError` if the store fails
   */
  countActivity(session: LiveSession, snapshot: Snapshot): Promise<void> | undefined {
    // Events that share a read count once.
    if (snapshot.hasCounted || snapshot.isNew) return undefined;
    snapshot.hasCounted = true;
    if (!this.#isDue(session)) return undefined;
    return this.#touchUnlessWritten(session, snapshot).catch((error) => {
      session.touchedAt += retryInterval - this.#intervalOf(session);
      this.#recent.delete(session.hash);
      throw error;
    });
  }

  /** Touches a session that was saved without changes, if that is due. */
  async touchSaved(write: Write, record: SessionRecord): Promise<void> {
    const session = this.#dependencies.live.find(write.sessionId);
    // It is not known when a session without sockets was last touched.
    const isDue = session ? this.#isDue(session) : this.#interval !== false;
    if (isDue) await this.touch(write, record);
  }

  /**
   * Touches a session, unless a logout has removed it since the write began.
   *
   * @param write has the session's turn
   * @param touch takes the place of the store's `touch`
   */
  async touch(write: Write, record: SessionRecord, touch?: SetSession): Promise<void> {
    const { writes } = this.#dependencies;
    // Some stores' `touch` would store it anew.
    if (await write.isOvertaken()) return;
    if (!writes.canTouch) return;
    await trace(
      'write',
      () => ({ operation: 'touch' }),
      () => writes.touch(write, withRenewedLifetime(record), touch),
    );
  }

  #isDue(session: LiveSession): boolean {
    if (this.#interval === false) return false;
    const now = performance.now();
    const interval = this.#intervalOf(session);
    if (now - session.touchedAt < interval) return false;
    session.touchedAt = this.#recent.get(session.hash)?.addedAt ?? Number.NEGATIVE_INFINITY;
    if (now - session.touchedAt < interval) return false;
    session.touchedAt = now;
    this.#recent.set(session.hash, true);
    return true;
  }

  /** Sessions with a short lifetime are touched more often, so that activity keeps them alive. */
  #intervalOf({ lifetime = Number.POSITIVE_INFINITY }: LiveSession): number {
    return Math.min(Number(this.#interval), lifetime / 2);
  }

  /** A write meanwhile has renewed the lifetime already, maybe to another one. */
  #touchUnlessWritten(session: LiveSession, { record, since }: Snapshot): Promise<void> {
    const { turns, live } = this.#dependencies;
    return turns.run(session.sessionId, async (write) => {
      if (session.writtenAt >= since || live.endSince(session.sessionId, since)) return;
      await this.touch(write, record);
    });
  }
}
