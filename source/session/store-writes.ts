/**
 * @module What is being written to a store, by whomever of this process, and which sessions are being
 * ended meanwhile. Knows who must wait for whom: writes of a session come one after another, and a
 * logout waits for nobody; must not know how a store is called.
 */

import type { Deadlines } from '../deadlines.js';
import { SessionError } from '../errors.js';
import { type EndTurn, Turns } from './turns.js';

/** A logout under way: becomes whether it worked. */
export type Departure = Promise<boolean>;

/** A write under way. */
export interface Write {
  readonly sessionId: string;
  /** The logout that was under way when this write began, or came after, if any. */
  departure: Departure | undefined;
}

/** Those who write a session in one turn. */
interface Guests {
  readonly endTurn: EndTurn;
  count: number;
}

/** The writes and logouts of one store. */
export class StoreWrites {
  readonly #turns = new Turns();
  readonly #deadlines: Deadlines;
  readonly #writes = new Map<string, Set<Write>>();
  readonly #departures = new Map<string, Departure>();
  readonly #ours = new WeakSet<object>();
  /** Who is not of ours shares a turn: such a write may be a part of another, as `set` is of some `touch`. */
  readonly #guests = new Map<string, Guests>();

  /** @param deadlines how long a write waits for another, or for a logout */
  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  /**
   * Does something while nothing else in this process writes the session, with a logout that is
   * under way behind it.
   *
   * @throws {SessionError} `ERR_SESSION_STORE_TIMEOUT` where the write before it does not end
   */
  async alone<Result>(sessionId: string, task: (write: Write) => Promise<Result>): Promise<Result> {
    const endTurn = await this.#turn(sessionId);
    try {
      await this.#departures.get(sessionId);
      const write = this.begin(sessionId);
      try {
        return await task(write);
      } finally {
        this.end(write);
      }
    } finally {
      endTurn();
    }
  }

  /**
   * Waits until nothing of `alone` writes the session, or until the deadline: whoever is not of ours
   * does not have to wait for longer.
   *
   * @param begin called at once where nobody writes; the turn that it is given ends by itself at the
   * deadline
   */
  wait(sessionId: string, begin: (endTurn: EndTurn) => void): void {
    let leave = (): void => {};
    const late = this.#deadlines.begin(() => {
      leave();
      begin(() => {});
    });
    leave = this.#turns.request(sessionId, (endTurn) => {
      if (late && this.#deadlines.end(late)) begin(this.#host(sessionId, endTurn));
    });
  }

  /** Takes the turn for somebody who does not have to wait, where nobody of ours has it. */
  take(sessionId: string): EndTurn | undefined {
    const guests = this.#guests.get(sessionId);
    // Not where one of ours waits already: however many come, it has its turn.
    if (guests && !this.#turns.isWanted(sessionId)) return this.#join(sessionId, guests);
    const endTurn = this.#turns.take(sessionId);
    return endTurn && this.#host(sessionId, endTurn);
  }

  /** A write begins: a logout from now on overtakes it, and so does one that is under way. */
  begin(sessionId: string): Write {
    const write: Write = { sessionId, departure: this.#departures.get(sessionId) };
    const writes = this.#writes.get(sessionId);
    if (writes) writes.add(write);
    else this.#writes.set(sessionId, new Set([write]));
    return write;
  }

  /** A write has come to its end. */
  end(write: Write): void {
    const writes = this.#writes.get(write.sessionId);
    writes?.delete(write);
    if (writes?.size === 0) this.#writes.delete(write.sessionId);
  }

  /**
   * A logout begins, and overtakes every write under way.
   *
   * @returns to be told once whether it worked; at the deadline, it did not
   */
  depart(sessionId: string): (isGone: boolean) => void {
    let tell: (isGone: boolean) => void = () => {};
    const departure: Departure = new Promise((resolve) => {
      tell = resolve;
    });
    const settle = (isGone: boolean): void => {
      tell(isGone);
      if (this.#departures.get(sessionId) === departure) this.#departures.delete(sessionId);
    };
    const late = this.#deadlines.begin(() => settle(false));
    this.#departures.set(sessionId, departure);
    this.#overtake(sessionId, departure);
    return (isGone) => {
      if (late === undefined || this.#deadlines.end(late)) settle(isGone);
      // Whoever gave it up meanwhile may be writing.
      else if (isGone) this.#overtake(sessionId, Promise.resolve(true));
    };
  }

  #overtake(sessionId: string, departure: Departure): void {
    for (const write of this.#writes.get(sessionId) ?? []) write.departure = departure;
  }

  /** Makes known that a session object is being written by whoever has the turn, and so need not wait. */
  own<Session extends object>(session: Session): Session {
    this.#ours.add(session);
    // A store's `touch` may put it on a record that it reads, and call its own `set` with that.
    const cookie: unknown = Reflect.get(session, 'cookie');
    if (typeof cookie === 'object' && cookie !== null) this.#ours.add(cookie);
    return session;
  }

  /** The session object is not being written any more. */
  disown(session: object): void {
    this.#ours.delete(session);
    this.#ours.delete(Object(Reflect.get(session, 'cookie')));
  }

  /** Whether a session object is being written by whoever has the turn. */
  isOwn(session: unknown): boolean {
    return this.#isOurs(session) || this.#isOurs(Reflect.get(Object(session), 'cookie'));
  }

  #isOurs(value: unknown): boolean {
    return typeof value === 'object' && value !== null && this.#ours.has(value);
  }

  #turn(sessionId: string): Promise<EndTurn> {
    let leave = (): void => {};
    return this.#deadlines.wait(
      ({ resolve }) => {
        leave = this.#turns.request(sessionId, resolve);
      },
      (when) => {
        leave();
        return new SessionError(
          'ERR_SESSION_STORE_TIMEOUT',
          `Another write of the session did not end ${when}`,
        );
      },
    );
  }

  #host(sessionId: string, endTurn: EndTurn): EndTurn {
    const guests: Guests = { endTurn, count: 0 };
    this.#guests.set(sessionId, guests);
    return this.#join(sessionId, guests);
  }

  #join(sessionId: string, guests: Guests): EndTurn {
    guests.count++;
    let isOver = false;
    return this.#endInTime(() => {
      if (isOver) return;
      isOver = true;
      guests.count--;
      if (guests.count > 0) return;
      this.#guests.delete(sessionId);
      guests.endTurn();
    });
  }

  /** A store that never answers must not keep all others from writing the session. */
  #endInTime(endTurn: EndTurn): EndTurn {
    const late = this.#deadlines.begin(endTurn);
    return () => {
      if (late) this.#deadlines.end(late);
      endTurn();
    };
  }
}
