/**
 * @module "Every failure has a name": the error itself, and what of it a client may read.
 */

import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  connectError,
  describeValue,
  isStoreUnavailable,
  SessionError,
  type SessionErrorCode,
} from '../../source/errors.js';
import { ExpressionSocket } from '../../source/index.js';

/** Each code, and whether it is the store's trouble, which passes. A new code has to be added. */
const codes = {
  ERR_SESSION_COOKIE_MISSING: false,
  ERR_SESSION_COOKIE_INVALID: false,
  ERR_SESSION_COOKIE_PARSER: false,
  ERR_SESSION_ORIGIN: false,
  ERR_SESSION_NOT_FOUND: false,
  ERR_SESSION_STORE: true,
  ERR_SESSION_STORE_TIMEOUT: true,
  ERR_SESSION_OVERLOAD: true,
  ERR_SESSION_REFUSED: false,
  ERR_SESSION_ENDED: false,
  ERR_SESSION_LOCK: false,
  ERR_SESSION_REGENERATE: false,
  ERR_SESSION_TICKET: false,
} satisfies Record<SessionErrorCode, boolean>;

const names = Object.keys(codes) as (keyof typeof codes)[];

describe('Every failure has a name', () => {
  describe('SessionError', () => {
    it('extends Error', () => {
      expect(new SessionError('ERR_SESSION_STORE', 'It failed')).to.be.instanceOf(Error);
    });

    it('has a `code`, a message and its own name', () => {
      const error = new SessionError('ERR_SESSION_STORE', 'It failed');
      expect(error).to.include({
        code: 'ERR_SESSION_STORE',
        message: 'It failed',
        name: 'SessionError',
      });
    });

    it('shows its name, its code and its message where it is printed', () => {
      expect(inspect(new SessionError('ERR_SESSION_STORE', 'It failed')))
        .to.match(/^SessionError: It failed\n/)
        .and.to.include('ERR_SESSION_STORE');
    });

    it('keeps the error behind it as `cause`', () => {
      const cause = new Error('connection lost');
      expect(new SessionError('ERR_SESSION_STORE', 'It failed', { cause }).cause).to.equal(cause);
    });

    it('has no `cause` where there is nothing behind it', () => {
      expect(new SessionError('ERR_SESSION_NOT_FOUND', 'None')).not.to.have.property('cause');
    });

    it('is a static of the class, for those who `require` it', () => {
      expect(ExpressionSocket.SessionError).to.equal(SessionError);
    });
  });

  describe('the error of a refused client', () => {
    for (const code of names) {
      it(`carries ${code} as \`data.code\`, and nothing else`, () => {
        const error = connectError(code);
        expect(error.data).to.deep.equal({ code });
        expect(Object.keys(error)).to.deep.equal(['data']);
      });

      it(`has a short sentence for ${code} that tells nothing about the server`, () => {
        const { message } = connectError(code);
        expect(message).to.match(/^[A-Z][a-z ]{5,30}$/);
        expect(message).not.to.match(/store|parser|secret|redis|timeout|time/i);
      });
    }
  });

  describe('the trouble of a store', () => {
    for (const code of names) {
      it(`${codes[code] ? 'includes' : 'does not include'} ${code}`, () => {
        expect(isStoreUnavailable(code)).to.equal(codes[code]);
      });
    }

    it('does not include the lack of an error', () => {
      expect(isStoreUnavailable(undefined)).to.equal(false);
    });
  });

  describe('the description of a value', () => {
    class Apple {}

    const descriptions: readonly (readonly [unknown, string])[] = [
      [null, 'null'],
      [undefined, 'undefined'],
      ['a secret', 'a string'],
      [5, 'a number'],
      [true, 'a boolean'],
      [5n, 'a bigint'],
      [Symbol('a secret'), 'a symbol'],
      [{ secret: 'a secret' }, 'an object'],
      [Object.create(null), 'an object'],
      [['a secret'], 'an Array'],
      [new Map(), 'a Map'],
      [new Apple(), 'an Apple'],
      [new (class {})(), 'an object'],
      [function parse() {}, 'the function `parse`'],
      [(() => () => {})(), 'a function'],
    ];

    for (const [value, description] of descriptions) {
      it(`of ${inspect(value)} is "${description}"`, () => {
        expect(describeValue(value)).to.equal(description);
      });
    }

    it('does not take what an object holds for the name of its type', () => {
      expect(describeValue({ constructor: { name: 'a secret' } })).not.to.include('secret');
    });
  });
});
