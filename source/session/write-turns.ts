/**
 * @module The turns of the writes of one store in this process: writes of a session run one after
 * another, and a logout waits for none of them.
 */

import { longestDelay } from '../assertions.js';
import { Deadlines } from '../deadlines.js';
import { SessionError } from '../errors.js';
import { type EndTurn, KeyedQueue, type QueueLimits } from '../keyed-queue.js';
import { ActiveWrites } from './active-writes.js';
import type { RecordChanges } from './record.js';
import { WaitingChanges } from './waiting-changes.js';
import type { Write } from './write.js';

/** External writes that share one turn. */
interface ExternalTurn {
  readonly endTurn: EndTurn;
  count: number;
}

/**
 * How long a session is not written after a write has missed its deadline, as a part of
 * `storeTimeout`: less than all of it, so that the next write only has to wait.
 */
const waitShare = 0.75;

const noChanges: RecordChanges = new Map();

/** How many writes may wait in all, as a multiple of those that may wait for one session. */
const sessionsAtTheLimit = 10;

/** Ends the turn of a write that has none, because it could not wait for it. */
const noTurn: EndTurn = () => {};

/** How many writes may wait: for one session, and in all. */
export function writeLimits(maxPending: number): QueueLimits {
  return { perKey: maxPending, total: maxPending * sessionsAtTheLimit };
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
  /** How long a session is not written after a write has missed its deadline. */
  readonly #unanswered: Deadlines;
  /** The same for external writes, which have no deadline of their own. */
  readonly #external: Deadlines;
  readonly #externalTurns = new Map<string, ExternalTurn>();
  /** The touches of requests that wait for their turn: those of a session share the next. */
  readonly #waitingTouches = new Map<string, Set<(turn: ExternalTurn) => void>>();

  constructor({
    storeTimeout,
    maxPending,
  }: {
    readonly storeTimeout: number;
    readonly maxPending: number;
  }) {
    this.#deadlines = new Deadlines(storeTimeout);
    this.#unanswered = new Deadlines(waitShare * storeTimeout);
    this.#external = new Deadlines(Math.min(longestDelay, (1 + waitShare) * storeTimeout));
    this.#limits = writeLimits(maxPending);
    this.active = new ActiveWrites(this.#deadlines);
  }

  /**
   * Runs a task while nothing else in this process writes the session, and after logouts in progress.
   *
   * @param changes what the task holds while it waits
   * @throws {SessionError} `ERR_SESSION_STORE_TIMEOUT` if the write before it does not end,
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
    return this.#inTurn(sessionId, this.#turn(sessionId).finally(leave), task);
  }

  /**
   * Does the same for an HTTP write, which waits for others until the deadline at most: after that, it
   * is not alone.
   */
  runInTime<Result>(sessionId: string, task: (write: Write) => Promise<Result>): Promise<Result> {
    // It begins now, so that a logout that comes while it waits overtakes it.
    const write = this.active.begin(sessionId);
    const turn = this.#queue.take(sessionId) ?? this.#turn(sessionId).catch(() => noTurn);
    return this.#inTurn(sessionId, turn, task, write);
  }

  /** Does the same for a touch of a request, which shares its turn with others of its kind. */
  runTogetherInTime<Result>(
    sessionId: string,
    task: (write: Write) => Promise<Result>,
  ): Promise<Result> {
    const write = this.active.begin(sessionId);
    const turn = this.take(sessionId) ?? this.#takeTogether(sessionId);
    return this.#inTurn(sessionId, turn, task, write);
  }

  async #inTurn<Result>(
    sessionId: string,
    turn: EndTurn | Promise<EndTurn>,
    task: (write: Write) => Promise<Result>,
    begun?: Write,
  ): Promise<Result> {
    const endTurn = typeof turn === 'function' ? turn : await turn;
    const logouts = this.active.logoutOf(sessionId);
    if (logouts) await logouts;
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
      // Only so that nothing is kept until then: the second call does nothing.
      if (wait) this.#unanswered.end(wait);
      endTurn();
    };
  }

  /** Waits for the turn of an external write, until the deadline at most. */
  takeInTime(sessionId: string): Promise<EndTurn> {
    return this.#turn(sessionId).then(
      (endTurn) => this.#join(sessionId, this.#shareExternally(sessionId, endTurn)),
      () => noTurn,
    );
  }

  /** Takes the turn for an external write, if no internal one has it or waits for it. */
  take(sessionId: string): EndTurn | undefined {
    const turn = this.#externalTurns.get(sessionId);
    if (turn && !this.#queue.isWanted(sessionId)) return this.#join(sessionId, turn);
    const endTurn = this.#queue.take(sessionId);
    return endTurn && this.#join(sessionId, this.#shareExternally(sessionId, endTurn));
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

  /**
   * Waits for a turn together with the other touches of the session, until the deadline at most: a page
   * that loads many things at once would otherwise wait for one touch after another.
   */
  #takeTogether(sessionId: string): Promise<EndTurn> {
    const waiting = this.#waitingTouches.get(sessionId) ?? this.#requestTogether(sessionId);
    return new Promise((resolve) => {
      const late = this.#deadlines.begin(() => {
        waiting.delete(join);
        resolve(noTurn);
      });
      const join = (turn: ExternalTurn): void => {
        // Only so that nothing is kept until then: a promise settles once.
        if (late) this.#deadlines.end(late);
        resolve(this.#join(sessionId, turn));
      };
      waiting.add(join);
    });
  }

  /** Asks for a turn, which somebody else has now, for all touches that wait when it comes. */
  #requestTogether(sessionId: string): Set<(turn: ExternalTurn) => void> {
    const waiting = new Set<(turn: ExternalTurn) => void>();
    this.#waitingTouches.set(sessionId, waiting);
    this.#queue.request(sessionId, (endTurn) => {
      this.#waitingTouches.delete(sessionId);
      const turn = this.#shareExternally(sessionId, endTurn);
      const end = this.#join(sessionId, turn);
      for (const join of waiting) join(turn);
      // All of them may have missed their deadlines.
      end();
    });
    return waiting;
  }

  /** External writes share one turn, because a store's `touch` may call its own `set`. */
  #shareExternally(sessionId: string, endTurn: EndTurn): ExternalTurn {
    const turn: ExternalTurn = { endTurn, count: 0 };
    this.#externalTurns.set(sessionId, turn);
    return turn;
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
    // A store that never answers must not block all other writes of the session.
    const late = this.#external.begin(end);
    return () => {
      if (late) this.#external.end(late);
      end();
    };
  }
}
