/**
 * @module Calls the store with a deadline, and turns its failures into `SessionError`s.
 */

import type { SessionData } from 'express-session';
import { isThenable } from '../assertions.js';
import type { Deadlines } from '../deadlines.js';
import { type SessionError, storeTimeoutError } from '../errors.js';
import { noReasonError, storeError } from '../store-error.js';

/** What a store calls back with. */
export type StoreCallback = (error?: unknown, value?: unknown) => void;

/** Gives a session to a store to write. */
export type SetSession = (session: SessionData, callback: StoreCallback) => unknown;

/** A call of the store, given the callback to call it with. */
export interface StoreCall {
  readonly sessionIds: readonly string[];
  readonly start: (callback: StoreCallback) => unknown;
  /** Called once, with what the store answered within the deadline. */
  readonly settled: (error: SessionError | undefined, value: unknown) => void;
  /** Called when the store has answered, also after the deadline. */
  readonly answered?: () => void;
}

/** Makes a call. A store may answer by its callback or by a promise. */
export function callStore(
  { sessionIds, start, settled, answered }: StoreCall,
  deadlines: Deadlines,
): void {
  const wait = deadlines.begin((when) => {
    settled(storeTimeoutError(when), undefined);
  });
  if (wait === undefined) return;
  const settle: StoreCallback = (cause, value) => {
    answered?.();
    if (!deadlines.end(wait)) return;
    settled(cause ? storeError(cause, sessionIds) : undefined, value);
  };
  const fail = (cause: unknown): void => settle(cause || noReasonError());
  try {
    const result = start(settle);
    // A store written with `async` methods rejects instead of calling back.
    if (isThenable(result)) result.then(undefined, fail);
  } catch (error) {
    fail(error);
  }
}
