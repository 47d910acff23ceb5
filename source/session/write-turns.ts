/**
 * @module The turns of the writes of one store in this process: a write of this library has the session
 * to itself, and external writes, which others make with the store, share a turn. A logout waits for
 * neither.
 */

import { longestDelay } from '../assertions.js';
import { Deadlines } from '../deadlines.js';
import { SessionError } from '../errors.js';
import { type EndTurn, KeyedQueue, type QueueLimits } from '../keyed-queue.js';
import { ActiveWrites } from './active-writes.js';
import type { RecordChanges } from './record.js';
import { WaitingChanges } from './waiting-changes.js';
import type { Write } from './write.js';

/** A turn that external writes share. */
interface SharedTurn {
  readonly endTurn: EndTurn;
  /** How many writes have not ended yet. */
  count: number;
}

/**
 * How long a write that has missed its deadline keeps its turn, as a share of `storeTimeout`: less than
 * all of it, so that the next write has to wait, but does not miss its own deadline.
 */
const unansweredShare = 0.75;

const noChanges: RecordChanges = new Map();

/** How many writes may wait in total, as a multiple of those that may wait for one session. */
const totalFactor = 10;

/** Ends nothing: for a write that runs without a turn, because it has waited for it until the deadline. */
const noTurn: EndTurn = () => {};

/** How many writes may wait: for one session, and in total. */
export function writeLimits(maxPending: number): QueueLimits {
  return { perKey: maxPending, total: maxPending * totalFactor };
}

/** The error of a write that may not wait, because too many do already. */
export function overloadError(): SessionError {
  return new SessionError(
    'ERR_SESSION_OVERLOAD',
    'Too many writes are waiting for their turn: the store is slow, or a client sends too fast; the limits are `maxPending` writes and 16 MB of changes per session, and ten times as many writes and 64 MB in total',
  );
}

/** Gives turns to the writes of one store. */
export class WriteTurns {
  /** The writes that are running, and the logouts that overtake them. */
  readonly active: ActiveWrites;
  readonly #queue = new KeyedQueue();
  readonly #limits: QueueLimits;
  readonly #waitingChanges = new WaitingChanges();
  readonly #deadlines: Deadlines;
  /** How long a write that has missed its deadline keeps its turn. */
  readonly #unanswered: Deadlines;
  /** The same for external writes, from their beginning, because they have no deadline. */
  readonly #unansweredExternal: Deadlines;
  readonly #sharedTurns = new Map<string, SharedTurn>();
  /** The touches of requests that wait for a turn: those of a session share the next one. */
  readonly #waitingTouches = new Map<string, Set<(turn: SharedTurn) => void>>();

  constructor({
    storeTimeout,
    maxPending,
  }: {
    readonly storeTimeout: number;
    readonly maxPending: number;
  }) {
    this.#deadlines = new Deadlines(storeTimeout);
    this.#unanswered = new Deadlines(unansweredShare * storeTimeout);
    this.#unansweredExternal = new Deadlines(
      Math.min(longestDelay, (1 + unansweredShare) * storeTimeout),
    );
    this.#limits = writeLimits(maxPending);
    this.active = new ActiveWrites(this.#deadlines);
  }

  /**
   * Runs a write of this library while nothing else in this process writes the session, and after
   * logouts in progress.
   *
   * @param changes what the task keeps in memory while it waits
   * @throws {SessionError} `ERR_SESSION_STORE_TIMEOUT` if its turn does not come in time,
   * `ERR_SESSION_OVERLOAD` if too many wait
   */
  run<Result>(
    sessionId: string,
    task: (write: Write) => Promise<Result>,
    changes: RecordChanges = noChanges,
  ): Promise<Result> {
    const endTurn = this.#queue.take(sessionId);
    if (endTurn) return this.#inTurn(sessionId, endTurn, task);
    // The first that waits need not be measured.
    const isFirst = !this.#queue.isWanted(sessionId);
    const leave = isFirst ? () => {} : this.#waitingChanges.enter(sessionId, changes);
    if (leave === undefined || this.#queue.isFull(sessionId, this.#limits)) {
      leave?.();
      return Promise.reject(overloadError());
    }
    return this.#inTurn(sessionId, this.#waitForTurn(sessionId).finally(leave), task);
  }

  /**
   * Runs the write of a request. If its turn does not come before the deadline, it runs without it,
   * while others may be writing the session.
   */
  runForRequest<Result>(
    sessionId: string,
    task: (write: Write) => Promise<Result>,
  ): Promise<Result> {
    // It begins now, so that a logout that comes while it waits overtakes it.
    const write = this.active.begin(sessionId);
    const turn = this.#queue.take(sessionId) ?? this.#waitForTurn(sessionId).catch(() => noTurn);
    return this.#inTurn(sessionId, turn, task, write);
  }

