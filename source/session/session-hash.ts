/**
 * @module The hash of a session id, which names the session in rooms and in messages to other nodes,
 * where its id must not be seen.
 */

import { hash } from 'node:crypto';

const prefix = 'expression.socket.io:';

/** The hash of a session id, which is also the name of the session's room. */
export function sessionHashOf(sessionId: string): string {
  return prefix + hash('sha256', sessionId, 'base64url');
}

/** Whether a value has the shape of a session's hash. */
export function isSessionHash(value: unknown): value is string {
  return typeof value === 'string' && /^expression\.socket\.io:[\w-]{43}$/.test(value);
}
