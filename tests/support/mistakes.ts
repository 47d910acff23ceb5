/**
 * @module What a process hears of mistakes that nobody caught. Takes mocha's own ears off meanwhile.
 */

type Event = 'uncaughtException' | 'unhandledRejection' | 'warning';

/**
 * Listens in place of everybody else until `stop()`, which puts them back.
 *
 * @param event what to listen to
 */
export class ProcessEars {
  readonly heard: unknown[] = [];
  readonly #event: Event;
  readonly #others: NodeJS.UncaughtExceptionListener[];
  #waiting: ((value: unknown) => void) | undefined;

  constructor(event: Event) {
    this.#event = event;
    // The listeners of all three events are put back as they were, whatever they take.
    const emitter: NodeJS.EventEmitter = process;
    this.#others = emitter.listeners(event) as NodeJS.UncaughtExceptionListener[];
    emitter.removeAllListeners(event);
    emitter.on(event, this.#hear);
  }

  /** The first mistake heard. */
  async first(): Promise<unknown> {
    if (this.heard.length > 0) return this.heard[0];
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  stop(): void {
    const emitter: NodeJS.EventEmitter = process;
    emitter.removeAllListeners(this.#event);
    for (const other of this.#others) emitter.on(this.#event, other);
  }

  readonly #hear = (mistake: unknown): void => {
    this.heard.push(mistake);
    this.#waiting?.(mistake);
  };
}
