/**
 * @module What the codes of the server mean to a visitor. Knows no page.
 */

const sentences = {
  ERR_SESSION_COOKIE_MISSING: 'You have not logged in yet.',
  ERR_SESSION_COOKIE_INVALID: 'The server does not know your cookie; perhaps it was restarted.',
  ERR_SESSION_NOT_FOUND: 'You are logged out.',
  ERR_SESSION_REFUSED: 'You have not logged in yet.',
  ERR_SESSION_ENDED: 'You are logged out.',
  ERR_SESSION_ORIGIN: 'This page comes from another site.',
  MESSAGE_EMPTY: 'Write something first.',
  MESSAGE_TOO_LONG: 'That is too long for one message.',
};

const loggedOut = new Set([
  'ERR_SESSION_COOKIE_MISSING',
  'ERR_SESSION_COOKIE_INVALID',
  'ERR_SESSION_NOT_FOUND',
  'ERR_SESSION_REFUSED',
  'ERR_SESSION_ENDED',
]);

export function sentenceFor(code) {
  return sentences[code] ?? 'The server cannot find your session right now. Please try again.';
}

/** Whether only logging in helps. */
export function isLoggedOut(code) {
  return loggedOut.has(code);
}
