/**
 * @module The options: their defaults, and what is said of a wrong one.
 */

import { inspect } from 'node:util';
import { expect } from 'chai';
import { resolveOptions } from '../../source/options.js';
import type { ExpressionSocketOptions } from '../../source/types/options.js';

/** Options as JavaScript may give them. */
function resolve(options: unknown): unknown {
  return resolveOptions(options as ExpressionSocketOptions);
}

/** The message with which options are refused. */
function complaintAbout(options: unknown): string {
  try {
    resolve(options);
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
  throw new Error('the options were taken');
}

/** For each option: what is right, and what is wrong with the words in which the error shows it. */
const cases: Readonly<
  Record<
    string,
    {
      readonly right: readonly unknown[];
      readonly wrong: readonly (readonly [unknown, string])[];
      readonly expected: RegExp;
    }
  >
> = {
  key: {
    right: ['sid', '__Host-sid'],
    wrong: [
      ['', '""'],
      [5, '5'],
      [null, 'null'],
      [['sid'], 'an array'],
    ],
    expected: /the name of a cookie/,
  },
  alwaysSession: {
    right: [true, false],
    wrong: [
      ['yes', '"yes"'],
      [1, '1'],
      [null, 'null'],
      [{}, 'an object'],
    ],
    expected: /a boolean/,
  },
  autoErrManager: {
    right: [true, false],
    wrong: [
      ['true', '"true"'],
      [0, '0'],
      [null, 'null'],
      [() => true, 'a function'],
    ],
    expected: /a boolean/,
  },
  origins: {
    right: [
      false,
      () => true,
      [],
      ['https://app.example.com', 'http://localhost:3000', 'http://[::1]:3000', 'capacitor://app'],
      [/\.example\.com$/, 'https://app.example.com'],
    ],
    wrong: [
      [true, 'true'],
      ['https://app.example.com', '"https://app.example.com"'],
      [/example/, 'a RegExp'],
      [null, 'null'],
      [['*'], '"*" (name each origin, or turn the check off with `origins: false`)'],
      [['null'], '"null"'],
      [[''], '""'],
      [['app.example.com'], '"app.example.com"'],
      [['//app.example.com'], '"//app.example.com"'],
      [
        ['https://app.example.com/'],
        '"https://app.example.com/" (without the trailing slash: "https://app.example.com")',
      ],
      [['https://app.example.com/path'], '"https://app.example.com/path"'],
      [['https://*.example.com'], '"https://*.example.com"'],
      [['https://user@app.example.com'], '"https://user@app.example.com"'],
      [['https://a.example https://b.example'], '"https://a.example https://b.example"'],
      [['https://app.example.com', 5], '5'],
      [[() => true], 'a function'],
      [[null], 'null'],
    ],
    expected: /`false`, a function, or an array of regular expressions and origins/,
  },
  trustProxy: {
    right: [true, false],
    wrong: [
      [1, '1'],
      ['loopback', '"loopback"'],
    ],
    expected: /a boolean/,
  },
  reportRefusals: { right: [true, false], wrong: [['all', '"all"']], expected: /a boolean/ },
  sessionId: {
    right: [() => 'id', async () => undefined],
    wrong: [
      ['id', '"id"'],
      [true, 'true'],
      [null, 'null'],
    ],
    expected: /a function/,
  },
  storeTimeout: {
    right: [1, 5_000, 2_147_483_647],
    wrong: [
      [0, '0'],
      [-1, '-1'],
      [1.5, '1.5'],
      [Number.NaN, 'NaN'],
      [Number.POSITIVE_INFINITY, 'Infinity'],
      [2_147_483_648, '2147483648'],
      ['5000', '"5000"'],
      [5n, 'a bigint'],
      [false, 'false'],
      [null, 'null'],
    ],
    expected: /milliseconds from 1 to 2147483647/,
  },
  maxPending: {
    right: [1, 1_000, Number.MAX_SAFE_INTEGER],
    wrong: [
      [0, '0'],
      [-1, '-1'],
      [0.5, '0.5'],
      [Number.NaN, 'NaN'],
      [Number.POSITIVE_INFINITY, 'Infinity'],
      ['10', '"10"'],
      [null, 'null'],
    ],
    expected: /a whole number of 1 or more/,
  },
  readMany: {
    right: [async () => []],
    wrong: [
      [true, 'true'],
      [['id'], 'an array'],
      [null, 'null'],
    ],
    expected: /a function/,
  },
  rewrite: {
    right: [async () => {}],
    wrong: [
      [true, 'true'],
      [{}, 'an object'],
      [null, 'null'],
    ],
    expected: /a function/,
  },
  lock: {
    right: [{ acquire: async () => ({ release: async () => {} }) }],
    wrong: [
      [true, 'true'],
      [() => {}, 'a function'],
      [{}, 'an object'],
      [{ acquire: 5 }, 'an object'],
      [null, 'null'],
    ],
    expected: /an object with a method `acquire`/,
  },
  lockTimeout: {
    right: [1, 20_000, 2_147_483_647],
    wrong: [
      [0, '0'],
      [0.5, '0.5'],
      [Number.POSITIVE_INFINITY, 'Infinity'],
      [2_147_483_648, '2147483648'],
      ['1', '"1"'],
      [null, 'null'],
    ],
    expected: /milliseconds from 1 to 2147483647/,
  },
  touch: {
    right: [false, 0, 1.5, 60_000],
    wrong: [
      [true, 'true'],
      [-1, '-1'],
      [Number.NaN, 'NaN'],
      [Number.POSITIVE_INFINITY, 'Infinity'],
      ['60000', '"60000"'],
      [null, 'null'],
    ],
    expected: /`false`, or a number of milliseconds of 0 or more/,
  },
  onSessionEnd: {
    right: ['disconnect', 'ignore'],
    wrong: [
      ['close', '"close"'],
      [false, 'false'],
      [null, 'null'],
    ],
    expected: /'disconnect' or 'ignore'/,
  },
  ticket: {
    right: [{}, { secret: 'keyboard cat', lifetime: 30_000, once: true }],
    wrong: [
      [true, 'a boolean'],
      ['keyboard cat', 'a string'],
      [['keyboard cat'], 'an Array'],
      [null, 'null'],
    ],
    expected: /an object/,
  },
  claim: {
    right: [async () => true],
    wrong: [
      [true, 'true'],
      [{}, 'an object'],
      [null, 'null'],
    ],
    expected: /a function/,
  },
  onError: {
    right: [() => {}],
    wrong: [
      ['log', '"log"'],
      [console, 'an object'],
      [null, 'null'],
    ],
    expected: /a function/,
  },
};

describe('options', () => {
  describe('when none are given', () => {
    const defaults = {
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

    for (const none of [undefined, {}]) {
      it(`are the defaults, for ${inspect(none)}`, () => {
        expect(resolve(none)).to.deep.equal(defaults);
      });
    }

    it('are the defaults where `undefined` stands for each', () => {
      const names = Object.keys(defaults);
      const given = Object.fromEntries(names.map((name) => [name, undefined]));
      expect(resolve(given)).to.deep.equal(defaults);
    });
  });

  for (const [name, { right, wrong, expected }] of Object.entries(cases)) {
    describe(`\`${name}\``, () => {
      for (const value of right) {
        it(`may be ${inspect(value)}`, () => {
          expect(resolve({ [name]: value })).to.have.property(name, value);
        });
      }

      for (const [value, shown] of wrong) {
        it(`may not be ${inspect(value)}, and the error says so`, () => {
          const [isExpected, got] = complaintAbout({ [name]: value }).split(', got ');
          expect(isExpected).to.match(new RegExp(`^\`${name}\`: expected .*${expected.source}`));
          expect(got).to.include(shown);
        });
      }
    });
  }

  it('show in the error which origins are wrong, not those that are right', () => {
    expect(() => resolve({ origins: ['https://right.example', 'wrong.example'] }))
      .to.throw(TypeError, /got .*wrong\.example/)
      .with.property('message')
      .that.does.not.include('right.example');
  });

  it('show a long string by its type only, for it may be a secret that got lost', () => {
    const secret = 'keyboard cat'.repeat(10);
    expect(() => resolve({ storeTimeout: secret }))
      .to.throw(TypeError, /got a string$/)
      .with.property('message')
      .that.does.not.include('keyboard');
  });

  describe('an unknown one', () => {
    it('is refused by its name, with the names that there are', () => {
      expect(() => resolve({ cookieName: 'sid' }))
        .to.throw(TypeError, /`cookieName`/)
        .with.property('message')
        .that.satisfies((message: string) =>
          Object.keys(cases).every((name) => message.includes(name)),
        );
    });

    for (const inherited of ['constructor', 'toString', 'hasOwnProperty']) {
      it(`is unknown also where every object has a \`${inherited}\``, () => {
        expect(() => resolve({ [inherited]: true })).to.throw(TypeError, `\`${inherited}\``);
      });
    }

    it('passes where it is undefined', () => {
      expect(() => resolve({ cookieName: undefined })).not.to.throw();
    });
  });

  describe('that are no object', () => {
    for (const [value, shown] of [
      [null, 'null'],
      ['connect.sid', 'a string'],
      [true, 'a boolean'],
      [() => ({}), 'a function'],
      [[], 'an Array'],
    ] as const) {
      it(`are refused: ${inspect(value)}`, () => {
        expect(() => resolve(value)).to.throw(
          TypeError,
          `\`options\`: expected an object, got ${shown}`,
        );
      });
    }
  });
});
