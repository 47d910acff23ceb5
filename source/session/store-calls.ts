/**
 * @module The calls of the store, where callbacks get a deadline and failures their names. Knows
 * every way in which a store misbehaves; must not know what a call is for.
 */

import type { SessionData, Store } from 'express-session';
import type { Deadlines } from '../deadlines.js';
import { describeValue, SessionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import { isThenable } from '../thenable.js';
import type { HeldLock, RecordChange } from '../types.js';
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
  /** Changes a record atomically, where the store has a way to. */
  readonly rewrite: ResolvedOptions['rewrite'];
  /** Hears of every session that the store was found not to have. */
  readonly absent: (sessionId: string) => void;
  readonly deadlines: Deadlines;
  /** Outlives `close()`: what a listener began to save then is saved all the same. */
  readonly writeDeadlines: Deadlines;
}

/** The store's methods, each with a deadline and each failing by name. */
export class StoreCalls {
  readonly #store: Store;
  readonly #terms: StoreTerms;

  constructor(store: Store, terms: StoreTerms) {
    this.#store = store;
    this.#terms = terms;
  }

  /** Whether records can be read many at a time. */
  get canReadMany(): boolean {
    return this.#terms.readMany !== undefined;
  }

  /**
   * Reads a record. Takes a callback, for every event of every client comes through here.
   *
   * @param answer called once: with a record, or with `ERR_SESSION_NOT_FOUND`, `ERR_SESSION_STORE`
   * or `ERR_SESSION_STORE_TIMEOUT`
   */
  get(sessionId: string, answer: (reading: Reading) => void): void {
    this.#get(sessionId, answer, this.#terms.deadlines);
  }

  /** Reads a record before it is written: does what `get` does, also after `close()`. */
  look(sessionId: string): Promise<Reading> {
    return new Promise((resolve) => this.#get(sessionId, resolve, this.#terms.writeDeadlines));
  }

  /**
   * Reads records in one call, in the order of their ids.
   *
   * @param answer called once, with a reading for each id, as `get` has it
   */
  getMany(sessionIds: readonly string[], answer: (readings: readonly Reading[]) => void): void {
    this.#call(
      (callback) =>
        this.#terms.readMany?.(sessionIds).then((values) => callback(undefined, values)),
      (error, values) => {
        const failure = error ?? countError(sessionIds.length, values);
        if (failure) return answer(sessionIds.map(() => ({ error: failure })));
        // `countError` has seen that it is a list.
        const readings = values as readonly unknown[];
        answer(sessionIds.map((sessionId, index) => this.#read(sessionId, readings[index])));
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
   * Keeps a record from expiring. A store that has no `touch` needs none, or has none to offer.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  async touch(sessionId: string, session: object): Promise<void> {
    if (typeof this.#store.touch !== 'function') return;
    await this.#promise((callback) => this.#store.touch?.(sessionId, session as never, callback));
  }

  /**
   * Changes a record atomically.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`, or what `change` threw
   */
  rewrite(sessionId: string, change: RecordChange, lock: HeldLock | undefined): Promise<void> {
    const observed: RecordChange = (record) => {
      if (record === null) this.#terms.absent(sessionId);
      return change(record);
    };
    return this.#promise((callback) =>
      this.#terms.rewrite?.(sessionId, observed, { lock }).then(() => callback()),
    );
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
      const { writeDeadlines } = this.#terms;
      this.#call(call, (error) => (error ? reject(error) : resolve()), writeDeadlines);
    });
  }

  #get(sessionId: string, answer: (reading: Reading) => void, deadlines: Deadlines): void {
    this.#call(
      (callback) => this.#store.get(sessionId, callback),
      (error, value) => answer(this.#read(sessionId, error ?? value)),
      deadlines,
    );
  }

  /** Names what the store gave for a record, and tells of a session that is not there. */
  #read(sessionId: string, value: unknown): Reading {
    const reading = readingOf(value);
    if (reading.error?.code === 'ERR_SESSION_NOT_FOUND') this.#terms.absent(sessionId);
    return reading;
  }

  #call(call: Call, answer: Answer, deadlines: Deadlines = this.#terms.deadlines): void {
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
  if (cause instanceof SessionError) return cause;
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
  if (value instanceof Error)
    return { error: isAbsence(value) ? notFound() : asSessionError(value) };
  if (!value) return { error: notFound() };
  try {
    const record: unknown = typeof value === 'string' ? JSON.parse(value) : value;
    return isRecord(record) ? { record } : { error: noSession(record) };
  } catch (cause) {
    return { error: asSessionError(cause) };
  }
}

/** The file stores' word for "no such session", which `express-session` understands as well. */
function isAbsence(error: Error): boolean {
  const cause = error instanceof SessionError ? error.cause : error;
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}

/** The error of a read that found nothing. */
export function notFound(): SessionError {
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
