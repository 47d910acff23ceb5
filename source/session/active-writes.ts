/**
 * @module The writes of one store that are in progress, and the logouts that overtake them: the store
 * may run a write after a logout that was called later, and so bring the session back.
 */

import { Deadlines } from '../deadlines.js';
import { type PendingLogout, Write } from './write.js';

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
  /** By session id; under undefined, the removals of all sessions. */
  readonly #logouts = new Map<string | undefined, Set<PendingLogout>>();

  /** @param deadlines how long a logout may take */
  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  /** Whether no write and no logout is in progress. */
  get isIdle(): boolean {
    return this.#writes.size === 0 && this.#logouts.size === 0;
  }

  /** Begins a write, which logouts overtake until it ends. */
  begin(sessionId: string): Write {
    // A removal of all sessions does not overtake later writes, which may store a new session.
    const write = new Write(sessionId, this.#pendingLogout(sessionId));
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
   * @param missDeadline called at the deadline, at which the logout counts as failed
   * @returns ends the logout; call it once, with whether the session was removed. It returns whether
   * that was before the deadline
   */
  beginLogout(
    sessionId: string | undefined,
    missDeadline: () => void = () => {},
  ): (isRemoved: boolean) => boolean {
    let resolve: (isRemoved: boolean) => void = () => {};
    const logout: PendingLogout = new Promise((settle) => {
      resolve = settle;
    });
    const logouts = this.#logouts.get(sessionId) ?? new Set();
    const settle = (isRemoved: boolean): void => {
      resolve(isRemoved);
      logouts.delete(logout);
      if (logouts.size === 0) this.#logouts.delete(sessionId);
    };
    const wait = this.#deadlines.begin(() => {
      settle(false);
      missDeadline();
    });
    logouts.add(logout);
    this.#logouts.set(sessionId, logouts);
    this.#overtake(sessionId, logout);
    return (isRemoved) => {
      const isInTime = wait === undefined || this.#deadlines.end(wait);
      if (isInTime) settle(isRemoved);
      // Writes that no longer wait for it may be running.
      else if (isRemoved) this.#overtake(sessionId, Promise.resolve(true));
      return isInTime;
    };
  }

  /** The logouts in progress that concern a session, if any: its writes wait for them before they read. */
  logoutOf(sessionId: string): PendingLogout | undefined {
    const own = this.#pendingLogout(sessionId);
    const ofAll = this.#pendingLogout(undefined);
    return own && ofAll ? anyOf([own, ofAll]) : (own ?? ofAll);
  }

  #pendingLogout(sessionId: string | undefined): PendingLogout | undefined {
    const logouts = this.#logouts.get(sessionId);
    return logouts && anyOf([...logouts]);
  }

  #overtake(sessionId: string | undefined, logout: PendingLogout): void {
    const writes = sessionId === undefined ? [...this.#writes.values()].flat() : this.of(sessionId);
    for (const write of writes) {
      write.logout = write.logout ? anyOf([write.logout, logout]) : logout;
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
async function anyOf(logouts: readonly PendingLogout[]): Promise<boolean> {
  return (await Promise.all(logouts)).includes(true);
}
