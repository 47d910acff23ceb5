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
  run<Value>(task: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
    const limit = new AbortController();
    return this.#deadlines.call(
      () => task(limit.signal),
      (when) => {
        const message = `${this.database} did not complete a command ${when}`;
        const error = new SessionError('ERR_SESSION_STORE_TIMEOUT', message);
        limit.abort(error);
        return error;
      },
    );
  }
}
