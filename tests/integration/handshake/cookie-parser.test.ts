/**
 * @module Cookie parsers that misbehave: nothing crashes, no visitor is let in without a session, and
 * no secret is shown.
 */

import { inspect } from 'node:util';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import { stub } from 'sinon';
import type { CookieParser } from '../../../source/index.js';
import { App, refused, secret } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { arrive } from '../../support/outcomes.js';

const failure = new Error('no cookies today');
const good = cookieParser(secret) as unknown as CookieParser;

/** Parsers that never tell an id, and whether it takes the deadline to find out. */
const bad: Readonly<Record<string, CookieParser>> = {
  throws: () => {
    throw failure;
  },
  'throws undefined': () => {
    throw undefined;
  },
  rejects: () => Promise.reject(failure),
  'rejects with nothing': () => Promise.reject(),
  'rejects after a while': async () => {
    await new Promise(setImmediate);
    throw failure;
  },
  'calls back with an error': (_request, _response, next) => next(failure),
  'calls back with a string': (_request, _response, next) => next('no cookies'),
  'calls back with an error, and then without': (request, response, next) => {
    next(failure);
    good(request, response, next);
  },
  'calls back with an error, and throws': (_request, _response, next) => {
    next(failure);
    throw new Error('another');
  },
  'calls back without having parsed': (_request, _response, next) => next(),
  'leaves cookies that throw': (request, _response, next) => {
    const cookies = Object.defineProperty({}, 'connect.sid', {
      get: () => {
        throw failure;
      },
    });
    Object.assign(request, { cookies, signedCookies: cookies });
    next();
  },
  'is a function that makes a parser': () => cookieParser(secret),
  hangs: () => {},
  'hangs in a promise': () => new Promise(() => {}),
  'answers in place of calling back': (_request, response) => response.writeHead(400).end('no'),
};

describe('Bad input by a cookie parser', () => {
  let app: App;

  afterEach(async () => {
    await app.stop();
  });

  expectNoCrash();

  async function start(parser: CookieParser, storeTimeout = 5_000): Promise<void> {
    app = await App.start({ cookieParser: parser, options: { storeTimeout } });
  }

  for (const [how, parser] of Object.entries(bad)) {
    describe(`that ${how}`, () => {
      beforeEach(() => start(parser, 100));

      it('gives ERR_SESSION_COOKIE_PARSER and no session', async () => {
        const { err, session } = await arrive(app, await app.login());
        expect(session).to.equal(null);
        expect(err?.code).to.equal('ERR_SESSION_COOKIE_PARSER');
        expect(err?.message).to.match(/cookie parser/i);
      });

      it('gives an error without the id and the secret', async () => {
        const { cookie, sessionId } = await app.login();
        const { err } = await arrive(app, { cookie });
        const shown = inspect(err, { depth: Number.POSITIVE_INFINITY, showHidden: true });
        expect(shown).not.to.include(sessionId);
        expect(shown).not.to.include(secret);
      });

      it('lets no visitor in where a session is required', async () => {
        app.expressionIO.sockets.authorization((err, _session, _handshake, fn) => fn(err, !err));
        const error = await refused(app.client(await app.login()));
        expect(error.data).to.deep.equal({ code: 'ERR_SESSION_COOKIE_PARSER' });
      });
    });
  }

  for (const [how, fail] of Object.entries({
    'quotes the header': (cookie) => new Error(`cannot read ${cookie}`),
    'quotes the decoded cookie': (cookie) => new Error(`cannot read ${decodeURIComponent(cookie)}`),
    'quotes the value': (cookie) => new Error(`cannot read ${cookie.slice('connect.sid='.length)}`),
    'quotes the id': (cookie) => new Error(`no session ${/s%3A(.*)\./.exec(cookie)?.[1]}`),
    'has the request': (cookie) => Object.assign(new Error('no'), { request: { cookie } }),
    'has a cause': (cookie) => new Error('no', { cause: new Error(cookie) }),
    'is a string': (cookie) => cookie,
    'quotes the secret': () => new Error(`cannot read it with ${secret}`),
  } satisfies Record<string, (cookie: string) => unknown>)) {
    it(`shows neither the id nor the secret where an error of the parser ${how}`, async () => {
      await start((request, _response, next) => {
        Object.assign(request, { secret });
        next(fail(String(request.headers.cookie)));
      });
      const { cookie, sessionId } = await app.login();
      const { err } = await arrive(app, { cookie });
      const shown = inspect(err, { depth: Number.POSITIVE_INFINITY, showHidden: true });
      expect(err).to.have.property('code', 'ERR_SESSION_COOKIE_PARSER');
      expect(err?.cause).to.be.instanceOf(Error);
      expect(shown).not.to.include(sessionId);
      expect(shown).not.to.include(secret);
    });
  }

  it('shows the words of other cookies where an error of the parser quotes them', async () => {
    const failures: unknown[] = [];
    const message = 'cannot read theme `dark-mode` in Europe/Berlin: undefined is no colour';
    await start((_request, _response, next) => {
      failures.push(new Error(message));
      next(failures.at(-1));
    });
    const words = 'theme=dark-mode; zone=Europe%2FBerlin; last=undefined; path=node_modules';
    const { err } = await arrive(app, { cookie: `${words}; ${(await app.login()).cookie}` });
    expect(err?.cause).to.equal(failures[0]).and.to.have.property('message', message);
  });

  it('shows no id that consists of words', async () => {
    await start((_request, _response, next) => next(new Error('no session happy-blue-horse')));
    const { err } = await arrive(app, { cookie: 'connect.sid=s%3Ahappy-blue-horse.signature' });
    expect(err?.cause).to.have.property('message', 'no session [session id]');
  });

  for (const [how, parser] of Object.entries({
    'calls back twice': (request, response, next) => {
      good(request, response, next);
      next();
    },
    'calls back, and then with an error': (request, response, next) => {
      good(request, response, next);
      next(failure);
    },
    'calls back, and throws': (request, response, next) => {
      good(request, response, next);
      throw failure;
    },
    'calls back, and rejects': async (request, response, next) => {
      good(request, response, next);
      throw failure;
    },
    'takes the headers away': (request, response, next) => {
      good(request, response, next);
      request.headers = {};
    },
  } satisfies Record<string, CookieParser>)) {
    describe(`that ${how}`, () => {
      it('counts the first time, and the client is announced once', async () => {
        await start(parser);
        const listener = stub();
        app.expressionIO.sockets.on('connection', listener);
        const { cookie, sessionId } = await app.login();
        const { client, socket } = await arrive(app, { cookie });
        socket.sessOn('who', (_err, session, answer) => answer(session?.id));
        expect(await client.emitWithAck('who')).to.equal(sessionId);
        expect(listener.callCount).to.equal(1);
      });
    });
  }

  describe('that calls back after the deadline', () => {
    it('is ignored', async () => {
      const late: (() => void)[] = [];
      await start((request, response, next) => {
        late.push(() => good(request, response, next));
      }, 100);
      const listener = stub();
      app.expressionIO.sockets.on('connection', listener);
      const { client, err, socket } = await arrive(app, await app.login());
      for (const callBack of late) callBack();
      socket.sessOn('try', (again, session, answer) => answer(again?.code, session));
      const answer = await new Promise((resolve) =>
        client.emit('try', (...args: unknown[]) => resolve(args)),
      );
      expect(err?.code).to.equal('ERR_SESSION_COOKIE_PARSER');
      expect(answer).to.deep.equal(['ERR_SESSION_COOKIE_PARSER', null]);
      expect(listener.callCount).to.equal(1);
    });
  });
});
