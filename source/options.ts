/**
 * @module The defaults of the options, and the checks of their values.
 */

import { isDelay, longestDelay } from './assertions.js';
import { describeValue } from './errors.js';
import type { ExpressionSocketOptions, TicketOptions } from './types/options.js';

/** The options that have no default. */
type OptionWithoutDefault =
  | 'sessionId'
  | 'readMany'
  | 'rewrite'
  | 'lock'
  | 'ticket'
  | 'claim'
  | 'onError';

/** The options with all defaults applied. */
export type ResolvedOptions = {
  readonly [Name in keyof ExpressionSocketOptions]-?: Name extends OptionWithoutDefault
    ? ExpressionSocketOptions[Name] | undefined
    : NonNullable<ExpressionSocketOptions[Name]>;
};

/** The option `ticket` with all defaults applied. */
export interface ResolvedTicketOptions {
  /** `undefined` if the secret of the cookie parser is used. */
  readonly secrets: readonly string[] | undefined;
  readonly lifetime: number;
  readonly once: boolean;
}

const defaults: ResolvedOptions = {
  key: 'connect.sid',
  alwaysSession: false,
  autoErrManager: false,
  origins: [],
  trustProxy: false,
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
  reportRefusals: false,
};

/** The longest lifetime of a ticket, which replaces the session cookie while it is valid. */
const longestLifetime = 86_400_000;

/** The names of all options. */
export const optionNames: readonly string[] = Object.keys(defaults);

/** The expected value of an option, in words and as a check. */
type Rule = readonly [expected: string, isRight: (value: unknown) => boolean];
type Rules<Name extends string> = { readonly [Key in Name]: Rule };

const aBoolean: Rule = ['a boolean', (value) => typeof value === 'boolean'];
const aFunction: Rule = ['a function', isFunction];
const aDelay: Rule = [`a whole number of milliseconds from 1 to ${longestDelay}`, isDelay];

const rules: Rules<keyof ResolvedOptions> = {
  key: ['the name of a cookie', isCookieName],
  alwaysSession: aBoolean,
  autoErrManager: aBoolean,
  origins: [
    "`false`, a function, or an array of regular expressions and origins such as 'https://app.example.com'",
    (value) =>
      value === false || isFunction(value) || (Array.isArray(value) && value.every(isOrigin)),
  ],
  trustProxy: aBoolean,
  sessionId: aFunction,
  storeTimeout: aDelay,
  maxPending: [
    'a whole number of 1 or more',
    (value) => Number.isSafeInteger(value) && Number(value) >= 1,
  ],
  readMany: aFunction,
  rewrite: aFunction,
  lock: [
    'an object with a method `acquire`',
    (value) => isFunction(Reflect.get(Object(value), 'acquire')),
  ],
  lockTimeout: aDelay,
  recordCacheSize: ['a number of characters of 0 or more', isCount],
  mergeHttpWrites: aBoolean,
  touch: [
    '`false`, or a number of milliseconds of 0 or more',
    (value) => value === false || isCount(value),
  ],
  onSessionEnd: [
    "'disconnect' or 'ignore'",
    (value) => value === 'disconnect' || value === 'ignore',
  ],
  ticket: ['an object', isTicketOptions],
  claim: aFunction,
  onError: aFunction,
  reportRefusals: aBoolean,
};

const ticketRules: Rules<keyof TicketOptions> = {
  secret: ['a string or an array of strings, none of them empty', isSecret],
  lifetime: [
    `a whole number of milliseconds from 1 to ${longestLifetime}`,
    (value) => isDelay(value) && Number(value) <= longestLifetime,
  ],
  once: aBoolean,
};

/**
 * Checks the options and applies the defaults.
 *
 * @throws {TypeError} if one is wrong; says which, what was expected and what came
 */
export function resolveOptions(options: ExpressionSocketOptions | undefined): ResolvedOptions {
  if (options === undefined) return defaults;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`\`options\`: expected an object, got ${describeValue(options)}`);
  }
  const given = checked(options, rules, { name: 'options', show: showOption });
  // The rules have checked the types.
  return { ...defaults, ...(given as Partial<ResolvedOptions>) };
}

/**
 * Checks the option `ticket`. Its errors do not repeat values, which may be secrets.
 *
 * @throws {TypeError} if a part is wrong; says which, what was expected and what came
 */
export function assertTicketOptions(ticket: unknown): asserts ticket is TicketOptions {
  if (typeof ticket !== 'object' || ticket === null || Array.isArray(ticket)) {
    throw new TypeError(
      `\`ticket\`: expected an object, such as \`{}\` for all the defaults, got ${describeValue(ticket)}`,
    );
  }
  checked(ticket, ticketRules, { name: 'ticket', prefix: 'ticket.', show: showTicketPart });
}

