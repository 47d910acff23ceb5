/**
 * @module The writes of one store that are in progress, and the logouts that overtake them: the store
 * may run a write after a logout that was called later, and so bring the session back.
 */

import { Deadlines } from '../deadlines.js';
import { type PendingDestroy, Write } from './write.js';

/** How long a write is remembered that the store never answers, in milliseconds. */
const longestAnswer = 10 * 60_000;

const none: readonly Write[] = [];

/** The writes and logouts in progress of one store. */
export class ActiveWrites {
  readonly #deadlines: Deadlines;
  readonly #forgetting = new Deadlines(longestAnswer);
  readonly #writes = new Map<string, Write[]>();
  /** The write in which the store was given a session object, or its cookie. */
  readonly #bySession = new WeakMap<object, Write>();
  /** By session id; undefined for those of all sessions. */
  readonly #destroys = new Map<string | undefined, Set<PendingDestroy>>();

  /** @param deadlines how long a logout may take */
  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  /** Whether no write and no logout is in progress. */
  get isIdle(): boolean {
    return this.#writes.size === 0 && this.#destroys.size === 0;
  }

  /** Begins a write, which logouts overtake until it ends. */
  begin(sessionId: string): Write {
    const write = new Write(sessionId, this.#destroyOf(sessionId));
    const writes = this.#writes.get(sessionId);
    if (writes) writes.push(write);
    else this.#writes.set(sessionId, [write]);
    return write;
  }

  /** Another part of a write begins: it goes on until all its parts have ended. */
  beginPart(write: Write): void {
    write.parts++;
  }

  /** A part of a write ends. */
  endPart(write: Write): void {
    write.parts--;
    if (write.parts === 0) this.#forget(write);
  }

  /** A write may never be answered: forgets it after ten minutes. */
  forgetLater(write: Write): void {
    write.forgetting ??= this.#forgetting.begin(() => this.#forget(write));
  }

  /** The writes of a session, in the order in which they began. */
  of(sessionId: string): readonly Write[] {
    return this.#writes.get(sessionId) ?? none;
  }

  /** Marks the session object that the store is given in a write: calls with it are part of the write. */
  mark(session: object, write: Write): void {
    this.#bySession.set(session, write);
    // A store's `touch` may put the cookie on a record that it reads, and call its own `set` with it.
    const cookie: unknown = Reflect.get(session, 'cookie');
    if (typeof cookie === 'object' && cookie !== null) this.#bySession.set(cookie, write);
  }

  /** Removes the mark of a session object. */
  unmark(session: object): void {
    this.#bySession.delete(session);
    this.#bySession.delete(Object(Reflect.get(session, 'cookie')));
  }

  /** The write in progress that a session object is marked with, if any. */
  writeOf(session: object, sessionId: string): Write | undefined {
    const write = this.#bySession.get(session);
    return write && write.parts > 0 && write.sessionId === sessionId ? write : undefined;
  }

  /** Whether a session object, or its cookie, is marked: calls with it need not wait for a turn. */
  isMarked(session: object): boolean {
    return (
      this.#bySession.has(session) || this.#bySession.has(Object(Reflect.get(session, 'cookie')))
    );
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
    const writes = sessionId === undefined ? [...this.#writes.values()].flat() : this.of(sessionId);
    for (const write of writes) {
      write.destroy = write.destroy ? anyOf([write.destroy, destroy]) : destroy;
    }
  }

  #forget(write: Write): void {
    write.erasesNothing();
    if (write.forgetting) this.#forgetting.end(write.forgetting);
    const writes = this.#writes.get(write.sessionId);
    if (!writes?.includes(write)) return;
    if (writes.length === 1) this.#writes.delete(write.sessionId);
    else writes.splice(writes.indexOf(write), 1);
  }
}

/** Whether at least one of some logouts has removed the session. */
async function anyOf(destroys: readonly PendingDestroy[]): Promise<boolean> {
  return (await Promise.all(destroys)).includes(true);
}
