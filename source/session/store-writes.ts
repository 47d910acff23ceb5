/**
 * @module The writes and logouts of one store in this process. Writes of a session come one after
 * another; a logout waits for none of them.
 */

import { longestDelay } from '../assertions.js';
import { Deadlines } from '../deadlines.js';
import { SessionError } from '../errors.js';
import { type EndTurn, KeyedQueue, type QueueLimits } from '../keyed-queue.js';

/** A logout under way: resolves to whether the store has removed the session. */
export type PendingDestroy = Promise<boolean>;

/** A write under way. */
export interface Write {
  readonly sessionId: string;
  /** The logout that was under way when this write began, or came after, if any. */
  destroy: PendingDestroy | undefined;
  /**
   * Resolves when the store has answered, where the write is given up before: until then, it may
   * still land.
   */
  answered?: Promise<void>;
}

/** External writes that share one turn. */
interface ExternalTurn {
  readonly endTurn: EndTurn;
  count: number;
}

/**
 * For how long a session is not written while the fate of a write is unknown, as a part of
 * `storeTimeout`: less than all of it, so that the next write only has to wait.
 */
const patience = 0.75;

/** How many writes may wait in all, for each that may wait for one session. */
const sessionsAtTheLimit = 10;

/** How many may wait to write: to one session, and in all. */
export function writeLimits(maxPending: number): QueueLimits {
  return { perKey: maxPending, inAll: maxPending * sessionsAtTheLimit };
}

/** The error of a write that may not wait. */
export function overloadError(): SessionError {
  return new SessionError(
    'ERR_SESSION_OVERLOAD',
    'Too many writes wait for their turn already: the store is slow, or a client too fast; the limit is `maxPending` for each session, and ten times as many in all',
  );
}

/** The writes and logouts of one store. */
export class StoreWrites {
  readonly #queue: KeyedQueue;
  readonly #deadlines: Deadlines;
  /** How long a session is not written while the fate of a write is unknown. */
  readonly #patience: Deadlines;
  /** The same for external writes, which have no deadline. */
  readonly #external: Deadlines;
  readonly #writes = new Map<string, Set<Write>>();
  readonly #destroys = new Map<string, Set<PendingDestroy>>();
  readonly #internal = new WeakSet<object>();
  readonly #externalTurns = new Map<string, ExternalTurn>();

  constructor({
    storeTimeout,
    maxPending,
  }: {
    readonly storeTimeout: number;
    readonly maxPending: number;
  }) {
    this.#deadlines = new Deadlines(storeTimeout);
    this.#patience = new Deadlines(patience * storeTimeout);
    this.#external = new Deadlines(Math.min(longestDelay, (1 + patience) * storeTimeout));
    this.#queue = new KeyedQueue(writeLimits(maxPending));
  }

  /**
   * Runs a task while nothing else in this process writes the session, after a logout that is under
   * way.
   *
   * @throws {SessionError} `ERR_SESSION_STORE_TIMEOUT` where the write before it does not end,
   * `ERR_SESSION_OVERLOAD` where too many wait
   */
  async alone<Result>(sessionId: string, task: (write: Write) => Promise<Result>): Promise<Result> {
    if (this.#queue.isFull(sessionId)) throw overloadError();
    return this.#inTurn(sessionId, await this.#turn(sessionId), task);
  }

  /**
   * Does what `alone` does for a write of HTTP, which waits for others no longer than the deadline:
   * after that it is not alone.
   */
  async aloneInTime<Result>(
    sessionId: string,
    task: (write: Write) => Promise<Result>,
  ): Promise<Result> {
    // It begins here: a logout that comes while it waits comes after it.
    const write = this.begin(sessionId);
    const endTurn = await this.#turnInTime(sessionId);
    return this.#inTurn(sessionId, endTurn ?? (() => {}), task, write);
  }

  /** Runs a task as a part of the external write that is under way. */
  async within<Result>(
    sessionId: string,
    task: (write: Write) => Promise<Result>,
  ): Promise<Result> {
    const write = this.begin(sessionId);
    return this.#inTurn(sessionId, this.take(sessionId) ?? (() => {}), task, write);
  }

  async #inTurn<Result>(
    sessionId: string,
    endTurn: EndTurn,
    task: (write: Write) => Promise<Result>,
    begun?: Write,
  ): Promise<Result> {
    let write = begun;
    try {
      await this.#destroyOf(sessionId);
      write ??= this.begin(sessionId);
      return await task(write);
    } finally {
      if (write) this.end(write);
      this.#endOnceAnswered(endTurn, write?.answered);
    }
  }

