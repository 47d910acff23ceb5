/**
 * @module Checks sessions when they should have expired, with one timer for all of them. The date of a
 * cookie is a reason to read the store, but no proof, since activity elsewhere may have extended it.
 */

import { isStoreUnavailable } from '../errors.js';
import type { LiveSession } from './live-session.js';
import type { SessionReader } from './reader.js';

/** The longest delay of the timer, in milliseconds, so that it notices changes of the system's clock. */
const longestSleep = 10_000;

/** The shortest delay of the timer, in milliseconds, because each check visits all sessions. */
const shortestSleep = 100;

/** When to check again if the store was down, in milliseconds. */
const retryInterval = 1_000;

/** What the watch works with. */
export interface ExpiryWatchDependencies {
  readonly sessions: () => Iterable<LiveSession>;
  /** Reads a session; a read that does not find it ends it. */
  readonly reader: Pick<SessionReader, 'read'>;
  /** Removes members that have gone. */
  readonly removeGone: (session: LiveSession) => void;
}

/** Checks each session when it is due. */
export class ExpiryWatch {
  readonly #dependencies: ExpiryWatchDependencies;
  #timer: NodeJS.Timeout | undefined;
  #wakesAt: number = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(dependencies: ExpiryWatchDependencies) {
    this.#dependencies = dependencies;
  }

  /** Requests a check at a time, in milliseconds since 1970. */
  checkAt(time: number): void {
    if (time >= this.#wakesAt || this.#isClosed) return;
    this.#wakesAt = time;
    this.#sleep();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    const delay = Math.max(shortestSleep, Math.min(longestSleep, this.#wakesAt - Date.now()));
    // The timer does not keep the process alive.
    this.#timer = setTimeout(() => this.#wake(), delay).unref();
  }

  #wake(): void {
    const now = Date.now();
    this.#wakesAt = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const session of this.#dependencies.sessions()) {
      this.#dependencies.removeGone(session);
      if (session.checkAt <= now) {
        // Until the answer has come.
        session.checkAt = Number.POSITIVE_INFINITY;
        void this.#check(session);
      } else next = Math.min(next, session.checkAt);
    }
    this.checkAt(next);
  }

  /** A store that is down ends no session. */
  async #check(session: LiveSession): Promise<void> {
    const { snapshot, error } = await this.#dependencies.reader.read(session.sessionId);
    if (snapshot) session.wasChecked(snapshot.record);
    else if (isStoreUnavailable(error.code)) session.checkAt = Date.now() + retryInterval;
    this.checkAt(session.checkAt);
  }
}
