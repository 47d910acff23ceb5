/**
 * @module The writes that are running, and the logouts that overtake them: the store may run a write
 * after a logout that was called later, and so bring the session back.
 */

import type { Deadlines } from '../deadlines.js';

/** How long a write is remembered that the store never answers, in milliseconds. */
export const longestAnswer: number = 10 * 60_000;

/** A logout in progress: resolves to whether the store has removed the session. */
type PendingDestroy = Promise<boolean>;

/** A write in progress. */
export interface Write {
  readonly sessionId: string;
  /** When it began, by `performance.now()`. */
  readonly since: number;
  /** The logouts that were in progress when this write began, or came later, if any. */
  destroy: PendingDestroy | undefined;
  /** Resolves when the store has answered; a write that missed its deadline may land until then. */
  answered?: Promise<void>;
}

/**
 * Waits for the logouts that have overtaken a write, also for those that come meanwhile.
 *
 * @returns whether one of them has removed the session
 */
export async function isOvertaken(write: Write): Promise<boolean> {
  for (let { destroy } = write; destroy; { destroy } = write) {
    if (await destroy) return true;
    // The store has failed, so the write need not wait for them again.
    if (write.destroy === destroy) write.destroy = undefined;
  }
  return false;
}

/** The writes and logouts in progress of one store. */
export class ActiveWrites {
  readonly #deadlines: Deadlines;
  readonly #writes = new Map<string, Set<Write>>();
  /** All writes, the oldest first. */
  readonly #all = new Set<Write>();
  /** By session id; undefined for those of all sessions. */
  readonly #destroys = new Map<string | undefined, Set<PendingDestroy>>();

  /** @param deadlines how long a logout may take */
  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  /** Whether no write and no logout is in progress. */
  get isIdle(): boolean {
    return this.#all.size === 0 && this.#destroys.size === 0;
  }

  /** Begins a write, which logouts overtake until it ends. */
  begin(sessionId: string): Write {
    const since = performance.now();
    for (const oldest of this.#all) {
      if (since - oldest.since < longestAnswer) break;
      this.end(oldest);
    }
    const write: Write = { sessionId, since, destroy: this.#destroyOf(sessionId) };
    this.#all.add(write);
    const writes = this.#writes.get(sessionId);
    if (writes) writes.add(write);
    else this.#writes.set(sessionId, new Set([write]));
    return write;
  }

  /** Ends a write. */
  end(write: Write): void {
    this.#all.delete(write);
    const writes = this.#writes.get(write.sessionId);
    writes?.delete(write);
    if (writes?.size === 0) this.#writes.delete(write.sessionId);
  }

  /**
   * Begins a logout, which overtakes all writes in progress.
   *
   * @param sessionId undefined if all sessions are removed
   * @param late called at the deadline, at which the logout counts as failed
   * @returns to be called once with whether the session was removed; returns whether that was in time
   */
  beginDestroy(
    sessionId: string | undefined,
    late: () => void = () => {},
  ): (isGone: boolean) => boolean {
    let resolve: (isGone: boolean) => void = () => {};
    const destroy: PendingDestroy = new Promise((settle) => {
      resolve = settle;
    });
    const destroys = this.#destroys.get(sessionId) ?? new Set();
    const settle = (isGone: boolean): void => {
      resolve(isGone);
      destroys.delete(destroy);
      if (destroys.size === 0) this.#destroys.delete(sessionId);
    };
    const wait = this.#deadlines.begin(() => {
      settle(false);
      late();
    });
    destroys.add(destroy);
    this.#destroys.set(sessionId, destroys);
    this.#overtake(sessionId, destroy);
    return (isGone) => {
      const isInTime = wait === undefined || this.#deadlines.end(wait);
      if (isInTime) settle(isGone);
      // Writes that no longer wait for it may be running.
      else if (isGone) this.#overtake(sessionId, Promise.resolve(true));
      return isInTime;
    };
  }

  /** The logouts in progress that concern a session, if any: its writes wait for them before they read. */
  destroyOf(sessionId: string): PendingDestroy | undefined {
    const own = this.#destroyOf(sessionId);
    const ofAll = this.#destroyOf(undefined);
    return own && ofAll ? anyOf([own, ofAll]) : (own ?? ofAll);
  }

  /** A removal of all sessions does not overtake later writes, which may store a new session. */
  #destroyOf(sessionId: string | undefined): PendingDestroy | undefined {
    const destroys = this.#destroys.get(sessionId);
    return destroys && anyOf([...destroys]);
  }

  #overtake(sessionId: string | undefined, destroy: PendingDestroy): void {
    const writes = sessionId === undefined ? this.#all : this.#writes.get(sessionId);
    for (const write of writes ?? []) {
      write.destroy = write.destroy ? anyOf([write.destroy, destroy]) : destroy;
    }
  }
}

/** Whether at least one of some logouts has removed the session. */
async function anyOf(destroys: readonly PendingDestroy[]): Promise<boolean> {
  return (await Promise.all(destroys)).includes(true);
}
