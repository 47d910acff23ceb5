/**
 * @module Turns errors of the store into `SessionError`s, and removes session ids and records from
 * them: errors of database clients contain the command and its arguments.
 */

import { types } from 'node:util';
import { describeValue, SessionError } from './errors.js';

/** How many causes of causes are passed on. */
const mostCauses = 8;

/** Properties of errors that describe the failure, and hold no arguments of the command. */
const harmless: ReadonlySet<unknown> = new Set([
  'name',
  'code',
  'errno',
  'syscall',
  'address',
  'severity',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'position',
  'file',
  'line',
  'routine',
]);

/** What messages quote of a record, and what is put in its place. */
const quotations: readonly (readonly [RegExp, string])[] = [
  // V8, of a text that it cannot parse: some 20 characters. Without a bound, a long message that holds
  // many quotes takes minutes.
  [/, (?:\.{3})?"[\s\S]{0,100}?"(?:\.{3})? is not valid JSON/g, ' is not valid JSON'],
  // Redis, of a command that it does not know.
  [/,? with args beginning with:[^\n]*/g, ''],
  [/\{\s*\\*"cookie\\*"\s*:[^\n]*/g, '[record]'],
  // Keys that are numbers are before it.
  [/^([^{\n]*)\{[^\n]*"cookie\\*"\s*:[^\n]*/gm, '$1[record]'],
];

/** Turns what a store failed with into an error with a name. */
export function storeError(cause: unknown, sessionIds: readonly string[]): SessionError {
  const safe = redactError(cause, sessionIds);
  if (safe instanceof SessionError) return safe;
  return new SessionError('ERR_SESSION_STORE', 'The session store failed', { cause: safe });
}

/**
 * The same error if it leads to no session id and no record; otherwise a copy with its class, its
 * message, its stack and what else is harmless.
 */
export function redactError(error: unknown, sessionIds: readonly string[], depth = 0): unknown {
  if (typeof error === 'string') {
    const text = redact(error, sessionIds);
    return text === error ? error : new Error(text);
  }
  if ((typeof error !== 'object' && typeof error !== 'function') || error === null) return error;
  try {
    if (!isError(error)) return new Error(messageOf(error, sessionIds));
    return isSafe(error, sessionIds, depth) ? error : copyOf(error, sessionIds, depth);
  } catch {
    // Its getters, or the traps of a proxy, throw.
    return new Error('The error cannot be read');
  }
}

function isSafe(error: Error, sessionIds: readonly string[], depth: number): boolean {
  if (depth > mostCauses) return false;
  const isHarmless = (value: unknown): boolean =>
    typeof value !== 'string' || redact(value, sessionIds) === value;
  return Reflect.ownKeys(error).every((key) => {
    // Some versions of Node.js have it as an accessor.
    if (key === 'message' || key === 'stack') return isHarmless(error[key]);
    const descriptor = Object.getOwnPropertyDescriptor(error, key);
    if (descriptor === undefined || !('value' in descriptor)) return false;
    const { value }: { value?: unknown } = descriptor;
    if (key === 'cause') return redactError(value, sessionIds, depth + 1) === value;
    if (key === 'errors') {
      return (
        Array.isArray(value) &&
        value.every((inner) => redactError(inner, sessionIds, depth + 1) === inner)
      );
    }
    if (typeof value === 'string') return harmless.has(key) && isHarmless(value);
    return isWord(value);
  });
}

/** A copy of the same class. */
function copyOf(error: Error, sessionIds: readonly string[], depth: number): Error {
  const message = redact(String(error.message), sessionIds);
  const hasCause = error.cause !== undefined && depth < mostCauses;
  const cause = hasCause ? redactError(error.cause, sessionIds, depth + 1) : undefined;
  const copy =
    error instanceof SessionError
      ? new SessionError(error.code, message, { cause })
      : Object.setPrototypeOf(
          new Error(message, cause === undefined ? undefined : { cause }),
          Object.getPrototypeOf(error),
        );
  const define = (key: string, value: unknown, enumerable = false): void => {
    Reflect.defineProperty(copy, key, { value, enumerable, configurable: true, writable: true });
  };
  if (typeof error.stack === 'string') define('stack', redact(error.stack, sessionIds));
  const errors: unknown = Object.getOwnPropertyDescriptor(error, 'errors')?.value;
  if (Array.isArray(errors) && depth < mostCauses) {
    const copies = errors.map((inner: unknown) => redactError(inner, sessionIds, depth + 1));
    define('errors', copies);
  }
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    const value: unknown = descriptor.value;
    if (!harmless.has(key) || Object.hasOwn(copy, key)) continue;
    if (typeof value === 'string') define(key, redact(value, sessionIds), true);
    else if (isWord(value)) define(key, value, true);
  }
  return copy;
}

/** Whether a value can hold nothing of others. */
function isWord(value: unknown): boolean {
  return value === undefined || value === null || ['number', 'boolean'].includes(typeof value);
}

function isError(value: object): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** What something says that is no error. */
function messageOf(value: object, sessionIds: readonly string[]): string {
  const message: unknown = Object.getOwnPropertyDescriptor(value, 'message')?.value;
  return typeof message === 'string' ? redact(message, sessionIds) : 'The error has no message';
}

function redact(text: string, sessionIds: readonly string[]): string {
  let redacted = text;
  for (const id of sessionIds) if (id !== '') redacted = redacted.replaceAll(id, '[session id]');
  for (const [quotation, replacement] of quotations) {
    redacted = redacted.replace(quotation, replacement);
  }
  return redacted;
}

/** The error of a store that rejects with nothing, or throws it. */
export function noReasonError(): Error {
  return new Error('The session store failed without an error');
}

/** The error of a `readMany` that did not return one answer per id; undefined if it did. */
export function wrongCountError(expected: number, values: unknown): SessionError | undefined {
  if (Array.isArray(values) && values.length === expected) return undefined;
  const given = Array.isArray(values) ? `${values.length} answers` : describeValue(values);
  return new SessionError(
    'ERR_SESSION_STORE',
    `\`readMany\` returned ${given} for ${expected} ids; expected one answer per id, in the same order`,
  );
}

/** Whether an error is a file store's "no such session", as `express-session` understands it. */
export function isAbsence(error: Error): boolean {
  const cause = error instanceof SessionError ? error.cause : error;
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
