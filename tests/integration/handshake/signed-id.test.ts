/**
 * @module "Only a signed id is believed", over real connections: forged cookies, and what they open.
 */

import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import fc from 'fast-check';
import type { SessionErrorCode } from '../../../source/index.js';
import { App, secret } from '../../support/app.js';
import { cookieOf, cookieValue, sign, signatureOf } from '../../support/cookies.js';
import { expectNoCrash } from '../../support/crashes.js';
import { arrive } from '../../support/outcomes.js';
import { ControlledStore } from '../../support/stores.js';

/** A character that a `Cookie` header can carry as it is. */
const character = fc.constantFrom(...'!#$&()*+-./0123456789:<>?@ABCXYZ[]^_`abcxyz{|}~'.split(''));

describe('Only a signed id is believed', () => {
  let app: App;
  let store: ControlledStore;
  let cookie: string;
  let sessionId: string;

  beforeEach(async () => {
    store = new ControlledStore();
    app = await App.start({ store });
    ({ cookie, sessionId } = await app.login());
    store.reads.length = 0;
  });

  afterEach(async () => {
    await app.stop();
  });

  expectNoCrash();

  /** Connects with a `Cookie` header; tells the code of the error. The client is closed again. */
  async function codeFor(header: string): Promise<SessionErrorCode | undefined> {
    const { err, session, client } = await arrive(app, { cookie: header });
    client.disconnect();
    expect(session).to.equal(null);
    return err?.code;
  }

  /** Expects each of the values to be refused as an invalid cookie, before any store is asked. */
  async function expectInvalid(values: fc.Arbitrary<string>): Promise<void> {
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        expect(await codeFor(cookieOf(value))).to.equal('ERR_SESSION_COOKIE_INVALID');
      }),
      { seed: 2, numRuns: 40 },
    );
    expect(store.reads).to.deep.equal([]);
  }

  it('opens the session of the cookie that express-session signed', async () => {
    const { err, session } = await arrive(app, { cookie });
    expect(err).to.equal(null);
    expect(session).to.have.property('id', sessionId);
    expect(session?.visitor).to.deep.equal({ name: 'Ada', tags: [] });
  });

  it('signs in the tests as express-session does', () => {
    expect(sign(sessionId, secret)).to.equal(cookieValue(cookie));
  });

  describe('a forged cookie', () => {
    it('opens nothing with any one character altered', async () => {
      const value = cookieValue(cookie);
      await expectInvalid(
        fc
          .tuple(fc.nat(value.length - 1), character)
          .filter(([at, other]) => value[at] !== other)
          .map(([at, other]) => value.slice(0, at) + other + value.slice(at + 1)),
      );
    });

    it('opens nothing when it was cut', async () => {
      const value = cookieValue(cookie);
      await expectInvalid(
        fc
          .tuple(fc.nat(value.length), fc.nat(value.length))
          .filter(([start, end]) => end - start < value.length)
          .map(([start, end]) => value.slice(start, end)),
      );
    });

    it('opens nothing with anything added', async () => {
      const value = cookieValue(cookie);
      await expectInvalid(
        fc
          .tuple(fc.string(), fc.string())
          .filter(([before, after]) => before + after !== '')
          .map(([before, after]) => before + value + after),
      );
    });

    it('opens nothing when signed with another secret', async () => {
      await expectInvalid(
        fc
          .string({ minLength: 1 })
          .filter((other) => other !== secret)
          .map((other) => sign(sessionId, other)),
      );
    });

    it('opens nothing with the signature of one session on the id of another', async () => {
      const other = await app.login();
      store.reads.length = 0;
      const stolen = `s:${sessionId}.${signatureOf(other.sessionId, secret)}`;
      expect(await codeFor(cookieOf(stolen))).to.equal('ERR_SESSION_COOKIE_INVALID');
      expect(store.reads).to.deep.equal([]);
    });

    it('opens nothing with a raw id, a broken `s:` prefix, or JSON', async () => {
      const signature = signatureOf(sessionId, secret);
      await expectInvalid(
        fc.constantFrom(
          sessionId,
          `s:${sessionId}`,
          `s:${sessionId}.`,
          `${sessionId}.${signature}`,
          `s:s:${sessionId}.${signature}`,
          `S:${sessionId}.${signature}`,
          `s:.${signature}`,
          `s%3A${sessionId}.${signature}`,
          `j:"${sessionId}"`,
          `j:${JSON.stringify(cookieValue(cookie))}`,
          `j:{"id":"${sessionId}","toString":"x"}`,
          `j:["${sessionId}"]`,
          `s:j:"${sessionId}".${signature}`,
          sign('', secret),
          sign('j:{"$ne":null}', secret),
          sign('j:["a"]', secret),
          '',
        ),
      );
    });

    it('opens nothing with a well signed id of no session', async () => {
      expect(await codeFor(cookieOf(sign('made up', secret)))).to.equal('ERR_SESSION_NOT_FOUND');
    });
  });

  it('is looked for in the cookie only', async () => {
    const { client, err, session } = await arrive(app, {
      auth: { session: sessionId, 'connect.sid': cookieValue(cookie), cookie },
      query: { 'connect.sid': cookieValue(cookie), sessionId },
      extraHeaders: {
        'x-session-id': sessionId,
        authorization: `Bearer ${sessionId}`,
        cookie2: cookie,
      },
    });
    client.disconnect();
    expect(session).to.equal(null);
    expect(err).to.have.property('code', 'ERR_SESSION_COOKIE_MISSING');
  });

  it('is refused under another name', async () => {
    expect(await codeFor(cookie.replace('connect.sid', 'connect.sidd'))).to.equal(
      'ERR_SESSION_COOKIE_MISSING',
    );
  });
});

