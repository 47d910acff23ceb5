/**
 * @module Right and wrong values of each option.
 */

/** For each option: what is right, and what is wrong with the words in which the error shows it. */
export const optionCases: Readonly<
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
    right: ['sid', '__Host-sid', 'my.sid'],
    wrong: [
      ['', '""'],
      ['my sid', '"my sid"'],
      ['sid;', '"sid;"'],
      ['sid=', '"sid="'],
      ['séance', '"séance"'],
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
