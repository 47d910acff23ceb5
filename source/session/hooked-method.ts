/**
 * @module Replaces methods of a store by hooks, and calls the store's own methods, in all the ways in
 * which stores are called and answer.
 */

import type { Store } from 'express-session';
import { isThenable } from '../assertions.js';
import { noReasonError } from '../store-error.js';

/** How a store answers a call. */
type Callback = (...answer: unknown[]) => void;
/** A method of a store. Stores differ even in the number of parameters. */
export type Method = (...args: unknown[]) => unknown;

/** The position of each method's callback, for calls without one. */
const callbackPositions = { set: 2, touch: 2, destroy: 1, regenerate: 1, clear: 0 } as const;

/** A method that takes a callback. */
export type CallbackMethodName = keyof typeof callbackPositions;

/** A call of one of the store's own methods. */
export interface MethodCall {
  readonly method: Method;
  /** What it was called on: the store, or something derived from it. */
  readonly target: unknown;
  readonly args: readonly unknown[];
}

/**
 * Replaces a method of a store for all callers.
 *
 * @param handle called with each call; returns what the caller gets
 * @returns restores the method; undefined if there is no such method, or it cannot be replaced
 */
export function hookMethod(
  store: Store,
  name: CallbackMethodName | 'createSession',
  handle: (call: MethodCall) => unknown,
): (() => void) | undefined {
  const method: unknown = Reflect.get(store, name);
  if (typeof method !== 'function') return undefined;
  const own = Object.getOwnPropertyDescriptor(store, name);
  let isOver = false;
  const hook = function (this: unknown, ...args: unknown[]): unknown {
    if (isOver) return Reflect.apply(method, this, args);
    return handle({ method: method as Method, target: this, args });
  };
  const isHooked = Reflect.defineProperty(store, name, {
    value: hook,
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? false,
  });
  if (!isHooked) return undefined;
  return () => {
    isOver = true;
    // Another library may have put its own in front meanwhile, which passes on to the hook.
    if (Reflect.get(store, name) !== hook) return;
    if (own) Reflect.defineProperty(store, name, own);
    else Reflect.deleteProperty(store, name);
  };
}

/** The callbacks for the outcome of a call of the store. */
export interface CallOutcome {
  /** Called once with the answer, by callback or by promise. */
  answered(answer: readonly unknown[]): void;
  /** Called if the method throws, which is passed on. */
  failed(): void;
  /** Called if a method that declares no callback returns neither a promise nor an answer. */
  returned?(): void;
}

/**
 * Calls a method of the store with another callback than the caller's.
 *
 * @returns what the method returned, or a promise of the answer if the caller gave no callback, since
 * some stores return a promise only then
 */
export function callMethod(
  name: CallbackMethodName,
  { method, target, args }: MethodCall,
  { answered, failed, returned }: CallOutcome,
): unknown {
  const given = args.findIndex((arg) => typeof arg === 'function');
  const position = given < 0 ? callbackPositions[name] : given;
  const promised = given < 0 ? promisedAnswer() : undefined;
  // An `async` method with a callback may resolve before it calls back, also with an error. So may a
  // wrapper with `...args`, whose number of parameters says nothing.
  const isAnsweredByPromise = promised ? method.length <= position : method.length === position;
  let isAnswered = false;
  const answer = (...values: unknown[]): void => {
    if (isAnswered) return;
    isAnswered = true;
    promised?.settle(values);
    answered(values);
  };
  const ours = [...args];
  // `session.destroy()` without a callback of `express-session` calls `destroy(id, undefined)`.
  ours[position] = answer;
  try {
    const result = Reflect.apply(method, target, ours);
    if (isThenable(result)) {
      result.then(
        (value) => {
          promised?.settle([null, value]);
          if (isAnsweredByPromise) answer(null);
        },
        (error) => answer(error || noReasonError()),
      );
    } else if (returned && !isAnswered && method.length <= position) {
      promised?.settle([null]);
      returned();
    }
    return promised ? promised.promise : result;
  } catch (error) {
    if (!isAnswered) {
      isAnswered = true;
      failed();
    }
    throw error;
  }
}

/**
 * Answers the caller of a method as the store would: by its callback, or else by a promise.
 */
export function answerCaller({ args }: MethodCall, task: Promise<void>): unknown {
  const callback = args.find((arg) => typeof arg === 'function') as Callback | undefined;
  if (callback === undefined) {
    task.catch(() => {});
    return task;
  }
  callBack(task, callback);
  return undefined;
}

/** Calls back outside of the promise, so that an error of the callback is not taken for a failure. */
export function callBack(task: Promise<unknown>, callback: (error: unknown) => void): void {
  task.then(
    () => process.nextTick(callback, null),
    (error: unknown) => process.nextTick(callback, error),
  );
}

/** The callback of the caller, or one that does nothing. */
export function callbackOf({ args }: MethodCall): Callback {
  const callback = args.find((arg) => typeof arg === 'function');
  return callback ? (callback as Callback) : () => {};
}

/** A promise of an answer, whose failure need not be handled. */
function promisedAnswer(): {
  readonly promise: Promise<unknown>;
  readonly settle: (answer: readonly unknown[]) => void;
} {
  let settle: (answer: readonly unknown[]) => void = () => {};
  const promise = new Promise((resolve, reject) => {
    settle = ([error, value]) => (error ? reject(error) : resolve(value));
  });
  promise.catch(() => {});
  return { promise, settle };
}
