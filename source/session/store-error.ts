/**
 * @module What a store failed with becomes a `SessionError`, whose `cause` leads neither to a session
 * id nor to a record: errors of database clients carry the command and its arguments.
 */

import { SessionError } from '../errors.js';

/** How many values of an error are searched; one that has more is not passed on as it is. */
const mostValues = 1_000;

const replacement = '[session id]';

/** Turns what a store failed with into an error with a name. */
export function storeError(cause: unknown, sessionIds: readonly string[]): SessionError {
  const safe = withoutIds(cause, sessionIds);
  if (safe instanceof SessionError) return safe;
  return new SessionError('ERR_SESSION_STORE', 'The session store failed', { cause: safe });
}

/** The same error where it holds no session id, and otherwise a copy with what is safe to keep. */
export function withoutIds(error: unknown, sessionIds: readonly string[]): unknown {
  if (!holdsOneOf(error, sessionIds)) return error;
  if (error instanceof Error) return copyOf(error, sessionIds);
  return new Error(
    typeof error === 'string' ? redact(error, sessionIds) : 'The store gave no error',
  );
}

/** A copy of the same class with the message, the stack and the codes, and nothing else. */
function copyOf(error: Error, sessionIds: readonly string[]): Error {
  const cause = error.cause === undefined ? undefined : withoutIds(error.cause, sessionIds);
  const copy =
    error instanceof SessionError
      ? new SessionError(error.code, redact(error.message, sessionIds), { cause })
      : Object.setPrototypeOf(
          new Error(redact(error.message, sessionIds), cause === undefined ? undefined : { cause }),
          Object.getPrototypeOf(error),
        );
  if (typeof error.stack === 'string') {
    Reflect.defineProperty(copy, 'stack', {
      value: redact(error.stack, sessionIds),
      configurable: true,
      writable: true,
    });
  }
  for (const name of ['name', 'code', 'errno', 'syscall', 'severity'] as const) {
    const value: unknown = Object.getOwnPropertyDescriptor(error, name)?.value;
    if (typeof value === 'number') Reflect.set(copy, name, value);
    if (typeof value === 'string') Reflect.set(copy, name, redact(value, sessionIds));
  }
  return copy;
}

function redact(text: string, sessionIds: readonly string[]): string {
  return sessionIds.reduce((redacted, id) => redacted.replaceAll(id, replacement), text);
}

/** Whether a value holds a session id at any depth; also where it is too large to tell. */
function holdsOneOf(root: unknown, sessionIds: readonly string[]): boolean {
  const values: unknown[] = [root];
  const seen = new Set<unknown>(values);
  for (const value of values) {
    if (values.length > mostValues) return true;
    if (typeof value === 'string' && sessionIds.some((id) => value.includes(id))) return true;
    if (typeof value === 'function' || typeof value !== 'object' || value === null) continue;
    if (ArrayBuffer.isView(value)) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      if (sessionIds.some((id) => bytes.includes(id))) return true;
      continue;
    }
    for (const inner of innerValues(value)) {
      if (!seen.has(inner)) values.push(inner);
      seen.add(inner);
    }
  }
  return false;
}

/** Calls no getter: whose it is, and what it does, nobody knows. */
function innerValues(value: object): unknown[] {
  const inner: unknown[] = [];
  for (const key of Reflect.ownKeys(value).slice(0, mostValues)) {
    inner.push(key, Object.getOwnPropertyDescriptor(value, key)?.value);
  }
  if (value instanceof Map) for (const entry of value) inner.push(...entry);
  if (value instanceof Set) inner.push(...value);
  return inner;
}
