/**
 * @module A session id becomes a record, by group commit: at most one read per session id is under
 * way, and whoever comes meanwhile shares the next one. So no event is answered by a read that was
 * issued before it came, and events are answered in the order in which they came.
 */

import { SessionError } from '../errors.js';
import type { SessionRecord } from './record.js';
import type { StoreCalls } from './store-calls.js';

/** What a read gave: a record, or the error that says why there is none. */
export type Reading =
  | { readonly record: SessionRecord; readonly error?: never }
  | { readonly record?: never; readonly error: SessionError };

/** Those who wait for the same read, which is not issued yet. */
class Batch {
  readonly reading: Promise<Reading>;
  settle!: (reading: Reading) => void;

  constructor() {
    this.reading = new Promise((resolve) => {
      this.settle = resolve;
    });
  }
}

/** Reads sessions: each reading is issued after it was asked for, and as rarely as that allows. */
export class SessionReader {
  readonly #store: Pick<StoreCalls, 'get'>;
  /** The session ids with a read under way, each with those who came meanwhile. */
  readonly #underWay = new Map<string, Batch | undefined>();

  constructor(store: Pick<StoreCalls, 'get'>) {
    this.#store = store;
  }

  /** Reads a session after this call; readings of one id settle in the order of their calls. */
  read(sessionId: string): Promise<Reading> {
    if (!this.#underWay.has(sessionId)) {
      const batch = new Batch();
      this.#issue(sessionId, batch);
      return batch.reading;
    }
    let next = this.#underWay.get(sessionId);
    if (next === undefined) {
      next = new Batch();
      this.#underWay.set(sessionId, next);
    }
    return next.reading;
  }

  #issue(sessionId: string, batch: Batch): void {
    this.#underWay.set(sessionId, undefined);
    this.#store.get(sessionId).then(
      (record) => this.#answer(sessionId, batch, { record }),
      (error: unknown) => this.#answer(sessionId, batch, { error: asSessionError(error) }),
    );
  }

  #answer(sessionId: string, batch: Batch, reading: Reading): void {
    batch.settle(reading);
    const next = this.#underWay.get(sessionId);
    if (next === undefined) this.#underWay.delete(sessionId);
    else this.#issue(sessionId, next);
  }
}

function asSessionError(error: unknown): SessionError {
  if (error instanceof SessionError) return error;
  return new SessionError('ERR_SESSION_STORE', 'The session store failed', { cause: error });
}
