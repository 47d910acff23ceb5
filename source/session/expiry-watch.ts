/**
 * @module Checks sessions when they should have expired: one timer for all of them. A cookie's date
 * is a reason to look into the store, and no proof, since activity elsewhere may have extended it.
 */

import { isStoreTrouble } from '../errors.js';
import type { LiveSession } from './live-session.js';
import type { ReadResult } from './snapshot.js';

/** The longest that the timer sleeps, in milliseconds: it notices when the system's clock was set. */
const longestSleep = 10_000;

/** How long what is due may wait for other sessions to be due, in milliseconds: each look visits all. */
const shortestSleep = 100;

/** When to check again where the store was down, in milliseconds. */
const retryInterval = 1_000;

/** What the watch works with. */
export interface ExpiryWatchDependencies {
  readonly sessions: () => Iterable<LiveSession>;
  /** Reads a session; a read that finds none ends it. */
  readonly read: (sessionId: string) => Promise<ReadResult>;
  /** Removes members that have gone. */
  readonly removeGone: (session: LiveSession) => void;
}

/** Checks each session when its time has come. */
export class ExpiryWatch {
  readonly #dependencies: ExpiryWatchDependencies;
  #timer: NodeJS.Timeout | undefined;
  #wakesAt: number = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(dependencies: ExpiryWatchDependencies) {
    this.#dependencies = dependencies;
  }

  /** A session is to be checked at a time, in milliseconds since 1970. */
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
    // It does not keep a process alive that has nothing else to do.
    this.#timer = setTimeout(() => this.#wake(), delay).unref();
  }

  #wake(): void {
    const now = Date.now();
    this.#wakesAt = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const session of this.#dependencies.sessions()) {
      this.#dependencies.removeGone(session);
      if (session.checkAt <= now) {
        // Until the answer is here.
        session.checkAt = Number.POSITIVE_INFINITY;
        void this.#check(session);
      } else next = Math.min(next, session.checkAt);
    }
    this.checkAt(next);
  }

  /** A store that is down ends nobody. */
  async #check(session: LiveSession): Promise<void> {
    const { snapshot, error } = await this.#dependencies.read(session.sessionId);
    if (snapshot) session.wasChecked(snapshot.record);
    else if (isStoreTrouble(error.code)) session.checkAt = Date.now() + retryInterval;
    this.checkAt(session.checkAt);
  }
}
