/**
 * @module The calls of the store, where callbacks get a deadline and failures their names. Knows
 * every way in which a store misbehaves; must not know what a call is for.
 */

import type { SessionData, Store } from 'express-session';
import type { Deadlines } from '../deadline.js';
import { describeValue, SessionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import { isThenable } from '../thenable.js';
import { isRecord, type SessionRecord } from './record.js';

/** What a read gave: a record, or the error that says why there is none. */
export type Reading =
  | { readonly record: SessionRecord; readonly error?: never }
  | { readonly record?: never; readonly error: SessionError };

/** Called once, with what the store made of a call. */
type Answer = (error: SessionError | undefined, value: unknown) => void;

/** A call of the store with a callback of ours. */
type Call = (callback: (error?: unknown, value?: unknown) => void) => unknown;

/** On what terms a store is called. */
export interface StoreTerms {
  /** Reads several records in one call, where the store has such a call. */
  readonly readMany: ResolvedOptions['readMany'];
  readonly deadlines: Deadlines;
  /** Outlives `close()`: what a listener began to save then is saved all the same. */
  readonly writeDeadlines: Deadlines;
}

/** The store's methods, each with a deadline and each failing by name. */
export class StoreCalls {
  readonly #store: Store;
  readonly #readMany: ResolvedOptions['readMany'];
  readonly #deadlines: Deadlines;
  readonly #writeDeadlines: Deadlines;

  constructor(store: Store, { readMany, deadlines, writeDeadlines }: StoreTerms) {
    this.#store = store;
    this.#readMany = readMany;
    this.#deadlines = deadlines;
    this.#writeDeadlines = writeDeadlines;
  }

  /** Whether records can be read many at a time. */
  get canReadMany(): boolean {
    return this.#readMany !== undefined;
  }

  /**
   * Reads a record. Takes a callback, for every event of every client comes through here.
   *
   * @param answer called once: with a record, or with `ERR_SESSION_NOT_FOUND`, `ERR_SESSION_STORE`
   * or `ERR_SESSION_STORE_TIMEOUT`
   */
  get(sessionId: string, answer: (reading: Reading) => void): void {
    this.#call(
      (callback) => this.#store.get(sessionId, callback),
      (error, value) => answer(error ? readingOfError(error) : readingOf(value)),
    );
  }

  /**
   * Reads records in one call, in the order of their ids.
   *
   * @param answer called once, with a reading for each id, as `get` has it
   */
  getMany(sessionIds: readonly string[], answer: (readings: readonly Reading[]) => void): void {
    this.#call(
      (callback) => this.#readMany?.(sessionIds).then((values) => callback(undefined, values)),
      (error, values) => {
        const failure = error ?? countError(sessionIds.length, values);
        if (failure) answer(sessionIds.map(() => ({ error: failure })));
        // `countError` has seen that it is a list; `map` would pass over the holes of a sparse one.
        else answer(Array.from(values as readonly unknown[], readingOf));
      },
    );
  }

  /**
   * Writes a record.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  set(sessionId: string, session: SessionData): Promise<void> {
    return this.#promise((callback) => this.#store.set(sessionId, session, callback));
  }

  /**
   * Removes a record.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  destroy(sessionId: string): Promise<void> {
    return this.#promise((callback) => this.#store.destroy(sessionId, callback));
  }

  #promise(call: Call): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#call(call, (error) => (error ? reject(error) : resolve()), this.#writeDeadlines);
    });
  }

  #call(call: Call, answer: Answer, deadlines: Deadlines = this.#deadlines): void {
    const wait = deadlines.begin((when) => {
      const message = `The session store did not answer ${when}`;
      answer(new SessionError('ERR_SESSION_STORE_TIMEOUT', message), undefined);
    });
    if (wait === undefined) return;
    const settle = (cause?: unknown, value?: unknown): void => {
      if (!deadlines.end(wait)) return;
      answer(cause ? asSessionError(cause) : undefined, value);
    };
    const fail = (cause: unknown): void => settle(cause || new Error('It gave no reason'));
    try {
      const result = call(settle);
      // A store written with `async` methods rejects where it should have called back.
      if (isThenable(result)) result.then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  }
}

function asSessionError(cause: unknown): SessionError {
  return new SessionError('ERR_SESSION_STORE', 'The session store failed', { cause });
}

/** Says so where `readMany` did not give one answer for each id. */
function countError(expected: number, values: unknown): SessionError | undefined {
  if (Array.isArray(values) && values.length === expected) return undefined;
  const given = Array.isArray(values) ? `${values.length} answers` : describeValue(values);
  return new SessionError(
    'ERR_SESSION_STORE',
    `\`readMany\` gave ${given} for ${expected} ids; expected an answer for each, in their order`,
  );
}

/** Names what a store gave for a record. */
function readingOf(value: unknown): Reading {
  if (value instanceof Error) return { error: asSessionError(value) };
  if (!value) return { error: notFound() };
  try {
    return isRecord(value) ? { record: value } : { error: noSession(value) };
  } catch (cause) {
    return { error: asSessionError(cause) };
  }
}

function readingOfError(error: SessionError): Reading {
  // The file stores' word for "no such session", which express-session understands as well.
  const isAbsent =
    error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'ENOENT';
  return { error: isAbsent ? notFound() : error };
}

function notFound(): SessionError {
  return new SessionError(
    'ERR_SESSION_NOT_FOUND',
    'The store has no such session: it expired, was logged out, or was never saved',
  );
}

function noSession(value: unknown): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE',
    `The session store gave ${describeValue(value)} that is no session; expected an object with a \`cookie\``,
  );
}