  /** What was given up may land later, and would erase what is written until then. */
  #endOnceAnswered(endTurn: EndTurn, answered: Promise<void> | undefined): void {
    if (answered === undefined) {
      endTurn();
      return;
    }
    // The second call does nothing.
    this.#patience.begin(endTurn);
    void answered.then(endTurn);
  }

  /** Waits for the turn of an external write, no longer than until the deadline. */
  async takeInTime(sessionId: string): Promise<EndTurn> {
    const endTurn = await this.#turnInTime(sessionId);
    return endTurn ? this.#shareExternally(sessionId, endTurn) : () => {};
  }

  /** Takes the turn for an external write, where no internal one has it or waits for it. */
  take(sessionId: string): EndTurn | undefined {
    const turn = this.#externalTurns.get(sessionId);
    if (turn && !this.#queue.isWanted(sessionId)) return this.#join(sessionId, turn);
    const endTurn = this.#queue.take(sessionId);
    return endTurn && this.#shareExternally(sessionId, endTurn);
  }

  /** A write begins: a logout from now on overtakes it, and so does one that is under way. */
  begin(sessionId: string): Write {
    const write: Write = { sessionId, destroy: this.#destroyOf(sessionId) };
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
   * @param late called at the deadline: from then on, it did not work
   * @returns to be called once with whether it worked; tells whether that was in time, so that no
   * write may have come after it
   */
  beginDestroy(sessionId: string, late: () => void = () => {}): (isGone: boolean) => boolean {
    let tell: (isGone: boolean) => void = () => {};
    const destroy: PendingDestroy = new Promise((resolve) => {
      tell = resolve;
    });
    const destroys = this.#destroys.get(sessionId) ?? new Set();
    const settle = (isGone: boolean): void => {
      tell(isGone);
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
      // Who gave up waiting for it meanwhile may be writing.
      else if (isGone) this.#overtake(sessionId, Promise.resolve(true));
      return isInTime;
    };
  }

  #overtake(sessionId: string, destroy: PendingDestroy): void {
    for (const write of this.#writes.get(sessionId) ?? []) {
      write.destroy = write.destroy ? anyOf([write.destroy, destroy]) : destroy;
    }
  }

  /** The logouts that are under way, if any. */
  #destroyOf(sessionId: string): PendingDestroy | undefined {
    const destroys = this.#destroys.get(sessionId);
    return destroys && anyOf([...destroys]);
  }

  /** Marks a session object as written within the current turn: calls of the store with it need not wait. */
  markInternal<Session extends object>(session: Session): Session {
    this.#internal.add(session);
    // A store's `touch` may put it on a record that it reads, and call its own `set` with that.
    const cookie: unknown = Reflect.get(session, 'cookie');
    if (typeof cookie === 'object' && cookie !== null) this.#internal.add(cookie);
    return session;
  }

  /** The session object is not being written any more. */
  unmarkInternal(session: object): void {
    this.#internal.delete(session);
    this.#internal.delete(Object(Reflect.get(session, 'cookie')));
  }

  /** Whether a session object is being written within the current turn, or is made of one that is. */
  isInternal(session: unknown): boolean {
    return this.isMarked(session) || this.isMarked(Reflect.get(Object(session), 'cookie'));
  }

  /** Whether it is the very object that is being written within the current turn. */
  isMarked(value: unknown): boolean {
    return typeof value === 'object' && value !== null && this.#internal.has(value);
  }

  /** The turn, or nothing at the deadline. */
  #turnInTime(sessionId: string): Promise<EndTurn | undefined> {
    return new Promise((resolve) => {
      let leave = (): void => {};
      const late = this.#deadlines.begin(() => {
        leave();
        resolve(undefined);
      });
      leave = this.#queue.request(sessionId, (endTurn) => {
        if (late && this.#deadlines.end(late)) resolve(endTurn);
        else endTurn();
      });
    });
  }

  #turn(sessionId: string): Promise<EndTurn> {
    let leave = (): void => {};
    return this.#deadlines.wait(
      ({ resolve }) => {
        leave = this.#queue.request(sessionId, resolve);
      },
      (when) => {
        leave();
        return new SessionError(
          'ERR_SESSION_STORE_TIMEOUT',
          `An earlier write of the session was not answered ${when}`,
        );
      },
    );
  }

  /** External writes share one turn, because a store's `touch` may call its own `set`. */
  #shareExternally(sessionId: string, endTurn: EndTurn): EndTurn {
    const turn: ExternalTurn = { endTurn, count: 0 };
    this.#externalTurns.set(sessionId, turn);
    return this.#join(sessionId, turn);
  }

  #join(sessionId: string, turn: ExternalTurn): EndTurn {
    turn.count++;
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      turn.count--;
      if (turn.count > 0) return;
      this.#externalTurns.delete(sessionId);
      turn.endTurn();
    };
    // A store that never answers must not keep all others from writing the session.
    const late = this.#external.begin(end);
    return () => {
      if (late) this.#external.end(late);
      end();
    };
  }
}

/** One logout that has worked is enough. */
async function anyOf(destroys: readonly PendingDestroy[]): Promise<boolean> {
  return (await Promise.all(destroys)).includes(true);
}
