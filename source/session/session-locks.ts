/**
 * @module The lock of a session, held for an update. In this process, updates of a session take turns;
 * the lock that others share is asked for by one of them at a time. Knows how long to wait; must not
 * know what is done meanwhile.
 */

import type { Deadlines } from '../deadlines.js';
import { SessionError } from '../errors.js';
import type { HeldLock, SessionLock } from '../types.js';
import { type EndTurn, Turns } from './turns.js';

/** A lock that is held, with the shared one where there is one. */
export interface Hold {
  readonly shared: HeldLock | undefined;
  release(): Promise<void>;
}

/** The turns of each store: whoever updates its sessions in this process takes them. */
const turnsOf = new WeakMap<object, Turns>();

/** Locks sessions. */
export class SessionLocks {
  readonly #turns: Turns;
  readonly #shared: SessionLock | undefined;
  readonly #deadlines: Deadlines;

  /**
   * @param store the lock is one for all who use the same store
   * @param shared the lock that other processes share
   * @param deadlines how long to wait for it
   */
  constructor(store: object, shared: SessionLock | undefined, deadlines: Deadlines) {
    this.#turns = turnsOf.get(store) ?? new Turns();
    turnsOf.set(store, this.#turns);
    this.#shared = shared;
    this.#deadlines = deadlines;
  }

  /**
   * Waits for the lock of a session, and holds it until it is released.
   *
   * @throws {SessionError} `ERR_SESSION_LOCK` where it is not to be had in time
   */
  acquire(sessionId: string): Promise<Hold> {
    const waiting = new AbortController();
    let stopWaiting: () => void = () => {};
    return new Promise<Hold>((resolve, reject) => {
      const wait = this.#deadlines.begin((when) =>
        reject(lockError(`The lock of the session was not to be had ${when}`)),
      );
      if (wait === undefined) return;
      const leave = this.#turns.request(sessionId, (endTurn) => {
        stopWaiting = endTurn;
        this.#acquireShared(sessionId, waiting.signal).then(
          (shared) => {
            if (this.#deadlines.end(wait)) resolve(holdOf(shared, endTurn));
            else void letGo(shared);
          },
          (cause) => {
            if (!this.#deadlines.end(wait)) return;
            reject(lockError('The `lock` of the session failed', cause));
          },
        );
      });
      waiting.signal.addEventListener('abort', leave);
    }).catch((error) => {
      waiting.abort(error);
      stopWaiting();
      throw error;
    });
  }

  async #acquireShared(sessionId: string, signal: AbortSignal): Promise<HeldLock | undefined> {
    return this.#shared?.acquire(sessionId, { signal });
  }
}

function holdOf(shared: HeldLock | undefined, endTurn: EndTurn): Hold {
  return {
    shared,
    release: async () => {
      try {
        await shared?.release();
      } catch {
        // The work is done, and saved. A lock that can't be given back ends by its own time.
      } finally {
        endTurn();
      }
    },
  };
}

/** A lock that came when nobody waited for it any more. */
async function letGo(shared: HeldLock | undefined): Promise<void> {
  try {
    await shared?.release();
  } catch {
    // Nobody is left to be told; it ends by its own time.
  }
}

function lockError(message: string, cause?: unknown): SessionError {
  return new SessionError('ERR_SESSION_LOCK', message, { cause });
}
