/**
 * @module The options with their defaults, and what is said of a wrong one. The only place where a
 * default value is written.
 */

import { describeValue } from './errors.js';
import { assertTicketOptions } from './ticket-options.js';
import type { ExpressionSocketOptions, OriginCheck } from './types/options.js';

/** The options with every default in its place. */
export interface ResolvedOptions {
  readonly key: string;
  readonly alwaysSession: boolean;
  readonly autoErrManager: boolean;
  readonly origins: readonly (string | RegExp)[] | OriginCheck | false;
  readonly sessionId: ExpressionSocketOptions['sessionId'];
  readonly storeTimeout: number;
  readonly maxPending: number;
  readonly readMany: ExpressionSocketOptions['readMany'];
  readonly rewrite: ExpressionSocketOptions['rewrite'];
  readonly lock: ExpressionSocketOptions['lock'];
  readonly lockTimeout: number;
  readonly recordCacheSize: number;
  readonly mergeHttpWrites: boolean;
  readonly touch: number | false;
  readonly onSessionEnd: 'disconnect' | 'ignore';
  readonly ticket: ExpressionSocketOptions['ticket'];
  readonly claim: ExpressionSocketOptions['claim'];
  readonly onError: ExpressionSocketOptions['onError'];
}

const defaults = {
  key: 'connect.sid',
  alwaysSession: false,
  autoErrManager: false,
  origins: [],
  sessionId: undefined,
  storeTimeout: 5_000,
  maxPending: 1_000,
  readMany: undefined,
  rewrite: undefined,
  lock: undefined,
  lockTimeout: 20_000,
  recordCacheSize: 16_000_000,
  mergeHttpWrites: true,
  touch: 60_000,
  onSessionEnd: 'disconnect',
  ticket: undefined,
  claim: undefined,
  onError: undefined,
} satisfies ResolvedOptions;

/** The longest delay that a timer of Node.js can count: https://nodejs.org/api/timers.html */
const longestDelay = 2_147_483_647;

/** The names of all options. */
export const optionNames: readonly string[] = Object.keys(defaults);

/** What each option must be, in words and as a check. */
const rules: {
  readonly [Name in keyof ResolvedOptions]: readonly [string, (value: unknown) => boolean];
} = {
  key: ['the name of a cookie', (value) => typeof value === 'string' && value !== ''],
  alwaysSession: ['a boolean', isBoolean],
  autoErrManager: ['a boolean', isBoolean],
  origins: [
    "`false`, a function, or an array of regular expressions and origins such as 'https://app.example.com'",
    (value) =>
      value === false || isFunction(value) || (Array.isArray(value) && value.every(isOrigin)),
  ],
  sessionId: ['a function', isFunction],
  storeTimeout: [`milliseconds from 1 to ${longestDelay}`, isWholeNumberUpTo(longestDelay)],
  maxPending: ['a whole number from 1 on', isWholeNumberUpTo(Number.MAX_SAFE_INTEGER)],
  readMany: ['a function', isFunction],
  rewrite: ['a function', isFunction],
  lock: ['an object with a method `acquire`', isLock],
  lockTimeout: [`milliseconds from 1 to ${longestDelay}`, isWholeNumberUpTo(longestDelay)],
  recordCacheSize: [
    'a number of characters from 0 on',
    (value) => Number.isFinite(value) && Number(value) >= 0,
  ],
  mergeHttpWrites: ['a boolean', isBoolean],
  touch: [
    '`false`, or milliseconds from 0 on',
    (value) => value === false || (Number.isFinite(value) && Number(value) >= 0),
  ],
  onSessionEnd: [
    "'disconnect' or 'ignore'",
    (value) => value === 'disconnect' || value === 'ignore',
  ],
  ticket: ['an object', isTicketOptions],
  claim: ['a function', isFunction],
  onError: ['a function', isFunction],
};

/**
 * Puts the defaults in place of what was left out.
 *
 * @throws {TypeError} which names the option, what was expected and what came
 */
export function resolveOptions(options: ExpressionSocketOptions | undefined): ResolvedOptions {
  if (options === undefined) return defaults;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`\`options\`: expected an object, got ${describeValue(options)}`);
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) checkOption(name, value);
  return { ...defaults, ...Object.fromEntries(given) };
}

function checkOption(name: string, value: unknown): void {
  if (!Object.hasOwn(rules, name)) {
    throw new TypeError(
      `Unknown option \`${name}\`; expected one of ${Object.keys(rules).join(', ')}`,
    );
  }
  const [expected, isRight] = rules[name as keyof ResolvedOptions];
  if (isRight(value)) return;
  throw new TypeError(`\`${name}\`: expected ${expected}, got ${showOption(value)}`);
}

/** Options are the programmer's own words, and no secrets: short ones may be repeated as they are. */
function showOption(value: unknown): string {
  if (Array.isArray(value)) {
    const wrong = value.filter((one) => !isOrigin(one)).map(showOption);
    return `an array with ${wrong.join(', ')}`;
  }
  if (typeof value === 'string' && value.length <= 60) return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return describeValue(value);
}

/** Says more of what is wrong than a rule does, and less of the value, where there may be a secret. */
function isTicketOptions(value: unknown): boolean {
  assertTicketOptions(value);
  return true;
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isWholeNumberUpTo(limit: number): (value: unknown) => boolean {
  return (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= limit;
}

function isLock(value: unknown): boolean {
  return isFunction(Reflect.get(Object(value), 'acquire'));
}

/** An origin as browsers write it: scheme, host and port, and no slash at the end. */
function isOrigin(value: unknown): boolean {
  if (value instanceof RegExp) return true;
  if (typeof value !== 'string' || !/^[a-z][a-z\d+.-]*:\/\/[^/?#@\s*]+$/i.test(value)) return false;
  return URL.canParse(value);
}
