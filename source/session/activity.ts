/**
 * @module What keeps a session alive: its use, as with HTTP. Knows how often a session is touched;
 * must not know what its use is.
 */

import { SessionError } from '../errors.js';
import type { Lifetime } from './lifetime.js';
import type { LiveSession } from './live-session.js';
import type { SessionRecord } from './record.js';
import type { SessionMaker } from './session-maker.js';
import type { StoreCalls } from './store-calls.js';
import type { StoreWrites } from './store-writes.js';

/** What it works with. */
export interface ActivityServices {
  readonly calls: StoreCalls;
  readonly writes: StoreWrites;
  readonly maker: SessionMaker;
  readonly lifetime: Lifetime;
  /** How often a session is touched at most, in milliseconds; never, where `false`. */
  readonly interval: number | false;
}

/** What a session was used with. */
export interface Use {
  readonly record: SessionRecord;
  /** By `performance.now()`. */
  readonly since: number;
}

/** How soon a touch is tried again that failed, in milliseconds. */
const retryInterval = 1_000;

/** Touches sessions in the store, now and then. */
export class Activity {
  readonly #services: ActivityServices;
  /** When sessions were touched lately, the oldest first: their last socket may go, and another come. */
  readonly #touches = new Map<string, number>();

  constructor(services: ActivityServices) {
    this.#services = services;
  }

  /**
   * A session is used. Every event of every client comes through here.
   *
   * @param reading the record, and when its read was asked for
   * @param failed hears what the store failed with
   */
  use(session: LiveSession, reading: Use, failed: (error: unknown) => void): void {
    if (!this.#isDue(session)) return;
    this.#touchUnlessWritten(session, reading).catch((error) => {
      session.touchedAt += retryInterval - this.#intervalOf(session);
      this.#touches.delete(session.mark);
      failed(error);
    });
  }

  /** A session was saved, and had not changed; nobody else is writing it. */
  async touch(sessionId: string, record: SessionRecord): Promise<void> {
    const session = this.#services.lifetime.find(sessionId);
    // Nobody knows when one without sockets was touched.
    const isDue = session ? this.#isDue(session) : this.#services.interval !== false;
    if (isDue) await this.#touch(sessionId, record);
  }

  #isDue(session: LiveSession): boolean {
    if (this.#services.interval === false) return false;
    const now = performance.now();
    const interval = this.#intervalOf(session);
    if (now - session.touchedAt < interval) return false;
    session.touchedAt = this.#touches.get(session.mark) ?? Number.NEGATIVE_INFINITY;
    if (now - session.touchedAt < interval) return false;
    session.touchedAt = now;
    this.#remember(session.mark, now);
    return true;
  }

  #remember(mark: string, now: number): void {
    this.#touches.delete(mark);
    this.#touches.set(mark, now);
    for (const [oldest, at] of this.#touches) {
      if (now - at < Number(this.#services.interval)) break;
      this.#touches.delete(oldest);
    }
  }

  /** A session that lives for less than the interval is kept alive all the same. */
  #intervalOf({ lifetime = Number.POSITIVE_INFINITY }: LiveSession): number {
    return Math.min(Number(this.#services.interval), lifetime / 2);
  }

  /** Whoever wrote it meanwhile kept it alive; its cookie may have another age by now. */
  #touchUnlessWritten(session: LiveSession, { record, since }: Use): Promise<void> {
    return this.#services.writes.alone(session.sessionId, async () => {
      if (session.writtenAt < since) await this.#touch(session.sessionId, record);
    });
  }

  async #touch(sessionId: string, record: SessionRecord): Promise<void> {
    const session = this.#services.maker.open({ sessionID: sessionId }, record);
    if (session instanceof SessionError) throw session;
    // As `express-session` does at the end of each request.
    const touch: unknown = Reflect.get(session, 'touch');
    if (typeof touch === 'function') Reflect.apply(touch, session, []);
    await this.#services.calls.touch(sessionId, this.#services.writes.own(session));
  }
}
