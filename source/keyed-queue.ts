/**
 * @module Turns, one after another for each key, in the order in which they were asked for; and how
 * many may wait.
 */

/** Ends a turn; ending it twice does nothing. */
export type EndTurn = () => void;

type Begin = (end: EndTurn) => void;

/** How many may wait for a turn: for one key, and for all keys together. */
export interface QueueLimits {
  readonly perKey: number;
  readonly inAll: number;
}

/** Gives turns: for each key to one at a time. */
export class KeyedQueue {
  /** Those who wait behind the turn of a key, if any: a key is here as long as somebody has its turn. */
  readonly #waiting = new Map<string, Set<Begin> | undefined>();
  #count = 0;

  /** Takes the turn at once, or returns undefined if somebody else has it. */
  take(key: string): EndTurn | undefined {
    if (this.#waiting.has(key)) return undefined;
    this.#waiting.set(key, undefined);
    return this.#turn(key);
  }

  /** Whether somebody waits for the turn of a key. */
  isWanted(key: string): boolean {
    return (this.#waiting.get(key)?.size ?? 0) > 0;
  }

  /** Whether no more may wait for the turn of a key. Who need not wait is not one too many. */
  isFull(key: string, { perKey, inAll }: QueueLimits): boolean {
    if (!this.#waiting.has(key)) return false;
    const size = this.#waiting.get(key)?.size ?? 0;
    return size >= perKey || this.#count >= inAll;
  }

  /**
   * Calls `begin` when the turn comes: at once if nobody has it.
   *
   * @param begin a function of its own for each request
   * @returns stops waiting
   */
  request(key: string, begin: Begin): () => void {
    const end = this.take(key);
    if (end) {
      begin(end);
      return () => {};
    }
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting.add(begin));
    this.#count++;
    return () => {
      if (waiting.delete(begin)) this.#count--;
    };
  }

  /** Runs a task in its turn. */
  async run<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    const end = await new Promise<EndTurn>((resolve) => this.request(key, resolve));
    try {
      return await task();
    } finally {
      end();
    }
  }

  #turn(key: string): EndTurn {
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#next(key);
    };
  }

  #next(key: string): void {
    const waiting = this.#waiting.get(key);
    const [begin] = waiting ?? [];
    if (begin === undefined) {
      this.#waiting.delete(key);
      return;
    }
    waiting?.delete(begin);
    this.#count--;
    begin(this.#turn(key));
  }
}
