/**
 * @module Checks the arguments of the database helpers.
 */

import { describeValue } from '../errors.js';

/** The longest delay that a timer of Node.js can count: https://nodejs.org/api/timers.html */
const longestDelay = 2_147_483_647;

/** @throws {TypeError} if it is not a delay that a timer can count */
export function assertMilliseconds(name: string, value: unknown): void {
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= longestDelay) return;
  const given = typeof value === 'number' ? value : describeValue(value);
  throw new TypeError(`\`${name}\`: expected milliseconds from 1 to ${longestDelay}, got ${given}`);
}