  /** Runs the touch of a request, as `runForRequest` does; it may share its turn with external writes. */
  runTouchForRequest<Result>(
    sessionId: string,
    task: (write: Write) => Promise<Result>,
  ): Promise<Result> {
    const write = this.active.begin(sessionId);
    const turn = this.takeShared(sessionId) ?? this.#waitWithTouches(sessionId);
    return this.#inTurn(sessionId, turn, task, write);
  }

  async #inTurn<Result>(
    sessionId: string,
    turn: EndTurn | Promise<EndTurn>,
    task: (write: Write) => Promise<Result>,
    begun?: Write,
  ): Promise<Result> {
    const endTurn = typeof turn === 'function' ? turn : await turn;
    const logout = this.active.logoutOf(sessionId);
    if (logout) await logout;
    const write = begun ?? this.active.begin(sessionId);
    try {
      return await task(write);
    } finally {
      this.active.endPart(write);
      if (write.isUnanswered && write.keepsTurn) this.#endOnceAnswered(write, endTurn);
      else endTurn();
    }
  }

  /** A write that missed its deadline may land later, and erase what is written before that. */
  #endOnceAnswered(write: Write, endTurn: EndTurn): void {
    const wait = this.#unanswered.begin(endTurn);
    write.onAnswered = () => {
      // Ending a turn twice does nothing; ending the wait frees what it refers to.
      if (wait) this.#unanswered.end(wait);
      endTurn();
    };
  }

  /** Takes the turn for an external write; returns undefined if a write of this library has it or waits. */
  takeShared(sessionId: string): EndTurn | undefined {
    const turn = this.#sharedTurns.get(sessionId);
    if (turn && !this.#queue.isWanted(sessionId)) return this.#join(sessionId, turn);
    const endTurn = this.#queue.take(sessionId);
    return endTurn && this.#join(sessionId, this.#share(sessionId, endTurn));
  }

  /** Waits for the turn of an external write, which runs without it if it does not come in time. */
  waitForShared(sessionId: string): Promise<EndTurn> {
    return this.#waitForTurn(sessionId).then(
      (endTurn) => this.#join(sessionId, this.#share(sessionId, endTurn)),
      () => noTurn,
    );
  }

  #waitForTurn(sessionId: string): Promise<EndTurn> {
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

  /**
   * Waits for a turn together with the other touches of the session, until the deadline at most: a page
   * that loads many things at once would otherwise wait for one touch after another.
   */
  #waitWithTouches(sessionId: string): Promise<EndTurn> {
    const waiting = this.#waitingTouches.get(sessionId) ?? this.#requestForTouches(sessionId);
    return new Promise((resolve) => {
      const wait = this.#deadlines.begin(() => {
        waiting.delete(join);
        resolve(noTurn);
      });
      const join = (turn: SharedTurn): void => {
        if (wait) this.#deadlines.end(wait);
        resolve(this.#join(sessionId, turn));
      };
      waiting.add(join);
    });
  }

  /** Requests one turn for all touches that wait when it comes. */
  #requestForTouches(sessionId: string): Set<(turn: SharedTurn) => void> {
    const waiting = new Set<(turn: SharedTurn) => void>();
    this.#waitingTouches.set(sessionId, waiting);
    this.#queue.request(sessionId, (endTurn) => {
      this.#waitingTouches.delete(sessionId);
      const turn = this.#share(sessionId, endTurn);
      const end = this.#join(sessionId, turn);
      for (const join of waiting) join(turn);
      // Ends the turn if all of them have missed their deadlines.
      end();
    });
    return waiting;
  }

  /** External writes share a turn because a store's `touch` may call its own `set`. */
  #share(sessionId: string, endTurn: EndTurn): SharedTurn {
    const turn: SharedTurn = { endTurn, count: 0 };
    this.#sharedTurns.set(sessionId, turn);
    return turn;
  }

  /** Adds a write to a shared turn, which ends with the last of its writes. */
  #join(sessionId: string, turn: SharedTurn): EndTurn {
    turn.count++;
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      turn.count--;
      if (turn.count > 0) return;
      this.#sharedTurns.delete(sessionId);
      turn.endTurn();
    };
    // A store that never answers must not block all other writes of the session.
    const wait = this.#unansweredExternal.begin(end);
    return () => {
      if (wait) this.#unansweredExternal.end(wait);
      end();
    };
  }
}
