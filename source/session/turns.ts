/**
 * @module One after another, for each key: who has the turn, and who waits for it. Knows nothing of
 * what a turn is for.
 */

/** Ends a turn; ending it twice does nothing. */
export type EndTurn = () => void;

/** Gives turns: for each key to one at a time, in the order in which they asked. */
export class Turns {
  /** Those who wait, behind whoever has the turn: a key is here as long as somebody has it. */
  readonly #waiting = new Map<string, Set<(end: EndTurn) => void>>();

  /** Takes the turn at once; tells nothing where somebody else has it. */
  take(key: string): EndTurn | undefined {
    if (this.#waiting.has(key)) return undefined;
    this.#waiting.set(key, new Set());
    return this.#turn(key);
  }

  /** Whether somebody waits for the turn. */
  isWanted(key: string): boolean {
    return (this.#waiting.get(key)?.size ?? 0) > 0;
  }

  /**
   * Takes the turn as soon as it comes.
   *
   * @param begin a function of its own for each request
   * @returns gives up waiting
   */
  request(key: string, begin: (end: EndTurn) => void): () => void {
    const end = this.take(key);
    if (end) {
      begin(end);
      return () => {};
    }
    const waiting = this.#waiting.get(key);
    waiting?.add(begin);
    return () => waiting?.delete(begin);
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
    begin(this.#turn(key));
  }
}
