/**
 * @module The calls of the store, where callbacks become promises. Knows every way in which a store
 * misbehaves; must not know what a call is for.
 */

import type { SessionData, Store } from 'express-session';
import type { Deadlines, Settle } from '../deadline.js';
import { isThenable } from '../diagnostics.js';
import { describeValue, SessionError } from '../errors.js';
import { isRecord, type SessionRecord } from './record.js';

/** The store's methods as promises, each with a deadline and each failing by name. */
export class StoreCalls {
  readonly #store: Store;
  readonly #deadlines: Deadlines;

  constructor(store: Store, deadlines: Deadlines) {
    this.#store = store;
    this.#deadlines = deadlines;
  }

  /**
   * Reads a record.
   *
   * @throws {SessionError} `ERR_SESSION_NOT_FOUND`, `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  async get(sessionId: string): Promise<SessionRecord> {
    const record = await this.#call<unknown>((settle) =>
      this.#store.get(sessionId, (error, found) => {
        // The file stores' word for "no such session", which express-session understands as well.
        if (error && error.code !== 'ENOENT') settle.reject(error);
        else settle.resolve(error ? undefined : found);
      }),
    );
    if (isRecord(record)) return record;
    if (!record) {
      throw new SessionError(
        'ERR_SESSION_NOT_FOUND',
        'The store has no such session: it expired, was logged out, or was never saved',
      );
    }
    throw new SessionError(
      'ERR_SESSION_STORE',
      `The session store gave ${describeValue(record)} that is no session; expected an object with a \`cookie\``,
    );
  }

  /**
   * Writes a record.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  set(sessionId: string, session: SessionData): Promise<void> {
    return this.#call((settle) =>
      this.#store.set(sessionId, session, (error) => finish(settle, error)),
    );
  }

  /**
   * Removes a record.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  destroy(sessionId: string): Promise<void> {
    return this.#call((settle) => this.#store.destroy(sessionId, (error) => finish(settle, error)));
  }

  #call<Value>(begin: (settle: Settle<Value>) => unknown): Promise<Value> {
    return this.#deadlines
      .wait<Value>(
        (settle) => {
          const result = begin(settle);
          // A store written with `async` methods rejects where it should have called back.
          if (isThenable(result)) result.then(undefined, settle.reject);
        },
        (when) =>
          new SessionError('ERR_SESSION_STORE_TIMEOUT', `The session store did not answer ${when}`),
      )
      .catch((cause: unknown) => {
        if (cause instanceof SessionError) throw cause;
        throw new SessionError('ERR_SESSION_STORE', 'The session store failed', { cause });
      });
  }
}

function finish(settle: Settle<void>, error: unknown): void {
  if (error) settle.reject(error);
  else settle.resolve();
}
