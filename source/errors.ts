/**
 * @module The errors of the library, with their codes. Messages never contain a cookie value, a secret
 * or a session id.
 */

/** The page that documents each code under its own heading. */
const documentation =
  'https://github.com/expression-socket-io/expression.socket.io/blob/main/docs/errors.md';

/** What happened, for programs to compare. Each code is documented in `docs/errors.md`. */
export type SessionErrorCode =
  | 'ERR_SESSION_COOKIE_MISSING'
  | 'ERR_SESSION_COOKIE_INVALID'
  | 'ERR_SESSION_COOKIE_PARSER'
  | 'ERR_SESSION_ORIGIN'
  | 'ERR_SESSION_NOT_FOUND'
  | 'ERR_SESSION_STORE'
  | 'ERR_SESSION_STORE_TIMEOUT'
  | 'ERR_SESSION_OVERLOAD'
  | 'ERR_SESSION_REFUSED'
  | 'ERR_SESSION_ENDED'
  | 'ERR_SESSION_LOCK'
  | 'ERR_SESSION_REGENERATE'
  | 'ERR_SESSION_TICKET';

/**
 * Says why there is no session, or why it could not be saved.
 *
 * `code` is stable and meant to be compared; `message` is meant for the operator; `cause`
 * is the error of the cookie parser or the store, if there is one.
 *
 * @example
 * socket.sessOn('vote', (err, session) => {
 *   if (err?.code === 'ERR_SESSION_NOT_FOUND') return void socket.emit('log in, please');
 *   if (err) return console.error(err.message, err.cause);
 *   console.log(session.votes ?? 0);
 * });
 */
export class SessionError extends Error {
  /** Always `'SessionError'`. */
  override readonly name: string = 'SessionError';
  /** What happened. */
  readonly code: SessionErrorCode;

  /**
   * Applications rarely create one, but their tests may.
   *
   * @param code what happened
   * @param message a sentence for the operator
   * @param options `cause`: the error behind this one
   */
  constructor(code: SessionErrorCode, message: string, options?: { cause?: unknown }) {
    // A `cause` that is `undefined` would be printed with the error.
    super(message, options?.cause === undefined ? undefined : options);
    this.code = code;
  }
}

/** The messages for refused clients, by code; they say nothing about the server. */
const clientSentences: Readonly<Record<SessionErrorCode, string>> = {
  ERR_SESSION_COOKIE_MISSING: 'No session cookie',
  ERR_SESSION_COOKIE_INVALID: 'Invalid session cookie',
  ERR_SESSION_COOKIE_PARSER: 'Session unavailable',
  ERR_SESSION_ORIGIN: 'Origin not allowed',
  ERR_SESSION_NOT_FOUND: 'No session',
  ERR_SESSION_STORE: 'Session unavailable',
  ERR_SESSION_STORE_TIMEOUT: 'Session unavailable',
  ERR_SESSION_OVERLOAD: 'Session unavailable',
  ERR_SESSION_REFUSED: 'Not authorized',
  ERR_SESSION_ENDED: 'No session',
  ERR_SESSION_LOCK: 'Session unavailable',
  ERR_SESSION_REGENERATE: 'Session unavailable',
  ERR_SESSION_TICKET: 'Invalid ticket',
};

/** An error whose `message` and `data` Socket.IO sends to a refused client. */
export interface ConnectError extends Error {
  data: { code: SessionErrorCode };
}

/** Makes the `connect_error` of a refused client: the code, and a message without details. */
export function connectError(code: SessionErrorCode): ConnectError {
  return Object.assign(new Error(clientSentences[code]), { data: { code } });
}

const storeTroubles: ReadonlySet<unknown> = new Set<SessionErrorCode>([
  'ERR_SESSION_STORE',
  'ERR_SESSION_STORE_TIMEOUT',
  'ERR_SESSION_OVERLOAD',
]);

/** Whether an error is a temporary one of the store, which is no reason to disconnect the client. */
export function isStoreUnavailable(code: unknown): boolean {
  return storeTroubles.has(code);
}

/** The error of a read that found nothing. */
export function notFoundError(): SessionError {
  return new SessionError(
    'ERR_SESSION_NOT_FOUND',
    'The store has no such session: it expired, was logged out, was never saved, or is in another store than the one that `session()` was given',
  );
}

/** The error for the `disconnect` listeners of a recovered socket that was not admitted. */
export function notAdmittedError(): SessionError {
  return new SessionError(
    'ERR_SESSION_REFUSED',
    'The recovered connection ended before its session was read and `authorization` agreed',
  );
}

/** The error of a record that no session can be made from. */
export function notASessionError(value: unknown): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE',
    `The session store returned ${describeValue(value)} that is not a session; expected an object with a \`cookie\``,
  );
}

/** The error of a store that missed its deadline. */
export function storeTimeoutError(when: string): SessionError {
  return new SessionError('ERR_SESSION_STORE_TIMEOUT', `The session store did not answer ${when}`);
}

/** The error of a save or an update that came too late. */
export function sessionEndedError(): SessionError {
  return new SessionError(
    'ERR_SESSION_ENDED',
    'The session has ended by logout, login or expiry, or was never saved: nothing was written',
  );
}

/** The error of an update that has lost its lock. */
export function lockLostError(cause?: unknown): SessionError {
  return new SessionError(
    'ERR_SESSION_LOCK',
    'The session lock was lost while it was held; nothing was saved',
    { cause },
  );
}

/** Returns the address of the documentation of a code. */
export function helpFor(code: SessionErrorCode): string {
  return `${documentation}#${code.toLowerCase()}`;
}

/** Names the type of a value for a message, without showing the value. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') {
    return value.name ? `the function \`${value.name}\`` : 'a function';
  }
  if (typeof value !== 'object') return `a ${typeof value}`;
  // From the prototype, because the value's own property `constructor` may hold anything.
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  if (typeof name !== 'string' || name === '' || name === 'Object') return 'an object';
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}

/** Shows a number, and names the type of any other value. */
export function describeNumber(value: unknown): string {
  return typeof value === 'number' ? String(value) : describeValue(value);
}
