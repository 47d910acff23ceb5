/**
 * @module A time limit for commands of a database client: most clients queue commands without a limit
 * while the database is unavailable.
 */

import { isDelay, longestDelay } from '../assertions.js';
import { Deadlines } from '../deadlines.js';
import { describeNumber, SessionError } from '../errors.js';

/**
 * Checks the option `timeout`.
 *
 * @throws {TypeError} if it is not a delay that a timer can count
 */
export function assertTimeout(timeout: unknown): void {
  if (isDelay(timeout)) return;
  throw new TypeError(
    `\`timeout\`: expected milliseconds from 1 to ${longestDelay}, got ${describeNumber(timeout)}`,
  );
}

/** How long a task of a database may take. */
export class TimeLimit {
  /** The name of the database, for messages. */
  readonly database: string;
  readonly #deadlines: Deadlines;

  constructor(database: string, milliseconds: number) {
    this.database = database;
    this.#deadlines = new Deadlines(Math.ceil(milliseconds));
  }

  /**
   * Runs a task.
   *
   * @param task gets a signal that is aborted at the limit; its result after that is ignored
   * @throws {SessionError} `ERR_SESSION_STORE_TIMEOUT` at the limit, and any error that the task throws
   */
  async run<Value>(task: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
    const limit = new AbortController();
    const wait = this.#deadlines.begin((when) => limit.abort(late(this.database, when)));
    try {
      return await untilAborted(task(limit.signal), limit.signal);
    } finally {
      if (wait) this.#deadlines.end(wait);
    }
  }
}

/** Waits for a promise until a signal is aborted, and then rejects with the reason of the signal. */
export function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function late(database: string, when: string): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE_TIMEOUT',
    `${database} did not complete a command ${when}`,
  );
}
