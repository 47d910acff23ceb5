/**
 * @module Turns errors of the store into `SessionError`s, and removes session ids and records from
 * them: errors of database clients contain the command and its arguments.
 */

import { types } from 'node:util';
import { describeValue, SessionError } from './errors.js';

/** How many causes of causes are passed on at most. */
const maxCauses = 8;

/** Properties of errors that describe the failure, and contain no arguments of the command. */
const safeProperties: ReadonlySet<unknown> = new Set([
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

/** The parts of messages that quote a record, and what replaces them. */
const quotations: readonly (readonly [RegExp, string])[] = [
  // V8 quotes some 20 characters of a text that it cannot parse. Without a bound, matching a long message
  // with many quotation marks takes minutes.
  [/, (?:\.{3})?"[\s\S]{0,100}?"(?:\.{3})? is not valid JSON/g, ' is not valid JSON'],
  // Redis quotes the arguments of a command that it does not know.
  [/,? with args beginning with:[^\n]*/g, ''],
  [/\{\s*\\*"cookie\\*"\s*:[^\n]*/g, '[record]'],
  // Keys that are numbers come before the cookie.
  [/^([^{\n]*)\{[^\n]*"cookie\\*"\s*:[^\n]*/gm, '$1[record]'],
];

/** Turns whatever a store failed with into a `SessionError`. */
export function storeError(cause: unknown, sessionIds: readonly string[]): SessionError {
  const safe = redactError(cause, sessionIds);
  if (safe instanceof SessionError) return safe;
  return new SessionError('ERR_SESSION_STORE', 'The session store failed', { cause: safe });
}

/**
 * Returns the error itself if it contains no session id and no record; otherwise a copy of the same
 * class, with the message and stack redacted, and only the safe properties.
 */
export function redactError(error: unknown, sessionIds: readonly string[], depth = 0): unknown {
  if (typeof error === 'string') {
    const text = redact(error, sessionIds);
    return text === error ? error : new Error(text);
  }
  if ((typeof error !== 'object' && typeof error !== 'function') || error === null) return error;
  try {
    if (!isError(error)) return new Error(messageOf(error, sessionIds));
    return isSafe(error, sessionIds, depth) ? error : redactedCopyOf(error, sessionIds, depth);
  } catch {
    // Its getters, or the traps of a proxy, throw.
    return new Error('The error cannot be read');
  }
}

function isSafe(error: Error, sessionIds: readonly string[], depth: number): boolean {
  if (depth > maxCauses) return false;
  const needsNoRedaction = (value: unknown): boolean =>
    typeof value !== 'string' || redact(value, sessionIds) === value;
  return Reflect.ownKeys(error).every((key) => {
    // In some versions of Node.js, `stack` is an accessor.
    if (key === 'message' || key === 'stack') return needsNoRedaction(error[key]);
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
    if (typeof value === 'string') return safeProperties.has(key) && needsNoRedaction(value);
    return holdsNoText(value);
  });
}

function redactedCopyOf(error: Error, sessionIds: readonly string[], depth: number): Error {
  const message = redact(String(error.message), sessionIds);
  const hasCause = error.cause !== undefined && depth < maxCauses;
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
  if (Array.isArray(errors) && depth < maxCauses) {
    const copies = errors.map((inner: unknown) => redactError(inner, sessionIds, depth + 1));
    define('errors', copies);
  }
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    const value: unknown = descriptor.value;
    if (!safeProperties.has(key) || Object.hasOwn(copy, key)) continue;
    if (typeof value === 'string') define(key, redact(value, sessionIds), true);
    else if (holdsNoText(value)) define(key, value, true);
  }
  return copy;
}

/** Whether a value has no text, and so cannot contain a session id or a record. */
function holdsNoText(value: unknown): boolean {
  return value === undefined || value === null || ['number', 'boolean'].includes(typeof value);
}

function isError(value: object): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** The message of an object that is not an `Error`. */
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

/** The error of a store that throws or rejects with `undefined` or another falsy value. */
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

/** Whether an error means "no such session", as file stores say it and `express-session` understands it. */
export function isNoSuchSession(error: Error): boolean {
  const cause = error instanceof SessionError ? error.cause : error;
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
