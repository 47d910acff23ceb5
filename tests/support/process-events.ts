/**
 * @module Records an event of the process in place of the listeners that it has, which are mocha's.
 */

import { until } from './waiting.js';

type ProcessEvent = 'uncaughtException' | 'unhandledRejection' | 'warning';

/** Records an event of the process until `stop()`, which puts the other listeners back. */
export class ProcessEvents {
  /** What the event was emitted with: an error, a reason or a warning each. */
  readonly values: unknown[] = [];
  readonly #event: ProcessEvent;
  readonly #others: NodeJS.UncaughtExceptionListener[];

  /** @param event what to record */
  constructor(event: ProcessEvent) {
    this.#event = event;
    // The listeners of all three events are put back as they were, whatever they take.
    const emitter: NodeJS.EventEmitter = process;
    this.#others = emitter.listeners(event) as NodeJS.UncaughtExceptionListener[];
    emitter.removeAllListeners(event);
    emitter.on(event, (value: unknown) => this.values.push(value));
  }

  /** Waits for the event, unless it was emitted already; returns what came first. */
  async first(): Promise<unknown> {
    await until(() => this.values.length > 0);
    return this.values[0];
  }

  stop(): void {
    const emitter: NodeJS.EventEmitter = process;
    emitter.removeAllListeners(this.#event);
    for (const other of this.#others) emitter.on(this.#event, other);
  }
}
