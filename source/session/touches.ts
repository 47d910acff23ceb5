/**
 * @module Touches sessions in the store that are used by sockets, as `express-session` does at the end
 * of each request; not more often than the option `touch` says.
 */

import { ExpiringMap } from '../expiring-map.js';
import { trace } from '../tracing.js';
import type { LateWrites } from './late-writes.js';
import type { LiveSession } from './live-session.js';
import type { LiveSessions } from './live-sessions.js';
import { renewed, type SessionRecord } from './record.js';
import type { SessionFactory } from './session-factory.js';
import type { Snapshot } from './snapshot.js';
import type { StoreCalls } from './store-calls.js';
import type { StoreWrites } from './store-writes.js';

/** What touches work with. */
export interface TouchesDependencies {
  readonly calls: Pick<StoreCalls, 'touch'>;
  readonly writes: StoreWrites;
  readonly factory: Pick<SessionFactory, 'forStore'>;
  readonly live: Pick<LiveSessions, 'find'>;
  readonly lateWrites: Pick<LateWrites, 'begin' | 'settled'>;
  /** How often a session is touched at most, in milliseconds; never, where `false`. */
  readonly interval: number | false;
}

/** How soon a touch is tried again that failed, in milliseconds. */
const retryInterval = 1_000;

/** Touches sessions, now and then. */
export class Touches {
  readonly #dependencies: TouchesDependencies;
  /** When sessions were touched lately: their last socket may go, and another come. */
  readonly #recent: ExpiringMap<true>;

  constructor(dependencies: TouchesDependencies) {
    this.#dependencies = dependencies;
    this.#recent = new ExpiringMap(Number(dependencies.interval));
  }

  /**
   * A session was used: touches it where that is due.
   *
   * @returns a promise where it is, which rejects with a `SessionError` where the store fails
   */
  use(session: LiveSession, snapshot: Snapshot): Promise<void> | undefined {
    // All events that share a read are one use.
    if (snapshot.hasCounted || snapshot.isNew) return undefined;
    snapshot.hasCounted = true;
    if (!this.#isDue(session)) return undefined;
    return this.#touchUnlessWritten(session, snapshot).catch((error) => {
      session.touchedAt += retryInterval - this.#intervalOf(session);
      this.#recent.delete(session.hash);
      throw error;
    });
  }

  /** A session was saved that had not changed; the caller has its turn to write. */
  async touchSaved(sessionId: string, record: SessionRecord): Promise<void> {
    const session = this.#dependencies.live.find(sessionId);
    // Nobody knows when one without sockets was touched.
    const isDue = session ? this.#isDue(session) : this.#dependencies.interval !== false;
    if (isDue) await this.touch(sessionId, record);
  }

  /** Touches a session; the caller has its turn to write. */
  async touch(sessionId: string, record: SessionRecord): Promise<void> {
    const { calls, writes, factory, lateWrites } = this.#dependencies;
    const session = writes.markInternal(factory.forStore(sessionId, renewed(record)));
    const issued = calls.touch(sessionId, session);
    if (issued === undefined) return;
    await trace(
      'write',
      () => ({ operation: 'touch' }),
      // Some stores read the record for it, and write it whole.
      () => lateWrites.settled(record, issued, lateWrites.begin(sessionId)),
    );
  }

  #isDue(session: LiveSession): boolean {
    if (this.#dependencies.interval === false) return false;
    const now = performance.now();
    const interval = this.#intervalOf(session);
    if (now - session.touchedAt < interval) return false;
    session.touchedAt = this.#recent.get(session.hash)?.addedAt ?? Number.NEGATIVE_INFINITY;
    if (now - session.touchedAt < interval) return false;
    session.touchedAt = now;
    this.#recent.set(session.hash, true);
    return true;
  }

  /** A session that lives for less than the interval is kept alive all the same. */
  #intervalOf({ lifetime = Number.POSITIVE_INFINITY }: LiveSession): number {
    return Math.min(Number(this.#dependencies.interval), lifetime / 2);
  }

  /** A write meanwhile has kept it alive; its cookie may have another age by now. */
  #touchUnlessWritten(session: LiveSession, { record, since }: Snapshot): Promise<void> {
    return this.#dependencies.writes.alone(session.sessionId, async () => {
      if (session.writtenAt < since) await this.touch(session.sessionId, record);
    });
  }
}
