/**
 * @module A method of a store, with a function of ours in its place. Knows every way in which a
 * store is called and answers; must not know what a method is for.
 */

import type { Store } from 'express-session';
import { isThenable } from '../thenable.js';

/** What the store answers a call by. */
type Callback = (...answer: unknown[]) => void;
/** A method of a store, of which not even the number of parameters is the same everywhere. */
export type Method = (...args: unknown[]) => unknown;
/** A method that can be hooked. */
export type HookedName = 'set' | 'touch' | 'destroy' | 'regenerate';

/** Where each method takes its callback, whoever leaves it out. */
const callbackPositions: Readonly<Record<HookedName, number>> = {
  set: 2,
  touch: 2,
  destroy: 1,
  regenerate: 1,
};

/** A call of one of the store's own methods. */
export interface MethodCall {
  readonly name: HookedName;
  readonly method: Method;
  /** What it was called on: the store, or something derived from it. */
  readonly target: unknown;
  readonly sessionId: string;
  readonly args: readonly unknown[];
}

/**
 * Puts a function of ours in the place of a store's method, for everyone who calls it.
 *
 * @param handle is given each call, and returns what the caller gets
 * @returns takes it back; nothing where there is no such method, or the store lets nobody replace it
 */
export function hookMethod(
  store: Store,
  name: HookedName,
  handle: (call: MethodCall) => unknown,
): (() => void) | undefined {
  const method: unknown = Reflect.get(store, name);
  if (typeof method !== 'function') return undefined;
  const own = Object.getOwnPropertyDescriptor(store, name);
  let isOver = false;
  const hook = function (this: unknown, ...args: unknown[]): unknown {
    if (isOver) return Reflect.apply(method, this, args);
    return handle({
      name,
      method: method as Method,
      target: this,
      sessionId: sessionIdOf(name, args),
      args,
    });
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
    // Somebody else may have put its own in front meanwhile, which passes on to the hook.
    if (Reflect.get(store, name) !== hook) return;
    if (own) Reflect.defineProperty(store, name, own);
    else Reflect.deleteProperty(store, name);
  };
}

/**
 * Calls a method of the store with a callback of ours.
 *
 * @param answered called once with the answer, by callback or by promise
 * @param failed called where the method threw, which is passed on
 * @returns what the method returned; a promise of the answer, where nobody else is given it: some
 * stores return one only to those who give no callback
 */
export function callMethod(
  { name, method, target, args }: MethodCall,
  answered: (answer: readonly unknown[]) => void,
  failed: () => void,
): unknown {
  const { promise, settle } = promisedAnswer();
  let isAnswered = false;
  const answer = (...values: unknown[]): void => {
    if (isAnswered) return;
    isAnswered = true;
    settle(values);
    answered(values);
  };
  const position = args.findIndex((arg) => typeof arg === 'function');
  const ours = [...args];
  // `session.destroy()` without a callback of `express-session` calls `destroy(id, undefined)`.
  ours[position < 0 ? callbackPositions[name] : position] = answer;
  try {
    const result = Reflect.apply(method, target, ours);
    if (!isThenable(result)) return position < 0 ? promise : result;
    result.then(
      () => answer(null),
      (error) => answer(error || new Error('The session store gave no reason')),
    );
    return result;
  } catch (error) {
    isAnswered = true;
    failed();
    throw error;
  }
}

/** A promise of an answer, which nobody has to handle. */
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

/** The callback of whoever called the store, if any. */
export function callbackOf({ args }: MethodCall): Callback {
  const callback = args.find((arg) => typeof arg === 'function');
  return callback ? (callback as Callback) : () => {};
}

/** The first parameter is the session's id, or the request, which has it. */
function sessionIdOf(name: HookedName, [first]: readonly unknown[]): string {
  return String(name === 'regenerate' ? Reflect.get(Object(first), 'sessionID') : first);
}