/** Applies the defaults to an option `ticket` that has been checked. */
export function resolveTicketOptions({
  secret,
  lifetime = 60_000,
  once = false,
}: TicketOptions): ResolvedTicketOptions {
  return { secrets: typeof secret === 'string' ? [secret] : secret, lifetime, once };
}

/** The value of an option, which may be inherited. What all objects have is none, whoever added it. */
export function optionOf(options: object, name: string): unknown {
  const isOption = Object.hasOwn(options, name) || !(name in Object.prototype);
  return isOption ? Reflect.get(options, name) : undefined;
}

/**
 * Returns the options that are given, all of them checked by their rules: own ones, inherited ones, and
 * those that a class has as getters.
 *
 * @param how `show` says what came in place of what was expected
 */
function checked(
  options: object,
  known: Rules<string>,
  how: { name: string; prefix?: string; show: (name: string, value: unknown) => string },
): object {
  const { name: whole, prefix = '', show } = how;
  for (const name in options) {
    if (Object.hasOwn(known, name) || optionOf(options, name) === undefined) continue;
    const names = Object.keys(known).join(', ');
    throw new TypeError(`Unknown option \`${prefix}${name}\`; expected one of ${names}`);
  }
  const given: Record<string, unknown> = {};
  for (const [name, [expected, isRight]] of Object.entries(known)) {
    const value = optionOf(options, name);
    if (value === undefined) continue;
    if (!isRight(value)) {
      throw new TypeError(`\`${prefix}${name}\`: expected ${expected}, got ${show(name, value)}`);
    }
    given[name] = value;
  }
  // A `Map`, or a promise of options. The getters of a class may all return undefined.
  const isBuiltIn = Object.prototype.toString.call(options) !== '[object Object]';
  if (isBuiltIn && [given, options].every((one) => Object.keys(one).length === 0)) {
    throw new TypeError(`\`${whole}\`: expected an object, got ${describeValue(options)}`);
  }
  return given;
}

function showOption(name: string, value: unknown): string {
  return name === 'origins' ? showOrigins(value) : showValue(value);
}

/** Repeats short values: options are written by the programmer and contain no secrets. */
function showValue(value: unknown): string {
  if (Array.isArray(value)) return `an array with ${value.map(showValue).join(', ')}`;
  if (typeof value === 'string' && value.length <= 60) return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return describeValue(value);
}

/** Shows the origins that are wrong, with the right spelling if it is clear. */
function showOrigins(value: unknown): string {
  if (!Array.isArray(value)) return showValue(value);
  const wrong = value.filter((one) => !isOrigin(one));
  const hints = wrong.map((one) => {
    if (one === '*') return '"*" (name each origin, or turn the check off with `origins: false`)';
    const bare = typeof one === 'string' && one.endsWith('/') ? one.slice(0, -1) : undefined;
    const hint = isOrigin(bare) ? ` (without the trailing slash: ${showValue(bare)})` : '';
    return `${showValue(one)}${hint}`;
  });
  return `an array with ${hints.join(', ')}`;
}

/** Repeats only numbers: any other value may be a misplaced secret. */
function showTicketPart(name: string, value: unknown): string {
  if (name !== 'secret' && typeof value === 'number') return String(value);
  if (value === '') return 'an empty string';
  if (!Array.isArray(value)) return describeValue(value);
  if (value.length === 0) return 'an empty array';
  const wrong = value.find((one) => !isNonEmptyString(one));
  return `an array with ${showTicketPart(name, wrong)}`;
}

/** Throws, because the errors of `assertTicketOptions` say more, and show no secret. */
function isTicketOptions(value: unknown): boolean {
  assertTicketOptions(value);
  return true;
}

function isSecret(value: unknown): boolean {
  if (!Array.isArray(value)) return isNonEmptyString(value);
  // Spread, because `every` skips the holes of a sparse array.
  return value.length > 0 && [...value].every(isNonEmptyString);
}

/** Whether a cookie can have this name: with any other, `serialize` of the `cookie` package throws. */
function isCookieName(value: unknown): boolean {
  return typeof value === 'string' && /^[!-:<>-~]+$/.test(value);
}

function isNonEmptyString(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isCount(value: unknown): boolean {
  return Number.isFinite(value) && Number(value) >= 0;
}

/** Whether a value is an origin as browsers send it: scheme, host and port, without a slash at the end. */
function isOrigin(value: unknown): boolean {
  if (value instanceof RegExp) return true;
  if (typeof value !== 'string' || !/^[a-z][a-z\d+.-]*:\/\/[^/?#@\s*]+$/i.test(value)) return false;
  return URL.canParse(value);
}