describe('Only a signed id is believed, by a parser', () => {
  let app: App | undefined;

  afterEach(async () => {
    await app?.stop();
  });

  expectNoCrash();

  describe('without a secret', () => {
    it('gives ERR_SESSION_COOKIE_INVALID, which says so', async () => {
      app = await App.start({ cookieParser: cookieParser() });
      const { err, session } = await arrive(app, { cookie: (await app.login()).cookie });
      expect(session).to.equal(null);
      expect(err?.code).to.equal('ERR_SESSION_COOKIE_INVALID');
      expect(err?.message).to.match(/no secret/);
    });

    it('does not believe a raw id', async () => {
      app = await App.start({ cookieParser: cookieParser() });
      const { sessionId } = await app.login();
      const { err, session } = await arrive(app, { cookie: cookieOf(sessionId) });
      expect(session).to.equal(null);
      expect(err?.code).to.equal('ERR_SESSION_COOKIE_INVALID');
    });
  });

  describe('with several secrets', () => {
    it('opens a session whose cookie an older one signed', async () => {
      app = await App.start({ cookieParser: cookieParser(['a new secret', secret]) });
      const { cookie, sessionId } = await app.login();
      expect((await arrive(app, { cookie })).session).to.have.property('id', sessionId);
    });

    it('opens nothing whose cookie a retired one signed', async () => {
      app = await App.start({ cookieParser: cookieParser(['a new secret', 'a newer one']) });
      const { err } = await arrive(app, { cookie: (await app.login()).cookie });
      expect(err?.code).to.equal('ERR_SESSION_COOKIE_INVALID');
      expect(err?.message).to.match(/signature/);
    });
  });

  it('that is asynchronous opens the session', async () => {
    const parser = cookieParser(secret);
    app = await App.start({
      cookieParser: async (request, response, next) => {
        await new Promise(setImmediate);
        parser(request as never, response as never, next);
      },
    });
    const { cookie, sessionId } = await app.login();
    expect((await arrive(app, { cookie })).session).to.have.property('id', sessionId);
  });

  it('finds the cookie by `key`', async () => {
    app = await App.start({ cookieName: 'sid', options: { key: 'sid' } });
    const { cookie, sessionId } = await app.login();
    expect(cookie).to.match(/^sid=/);
    expect((await arrive(app, { cookie })).session).to.have.property('id', sessionId);
  });
});
