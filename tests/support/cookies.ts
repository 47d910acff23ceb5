/**
 * @module Session cookies, signed as `express-session` signs them.
 */

import { createHmac } from 'node:crypto';

/** Signs a value as `express-session` does: `s:`, the value, a dot, the signature. */
export function sign(value: string, secret: string): string {
  return `s:${value}.${signatureOf(value, secret)}`;
}

/** The signature of a value: base64 without its padding. */
export function signatureOf(value: string, secret: string): string {
  return createHmac('sha256', secret).update(value).digest('base64').replace(/=+$/, '');
}

/** A `Cookie` header with one cookie. */
export function cookieOf(value: string, name = 'connect.sid'): string {
  return `${name}=${encodeURIComponent(value)}`;
}

/** The value in a `Cookie` header of one cookie. */
export function cookieValue(cookie: string): string {
  return decodeURIComponent(cookie.slice(cookie.indexOf('=') + 1));
}
