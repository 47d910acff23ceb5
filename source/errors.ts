/**
 * @module Every failure by its name. Knows the sentences that users read, and nothing of what
 * happened beyond what it is told; never a cookie value, a secret or a session id.
 */

/**
 * What happened, in a word that programs can compare. The README has a row for each.
 */
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
 * `code` is stable and made to be compared; `message` is made to be read by whoever runs the
 * server; `cause` is the error of the cookie parser or the store, where there is one.
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
  /** What happened, for programs. */
  readonly code: SessionErrorCode;

  /**
   * Applications rarely need to make one; their tests may.
   *
   * @param code what happened
   * @param message a sentence for whoever runs the server
   * @param options `cause`: the error behind this one
   */
  constructor(code: SessionErrorCode, message: string, options?: { cause?: unknown }) {
    // Nothing is no cause: it would show wherever the error is printed.
    super(message, options?.cause === undefined ? undefined : options);
    this.code = code;
  }
}

/** What a refused client is told, by code: enough to act upon, nothing about the server. */
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

/** An error in the shape that Socket.IO sends to a refused client: `message` and `data` travel. */
export interface ConnectError extends Error {
  data: { code: SessionErrorCode };
}

/** Makes the `connect_error` of a refused client: the code, and a sentence without details. */
export function connectError(code: SessionErrorCode): ConnectError {
  return Object.assign(new Error(clientSentences[code]), { data: { code } });
}

const storeTroubles: ReadonlySet<unknown> = new Set<SessionErrorCode>([
  'ERR_SESSION_STORE',
  'ERR_SESSION_STORE_TIMEOUT',
  'ERR_SESSION_OVERLOAD',
]);

/** Whether an error is the store's and will pass: no reason to part with the client. */
export function isStoreTrouble(code: unknown): boolean {
  return storeTroubles.has(code);
}

const mishaps: ReadonlySet<unknown> = new Set<SessionErrorCode>([
  'ERR_SESSION_NOT_FOUND',
  'ERR_SESSION_ENDED',
  'ERR_SESSION_LOCK',
]);

/**
 * Whether an error is nobody's mistake: the store was down, the lock taken, or the visitor logged out
 * while a listener was at work. No reason to end the process, even if no listener deals with it.
 */
export function isMishap(error: unknown): error is SessionError {
  return error instanceof SessionError && (isStoreTrouble(error.code) || mishaps.has(error.code));
}

/** The error of an update whose lock somebody else may have by now. */
export function lockLost(cause?: unknown): SessionError {
  return new SessionError(
    'ERR_SESSION_LOCK',
    'The lock of the session was lost while it was held: nothing was saved',
    { cause },
  );
}

/** Names a value's type for a message, without giving away what is in it. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') {
    return value.name ? `the function \`${value.name}\`` : 'a function';
  }
  if (typeof value !== 'object') return `a ${typeof value}`;
  // The class's own name: a property `constructor` of the value may hold anything.
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  if (typeof name !== 'string' || name === '' || name === 'Object') return 'an object';
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}
