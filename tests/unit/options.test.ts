import { inspect } from 'node:util';
import { expect } from 'chai';
import { resolveOptions } from '../../source/options.js';
import type { ExpressionSocketOptions } from '../../source/types/options.js';
import { optionCases } from '../support/option-cases.js';

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

  for (const [name, { right, wrong, expected }] of Object.entries(optionCases)) {
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

  it('show a long string by its type only, because it may be a secret', () => {
    const secret = 'keyboard cat'.repeat(10);
    expect(() => resolve({ storeTimeout: secret }))
      .to.throw(TypeError, /got a string$/)
      .with.property('message')
      .that.does.not.include('keyboard');
  });

  for (const [how, options] of Object.entries({
    'own fields of a class': new (class {
      key = 'sid';
    })(),
    'getters of a class': new (class {
      get key(): string {
        return 'sid';
      }
    })(),
    inherited: Object.create({ key: 'sid' }),
  })) {
    it(`are read where they are ${how}`, () => {
      expect(resolve(options)).to.have.property('key', 'sid');
    });
  }

  it('are not what all objects have, whoever added it', () => {
    Object.assign(Object.prototype, { origins: false, everywhere: 1 });
    try {
      expect(resolve({})).to.have.property('origins').that.deep.equals([]);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'origins');
      Reflect.deleteProperty(Object.prototype, 'everywhere');
    }
  });

  it('are the defaults where the getters of a class return undefined', () => {
    class Settings {
      get key(): string | undefined {
        return undefined;
      }
    }
    expect(resolve(new Settings())).to.have.property('key', 'connect.sid');
  });

  it('are refused where a wrong or unknown one is inherited', () => {
    expect(() => resolve(Object.create({ key: 5 }))).to.throw(TypeError, '`key`');
    expect(() => resolve(Object.create({ cookieName: 'sid' }))).to.throw(TypeError, '`cookieName`');
  });

  describe('an unknown one', () => {
    it('is refused by its name, with the names that there are', () => {
      expect(() => resolve({ cookieName: 'sid' }))
        .to.throw(TypeError, /`cookieName`/)
        .with.property('message')
        .that.satisfies((message: string) =>
          Object.keys(optionCases).every((name) => message.includes(name)),
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
      [new Map([['key', 'sid']]), 'a Map'],
      [Promise.resolve({ key: 'sid' }), 'a Promise'],
      [Object(5), 'a Number'],
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
