/**
 * @module The events of a socket that wait for their session. Knows how many may; must not know what
 * they wait for.
 */

import type { EventName, Listener } from './listener-links.js';

/** Counts events: each once, however many listeners it has. */
export class Backlog {
  readonly #limit: number;
  #waiting = 0;
  /** The event told last, who was told of it, and whether it may wait. */
  #event: EventName | undefined;
  readonly #told: Listener[] = [];
  #mayWait = true;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * An event came for a listener.
   *
   * @param isFarewell whether it is told however many wait
   * @returns whether it is the first or a further one of the event's listeners; nothing, where the
   * event may not wait
   */
  enter(
    event: EventName,
    listener: Listener,
    isFarewell: boolean,
  ): 'first' | 'further' | undefined {
    // Its listeners are told in a row: another event begins where a name or a listener does.
    const isFirst = event !== this.#event || this.#told.includes(listener);
    if (isFirst) {
      this.#told.length = 0;
      this.#mayWait = isFarewell || this.#waiting < this.#limit;
      if (this.#mayWait) this.#waiting++;
    }
    this.#event = event;
    this.#told.push(listener);
    if (!this.#mayWait) return undefined;
    return isFirst ? 'first' : 'further';
  }

  /** An event waits no more. */
  leave(): void {
    this.#waiting--;
  }
}
