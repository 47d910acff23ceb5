/**
 * @module The parts of the option `ticket`, one of which is a secret.
 */

import { inspect } from 'node:util';
import { expect } from 'chai';
import { assertTicketOptions, resolveTicketOptions } from '../../source/options.js';

/** The message with which the option is refused. */
function complaintAbout(ticket: unknown): string {
  try {
    assertTicketOptions(ticket);
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
  throw new Error('the option was taken');
}

describe('the option `ticket`', () => {
  it('is good for a minute, again and again, with the secret of the cookie parser', () => {
    const defaults = { secrets: undefined, lifetime: 60_000, once: false };
    expect(resolveTicketOptions({})).to.deep.equal(defaults);
    expect(
      resolveTicketOptions({ secret: undefined, lifetime: undefined, once: undefined }),
    ).to.deep.equal(defaults);
  });

  it('takes one secret or several', () => {
    expect(resolveTicketOptions({ secret: 'new' }).secrets).to.deep.equal(['new']);
    expect(resolveTicketOptions({ secret: ['new', 'old'] }).secrets).to.deep.equal(['new', 'old']);
  });

  for (const right of [
    {},
    { secret: 'keyboard cat' },
    { secret: ['new', 'old'] },
    { lifetime: 1 },
    { lifetime: 86_400_000, once: true },
    { once: false, secret: undefined },
  ]) {
    it(`may be ${inspect(right)}`, () => {
      expect(() => assertTicketOptions(right)).not.to.throw();
    });
  }

  for (const [wrong, complaint] of [
    [null, /`ticket`: expected an object.*got null/],
    ['keyboard cat', /`ticket`: expected an object.*got a string/],
    [['keyboard cat'], /`ticket`: expected an object.*got an Array/],
    [Promise.resolve({}), /`ticket`: expected an object, got a Promise/],
    [true, /`ticket`: expected an object.*`\{\}`.*got a boolean/],
    [
      { secret: '' },
      /`ticket\.secret`: expected a string or an array of strings.*got an empty string/,
    ],
    [{ secret: [] }, /`ticket\.secret`: .*got an empty array/],
    [{ secret: ['keyboard cat', ''] }, /`ticket\.secret`: .*got an array with an empty string/],
    [{ secret: ['keyboard cat', null] }, /`ticket\.secret`: .*got an array with null/],
    [{ secret: Buffer.from('keyboard cat') }, /`ticket\.secret`: .*got a Buffer/],
    [{ secret: 5 }, /`ticket\.secret`: .*got a number/],
    [{ secret: new Array(2) }, /`ticket\.secret`: .*got an array with undefined/],
    [{ secret: null }, /`ticket\.secret`: .*got null/],
    [
      { lifetime: 0 },
      /`ticket\.lifetime`: expected a whole number of milliseconds from 1 to 86400000.*got 0/,
    ],
    [{ lifetime: 1.5 }, /`ticket\.lifetime`: .*got 1\.5/],
    [{ lifetime: 86_400_001 }, /`ticket\.lifetime`: .*got 86400001/],
    [{ lifetime: Number.NaN }, /`ticket\.lifetime`: .*got NaN/],
    [{ lifetime: 'keyboard cat' }, /`ticket\.lifetime`: .*got a string/],
    [{ once: 'yes' }, /`ticket\.once`: expected a boolean, got a string/],
    [{ once: 1 }, /`ticket\.once`: expected a boolean, got 1/],
    [{ secrets: ['keyboard cat'] }, /`ticket\.secrets`; expected one of secret, lifetime, once/],
    [{ constructor: 1 }, /`ticket\.constructor`/],
  ] as const) {
    it(`may not be ${inspect(wrong)}, and the error says so without a secret`, () => {
      expect(complaintAbout(wrong)).to.match(complaint).and.not.to.include('keyboard');
    });
  }
});
