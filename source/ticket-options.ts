/**
 * @module The option `ticket`: its parts, their defaults, and what is said of a wrong one. Never
 * repeats a value: one of them is a secret.
 */

import { describeValue } from './errors.js';
import type { TicketOptions } from './types/options.js';

/** The parts of `ticket` with every default in its place. */
export interface ResolvedTicketOptions {
  /** None where the cookie parser's is to be taken. */
  readonly secrets: readonly string[] | undefined;
  readonly lifetime: number;
  readonly once: boolean;
}

/** Whoever finds a ticket has the session while it lives: a day is long for that. */
const longestLifetime = 86_400_000;

/** What each part must be, in words and as a check. */
const rules: {
  readonly [Name in keyof TicketOptions]-?: readonly [string, (value: unknown) => boolean];
} = {
  secret: ['a text or an array of texts, none of them empty', isSecret],
  lifetime: [`milliseconds from 1 to ${longestLifetime}, a whole number`, isLifetime],
  once: ['a boolean', (value) => typeof value === 'boolean'],
};

/**
 * Checks the option `ticket`.
 *
 * @throws {TypeError} which names the part, what was expected and what came, and no value
 */
export function assertTicketOptions(ticket: unknown): asserts ticket is TicketOptions {
  if (typeof ticket !== 'object' || ticket === null || Array.isArray(ticket)) {
    throw new TypeError(
      `\`ticket\`: expected an object, such as \`{}\` for all the defaults, got ${describeValue(ticket)}`,
    );
  }
  for (const [name, value] of Object.entries(ticket)) {
    if (value !== undefined) checkPart(name, value);
  }
}

/** Puts the defaults in place of what was left out of a `ticket` that was checked. */
export function resolveTicketOptions({
  secret,
  lifetime = 60_000,
  once = false,
}: TicketOptions): ResolvedTicketOptions {
  return { secrets: typeof secret === 'string' ? [secret] : secret, lifetime, once };
}

function checkPart(name: string, value: unknown): void {
  if (!Object.hasOwn(rules, name)) {
    throw new TypeError(
      `Unknown option \`ticket.${name}\`; expected one of ${Object.keys(rules).join(', ')}`,
    );
  }
  const [expected, isRight] = rules[name as keyof TicketOptions];
  if (isRight(value)) return;
  throw new TypeError(`\`ticket.${name}\`: expected ${expected}, got ${describe(name, value)}`);
}

/** A number that is out of range is worth repeating; anything else may be a secret gone astray. */
function describe(name: string, value: unknown): string {
  if (name !== 'secret' && typeof value === 'number') return String(value);
  if (value === '') return 'an empty one';
  if (!Array.isArray(value)) return describeValue(value);
  const wrong = value.find((one) => !isText(one));
  return value.length === 0 ? 'an empty array' : `an array with ${describe(name, wrong)}`;
}

function isSecret(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 && value.every(isText) : isText(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isLifetime(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= longestLifetime;
}
