/**
 * @module One after another, for each session. Knows nothing of what is done in a turn.
 */

import { SessionError } from '../errors.js';

/** Gives turns to what is done with a session: in the order in which it was asked for. */
export class SessionQueues {
  readonly #limit: number;
  /** Those sessions that somebody has the turn of, each with the end of its queue. */
  readonly #queues = new Map<string, { length: number; last: Promise<void> }>();

  /** @param limit how many may wait for one session */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Does something when all that was asked for before has been done.
   *
   * @throws {SessionError} `ERR_SESSION_OVERLOAD` where too much is waiting; and what `task` throws
   */
  async run(sessionId: string, task: () => Promise<void>): Promise<void> {
    const queue = this.#queues.get(sessionId) ?? { length: 0, last: Promise.resolve() };
    if (queue.length >= this.#limit) throw overload(this.#limit);
    this.#queues.set(sessionId, queue);
    queue.length += 1;
    const result = queue.last.then(task);
    queue.last = result.catch(() => {});
    try {
      await result;
    } finally {
      queue.length -= 1;
      if (queue.length === 0) this.#queues.delete(sessionId);
    }
  }
}

function overload(limit: number): SessionError {
  return new SessionError(
    'ERR_SESSION_OVERLOAD',
    `More than ${limit} messages of this session wait for their turn: listeners are slow, or clients too fast; \`maxPending\` is the limit`,
  );
}
