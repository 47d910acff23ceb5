/**
 * @module "Only a signed id is believed": the reading of the cookie, honest and forged.
 */

import { inspect } from 'node:util';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import fc from 'fast-check';
import type { CookieParser } from '../../source/index.js';
import { id, read, refusal, secret } from '../support/cookie-reading.js';
import { cookieOf, sign, signatureOf } from '../support/cookies.js';

describe('Only a signed id is believed', () => {
  describe('a cookie that was signed', () => {
    it('tells its id', async () => {
      expect(await read(cookieOf(sign(id, secret)))).to.equal(id);
    });

    it('tells its id among other cookies', async () => {
      const cookies = `theme=dark; ${cookieOf(sign(id, secret))}; other=${sign('x', secret)}`;
      expect(await read(cookies)).to.equal(id);
    });

    it('tells whatever id it was signed with', async () => {
      // `j:` marks JSON for the parser; an empty value is no id.
      const ids = fc.string({ minLength: 1 }).filter((value) => !value.startsWith('j:'));
      await fc.assert(
        fc.asyncProperty(ids, async (value) => {
          expect(await read(cookieOf(sign(value, secret)))).to.equal(value);
        }),
        { seed: 1 },
      );
    });

    it('is found by its name', async () => {
      expect(await read(cookieOf(sign(id, secret), 'sid'), cookieParser(secret), 'sid')).to.equal(
        id,
      );
    });
  });

  describe('a forged cookie', () => {
    const value = sign(id, secret);

    /** Any other value, whatever it is, must not be believed. */
    async function neverBelieved(values: fc.Arbitrary<string>): Promise<void> {
      await fc.assert(
        fc.asyncProperty(values, async (forged) => {
          expect((await refusal(cookieOf(forged))).code).to.equal('ERR_SESSION_COOKIE_INVALID');
        }),
        { seed: 1, numRuns: 300 },
      );
    }

    it('is not believed with any one character altered', async () => {
      const position = fc.integer({ min: 0, max: value.length - 1 });
      await neverBelieved(
        fc
          .tuple(position, fc.string({ minLength: 1, maxLength: 1 }))
          .filter(([at, character]) => value[at] !== character)
          .map(([at, character]) => value.slice(0, at) + character + value.slice(at + 1)),
      );
    });

    it('is not believed when cut at its end', async () => {
      await neverBelieved(
        fc.integer({ min: 0, max: value.length - 1 }).map((length) => value.slice(0, length)),
      );
    });

    it('is not believed when cut at its start', async () => {
      await neverBelieved(
        fc.integer({ min: 1, max: value.length }).map((start) => value.slice(start)),
      );
    });

    it('is not believed with anything added', async () => {
      const more = fc.string({ minLength: 1 });
      await neverBelieved(more.map((end) => value + end));
      await neverBelieved(more.map((start) => start + value));
    });

    it('is not believed when signed with another secret', async () => {
      await neverBelieved(
        fc
          .string({ minLength: 1 })
          .filter((other) => other !== secret)
          .map((other) => sign(id, other)),
      );
    });

    it('is not believed with the signature of another id', async () => {
      await neverBelieved(
        fc
          .string()
          .filter((other) => other !== id)
          .map((other) => `s:${id}.${signatureOf(other, secret)}`),
      );
    });

    it('is not believed without a signature', async () => {
      await neverBelieved(fc.string().map((raw) => raw.replace(/^s:/, '')));
    });

    it('is not believed with `s:` games', async () => {
      const signature = signatureOf(id, secret);
      await neverBelieved(
        fc.constantFrom(
          id,
          `s:${id}`,
          `s:${id}.`,
          `s:.${signature}`,
          `${id}.${signature}`,
          `S:${id}.${signature}`,
          `s:s:${id}.${signature}`,
          `s::${id}.${signature}`,
          ` s:${id}.${signature}`,
          `s%3A${id}.${signature}`,
          `s:${id}..${signature}`,
          `s:${id}.${signature}=`,
          `s:${id}.${signature}.${signature}`,
          's:',
          's:.',
          's',
          '',
        ),
      );
    });

    it('is not believed with JSON in it', async () => {
      await neverBelieved(
        fc.constantFrom(
          `j:"${id}"`,
          `j:${JSON.stringify(value)}`,
          `j:{"toString":"${id}"}`,
          `j:["${id}"]`,
          'j:true',
          'j:1',
          'j:null',
          'j:',
          `s:j:"${id}".${signatureOf(id, secret)}`,
        ),
      );
    });

    it('is not believed with an object in it, even when that was signed', async () => {
      await neverBelieved(
        fc
          .oneof(fc.object(), fc.array(fc.string()), fc.integer({ min: 1 }), fc.constant(true))
          .map((object) => sign(`j:${JSON.stringify(object)}`, secret)),
      );
    });

    it('is not believed without an id, even when that was signed', async () => {
      await neverBelieved(fc.constant(sign('', secret)));
    });

    it('is told to have a wrong signature', async () => {
      expect((await refusal(cookieOf(sign(id, 'dog')))).message).to.match(/signature .* is wrong/);
    });

    it('is told to be unsigned', async () => {
      expect((await refusal(cookieOf(id))).message).to.match(/is unsigned/);
    });
  });

  describe('no cookie of that name', () => {
    for (const [what, cookie] of [
      ['no `Cookie` header', undefined],
      ['an empty one', ''],
      ['other cookies only', 'theme=dark; connect.sid2=x; CONNECT.SID=y'],
      ['nothing that is a cookie', '; ;;= ,,, connect.sid ;'],
    ] as const) {
      it(`is missing, for ${what}`, async () => {
        expect((await refusal(cookie)).code).to.equal('ERR_SESSION_COOKIE_MISSING');
      });
    }

    it('is missing also when every object has such a property', async () => {
      const own: CookieParser = (request, _response, next) => {
        Object.assign(request, { cookies: {}, signedCookies: {} });
        next();
      };
      for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
        expect((await refusal('a=b', own, name)).code).to.equal('ERR_SESSION_COOKIE_MISSING');
      }
    });

    it('tells the name that was looked for', async () => {
      expect((await refusal(undefined, undefined, 'sid')).message).to.include('`sid`');
    });
  });

  describe('the error', () => {
    it('shows neither the cookie, nor the id, nor the secret', async () => {
      const signature = signatureOf(id, secret);
      const values = [
        id,
        sign(id, 'dog'),
        `s:${id}`,
        `j:{"id":"${id}"}`,
        sign(`j:{"${id}":"${id}","constructor":{"name":"${id}"}}`, secret),
        `${id}.${signature}`,
      ];
      for (const parser of [cookieParser(secret), cookieParser()]) {
        for (const value of values) {
          const error = await refusal(cookieOf(value), parser);
          const shown = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
          expect(shown).not.to.include(id);
          expect(shown).not.to.include(signature);
          expect(shown).not.to.include(secret);
        }
      }
    });
  });

  describe('a handshake without the cookie', () => {
    it('is told of no `Cookie` header apart', async () => {
      const { code, message } = await refusal(undefined);
      expect(code).to.equal('ERR_SESSION_COOKIE_MISSING');
      expect(message)
        .to.include('no `Cookie` header')
        .and.to.include('`withCredentials: true`')
        .and.to.include('`localhost` is not `127.0.0.1`')
        .and.to.include('`secure`');
    });

    it('is told of other cookies apart, and shows none of them', async () => {
      const { code, message } = await refusal('theme=dark-as-night');
      expect(code).to.equal('ERR_SESSION_COOKIE_MISSING');
      expect(message)
        .to.include('none named `connect.sid`')
        .and.to.include('`key`')
        .and.to.include('`saveUninitialized: false`')
        .and.not.to.match(/night|theme|withCredentials/);
    });
  });
});
