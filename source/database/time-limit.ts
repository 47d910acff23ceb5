/**
 * @module A time limit for commands of a database client: most clients queue commands without a limit
 * while the database is unavailable.
 */

import { isDelay, longestDelay } from '../assertions.js';
import { describeNumber, SessionError } from '../errors.js';

/** How long a task may take, and on which database. */
export interface TimeLimit {
  /** The name of the database, for messages. */
  readonly database: string;
  readonly milliseconds: number;
}

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

/**
 * Runs a task with a time limit.
 *
 * @param task gets a signal that is aborted at the limit; its result after that is ignored
 * @throws {SessionError} `ERR_SESSION_STORE_TIMEOUT` at the limit, and any error that the task throws
 */
export async function withTimeLimit<Value>(
  { database, milliseconds }: TimeLimit,
  task: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const limit = new AbortController();
  const abort = (): void => limit.abort(late(database, milliseconds));
  // When the event loop was busy, Node.js runs overdue timers before it reads the answers that have
  // arrived meanwhile. Those are not late.
  const timer = setTimeout(() => setImmediate(abort), milliseconds);
  // The timer alone does not keep the process alive.
  timer.unref();
  try {
    return await untilAborted(task(limit.signal), limit.signal);
  } finally {
    clearTimeout(timer);
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

function late(database: string, milliseconds: number): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE_TIMEOUT',
    `${database} did not complete a command within ${Math.ceil(milliseconds)} ms`,
  );
}
