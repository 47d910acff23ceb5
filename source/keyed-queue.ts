/**
 * @module A queue for each key: whoever requests the turn of a key gets it in the order of the requests,
 * one at a time.
 */

/** Ends a turn; ending it twice does nothing. */
export type EndTurn = () => void;

type Begin = (end: EndTurn) => void;

/** How many requests may wait for a turn: for one key, and for all keys together. */
export interface QueueLimits {
  readonly perKey: number;
  readonly total: number;
}

/** Gives out the turns. */
export class KeyedQueue {
  /**
   * The requests that wait for the turn of each key. A key is in the map while its turn is taken, with
   * undefined if no request waits for it.
   */
  readonly #waiting = new Map<string, Set<Begin> | undefined>();
  #count = 0;

  /** Takes the turn of a key; returns undefined if it is taken already. */
  take(key: string): EndTurn | undefined {
    if (this.#waiting.has(key)) return undefined;
    this.#waiting.set(key, undefined);
    return this.#turn(key);
  }

  /** Whether a request waits for the turn of a key. */
  isWanted(key: string): boolean {
    return (this.#waiting.get(key)?.size ?? 0) > 0;
  }

  /** Whether a request for the turn of a key would have to wait, and may not. */
  isFull(key: string, { perKey, total }: QueueLimits): boolean {
    if (!this.#waiting.has(key)) return false;
    const size = this.#waiting.get(key)?.size ?? 0;
    return size >= perKey || this.#count >= total;
  }

  /**
   * Calls `begin` when the turn comes: at once if it is free.
   *
   * @param begin a different function for each request
   * @returns a function that withdraws the request
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
