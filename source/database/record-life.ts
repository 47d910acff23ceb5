/**
 * @module The life of a record, as its cookie sets it.
 */

/** When the cookie of a record expires, in milliseconds since 1970; undefined if it does not. */
export function expiryOf(record: object): number | undefined {
  const expires = cookieField(record, 'expires');
  if (!(typeof expires === 'string' || typeof expires === 'number' || expires instanceof Date)) {
    return undefined;
  }
  const time = new Date(expires).getTime();
  return Number.isNaN(time) ? undefined : time;
}

/** How far apart two unchanged expiries of one cookie may be, because stores count in seconds. */
const tolerance = 1_000;

/**
 * Whether a write changes the life of the cookie. If the cookie has an age, another `expires` with the
 * same age only renews it.
 */
export function isLifeChanged(before: object, after: object): boolean {
  const age = cookieField(before, 'originalMaxAge');
  if (typeof age === 'number') return cookieField(after, 'originalMaxAge') !== age;
  const [oldExpiry, newExpiry] = [expiryOf(before), expiryOf(after)];
  if (oldExpiry === undefined || newExpiry === undefined) return oldExpiry !== newExpiry;
  return Math.abs(newExpiry - oldExpiry) > tolerance;
}

function cookieField(record: object, name: string): unknown {
  const cookie: unknown = Reflect.get(record, 'cookie');
  return typeof cookie === 'object' && cookie !== null ? Reflect.get(cookie, name) : undefined;
}
