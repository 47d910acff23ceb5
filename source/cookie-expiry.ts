/**
 * @module Reads when the cookie of a session expires, from a stored record or from a session object.
 */

/**
 * When a session expires by its cookie, in milliseconds since 1970; undefined if the cookie has no valid
 * date.
 */
export function cookieExpiryOf(session: object): number | undefined {
  const cookie: object = Object(Reflect.get(session, 'cookie'));
  // The second is the field of express-session's `Cookie`, which a serialiser that does not call `toJSON`
  // stores.
  const expires: unknown = Reflect.get(cookie, 'expires') ?? Reflect.get(cookie, '_expires');
  if (!(typeof expires === 'string' || typeof expires === 'number' || expires instanceof Date)) {
    return undefined;
  }
  const time = new Date(expires).getTime();
  return Number.isNaN(time) ? undefined : time;
}
