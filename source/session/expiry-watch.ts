/**
 * @module Whether sessions have run out: one timer for all of them. A cookie's date is a reason to
 * look, and no proof, for activity elsewhere may have extended it; so it looks into the store.
 */

import { isStoreTrouble } from '../errors.js';
import type { Lifetime } from './lifetime.js';
import type { LiveSession } from './live-session.js';
import type { SessionReader } from './reader.js';

/** The longest delay that a timer of Node.js can count: https://nodejs.org/api/timers.html */
const longestDelay = 2_147_483_647;

/** When to look again where the store was down, in milliseconds. */
const retryInterval = 1_000;

/** Looks at each session when its time has come. */
export class ExpiryWatch {
  readonly #lifetime: Lifetime;
  readonly #reader: Pick<SessionReader, 'read'>;
  #timer: NodeJS.Timeout | undefined;
  #wakesAt: number = Number.POSITIVE_INFINITY;

  constructor(lifetime: Lifetime, reader: Pick<SessionReader, 'read'>) {
    this.#lifetime = lifetime;
    this.#reader = reader;
    lifetime.onWatched = (session) => this.#wakeAt(session.lookAt);
  }

  /** Looks no more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wakeAt(time: number): void {
    if (time >= this.#wakesAt) return;
    this.#wakesAt = time;
    clearTimeout(this.#timer);
    const delay = Math.min(longestDelay, Math.max(1, time - Date.now()));
    // No reason to keep a process alive that has nothing else to do.
    this.#timer = setTimeout(() => this.#look(), delay).unref();
  }

  #look(): void {
    this.#wakesAt = Number.POSITIVE_INFINITY;
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const session of this.#lifetime.sessions) {
      this.#lifetime.removeGone(session);
      if (session.lookAt <= now) {
        // Until the answer is here.
        session.lookAt = Number.POSITIVE_INFINITY;
        void this.#lookAt(session);
      } else next = Math.min(next, session.lookAt);
    }
    if (next < Number.POSITIVE_INFINITY) this.#wakeAt(next);
  }

  /** Where there is none, whoever reads says so; a store that is down ends nobody. */
  async #lookAt(session: LiveSession): Promise<void> {
    const { record, error } = await this.#reader.read(session.sessionId);
    if (record) {
      session.overdueLooks += 1;
      session.sawRecord(record);
    } else if (isStoreTrouble(error.code)) session.lookAt = Date.now() + retryInterval;
    else return;
    this.#wakeAt(session.lookAt);
  }
}
