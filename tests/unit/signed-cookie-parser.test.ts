/**
 * @module "Only a signed id is believed": the cookie parser, which may be any Connect middleware.
 */

import { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import { type SinonFakeTimers, stub, useFakeTimers } from 'sinon';
import { Deadlines } from '../../source/deadlines.js';
import { SignedCookie } from '../../source/handshake/signed-cookie.js';
import type { CookieParser } from '../../source/index.js';
import { id, key, read, refusal, requestWith, secret, show } from '../support/cookie-reading.js';
import { cookieOf, sign } from '../support/cookies.js';
import { rejection } from '../support/outcomes.js';

describe('Only a signed id is believed', () => {
  describe('a parser without a secret', () => {
    it('is believed nothing, and told to have none', async () => {
      const error = await refusal(cookieOf(sign(id, secret)), cookieParser());
      expect(error.code).to.equal('ERR_SESSION_COOKIE_INVALID');
      expect(error.message)
        .to.match(/parser has no secret/)
        .and.to.include('cookieParser(secret)');
    });

    it('is believed no raw id either', async () => {
      const error = await refusal(cookieOf(id), cookieParser());
      expect(error.code).to.equal('ERR_SESSION_COOKIE_INVALID');
    });

    it('is one with an empty list of secrets, too', async () => {
      const error = await refusal(cookieOf(sign(id, secret)), cookieParser([]));
      expect(error.message).to.match(/parser has no secret/);
    });
  });

  it('tells its secret, also where it sets it later', async () => {
    const parser: CookieParser = (request, _response, next) => {
      setImmediate(() => {
        Object.assign(request, { secret });
        next();
      });
    };
    const cookie = new SignedCookie(key, parser, new Deadlines(5_000));
    expect(await cookie.readSecret()).to.equal(secret);
  });

  describe('a parser with several secrets', () => {
    const rotating = cookieParser(['a new secret', secret]);

    it('believes what the first one signed', async () => {
      expect(await read(cookieOf(sign(id, 'a new secret')), rotating)).to.equal(id);
    });

    it('believes what the second one signed', async () => {
      expect(await read(cookieOf(sign(id, secret)), rotating)).to.equal(id);
    });

    it('believes what none of them signed no more than before', async () => {
      const error = await refusal(cookieOf(sign(id, 'a third')), rotating);
      expect(error.message).to.match(/signature .* is wrong/);
    });
  });

  describe('a parser of another make', () => {
    /** Writes what it is given on the request. */
    const leaving =
      (properties: object): CookieParser =>
      (request, _response, next) => {
        Object.assign(request, properties);
        next();
      };

    it('may call back later', async () => {
      const later: CookieParser = (request, response, next) => {
        setImmediate(() => cookieParser(secret)(request as never, response as never, next));
      };
      expect(await read(cookieOf(sign(id, secret)), later)).to.equal(id);
    });

    it('may be asynchronous', async () => {
      const asynchronous: CookieParser = async (request, response, next) => {
        await Promise.resolve();
        cookieParser(secret)(request as never, response as never, next);
      };
      expect(await read(cookieOf(sign(id, secret)), asynchronous)).to.equal(id);
    });

    it('may leave signed cookies only', async () => {
      expect(await read('a=b', leaving({ signedCookies: { [key]: id } }))).to.equal(id);
    });

    it('is not believed an id in `cookies`', async () => {
      const error = await refusal('a=b', leaving({ cookies: { [key]: id } }));
      expect(error.code).to.equal('ERR_SESSION_COOKIE_INVALID');
    });

    for (const value of [7, true, null, {}, [id], new String(id)]) {
      it(`is not believed ${inspect(value)} as a signed cookie`, async () => {
        const error = await refusal('a=b', leaving({ signedCookies: { [key]: value } }));
        expect(error.code).to.equal('ERR_SESSION_COOKIE_INVALID');
      });
    }

    for (const [what, properties] of [
      ['nothing', {}],
      ['strings', { cookies: 'a=b', signedCookies: 'a=b' }],
      ['null', { cookies: null, signedCookies: null }],
    ] as const) {
      it(`is no parser if it leaves ${what}, and is told so`, async () => {
        const error = await refusal('a=b', leaving(properties));
        expect(error.code).to.equal('ERR_SESSION_COOKIE_PARSER');
        expect(error.message).to.include('cookieParser(secret)');
      });
    }

    it('gets a response to write on', async () => {
      const parser = stub().callsArg(2);
      await refusal('a=b', parser);
      expect(parser.firstCall.args[1]).to.be.instanceOf(ServerResponse);
    });
  });

  describe('a parser that fails', () => {
    const failure = new Error('no cookies today');

    for (const [how, parser] of [
      [
        'throws',
        () => {
          throw failure;
        },
      ],
      ['rejects', () => Promise.reject(failure)],
      ['calls back with an error', (_request, _response, next) => next(failure)],
    ] satisfies readonly (readonly [string, CookieParser])[]) {
      it(`gives ERR_SESSION_COOKIE_PARSER with the cause when it ${how}`, async () => {
        const error = await refusal(cookieOf(sign(id, secret)), parser);
        expect(error.code).to.equal('ERR_SESSION_COOKIE_PARSER');
        expect(error.cause).to.equal(failure);
      });
    }

    it('gives ERR_SESSION_COOKIE_PARSER when it is `cookieParser` itself, and says so', async () => {
      const error = await refusal(
        cookieOf(sign(id, secret)),
        cookieParser as unknown as CookieParser,
      );
      expect(error.code).to.equal('ERR_SESSION_COOKIE_PARSER');
      expect(error.cause)
        .to.be.instanceOf(TypeError)
        .with.property('message')
        .that.includes('(secret)');
    });

    it('counts once when it calls back twice', async () => {
      const twice: CookieParser = (request, response, next) => {
        cookieParser(secret)(request as never, response as never, next);
        next(failure);
      };
      expect(await read(cookieOf(sign(id, secret)), twice)).to.equal(id);
    });
  });

  describe('a parser that never calls back', () => {
    let clock: SinonFakeTimers;

    beforeEach(() => {
      clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    });

    afterEach(() => {
      clock.restore();
    });

    for (const [how, parser] of [
      ['hangs', () => {}],
      ['hangs in a promise', () => new Promise(() => {})],
      ['resolves, which is no call', async () => {}],
      ['answers the request itself', (_request, response) => response.end('no')],
    ] satisfies readonly (readonly [string, CookieParser])[]) {
      it(`gives ERR_SESSION_COOKIE_PARSER at the deadline when it ${how}`, async () => {
        const error = refusal(cookieOf(sign(id, secret)), parser);
        await clock.tickAsync(5_000);
        expect(await error).to.include({ code: 'ERR_SESSION_COOKIE_PARSER' });
        expect((await error).cause)
          .to.have.property('message')
          .that.includes('5000 ms');
      });
    }
  });

  describe('the request that the parser gets', () => {
    it("is the library's own", async () => {
      const request = requestWith(cookieOf(sign(id, secret)));
      const parser = stub().callsArg(2);
      await rejection(show(request, parser));
      expect(parser.firstCall.args[0]).to.be.instanceOf(IncomingMessage).and.not.equal(request);
    });

    it('has the headers and the address of the handshake', async () => {
      const request = requestWith('a=b');
      const parser = stub().callsArg(2);
      await rejection(show(request, parser));
      const { headers, url, socket } = parser.firstCall.args[0] as IncomingMessage;
      expect(headers).to.deep.equal({ host: 'app.example.com', cookie: 'a=b' });
      expect(url).to.equal(request.url);
      expect(socket).to.equal(request.socket);
    });

    it('keeps what the parser does to it from the handshake', async () => {
      const request = requestWith(cookieOf(sign(id, secret)));
      const properties = Reflect.ownKeys(request);
      const rough: CookieParser = (own, response, next) => {
        cookieParser(secret)(own as never, response as never, next);
        delete own.headers.cookie;
      };
      await show(request, rough);
      expect(Reflect.ownKeys(request)).to.deep.equal(properties);
      expect(request.headers).to.have.property('cookie');
      expect(inspect(request, { depth: 5, showHidden: true })).not.to.include(secret);
    });
  });
});
