/**
 * @module The option `sessionId`, which takes the place of the cookie and of what the library checks
 * about it, and of nothing else.
 */

import { inspect } from 'node:util';
import { expect } from 'chai';
import { stub } from 'sinon';
import type { CookieParser, ExpressionSocketOptions } from '../../../source/index.js';
import { App, secret } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { arrive } from '../../support/outcomes.js';
import { ControlledStore } from '../../support/stores.js';

type SessionIdOption = ExpressionSocketOptions['sessionId'];

describe('`sessionId`', () => {
  let app: App<ExpressionSocketOptions>;
  let store: ControlledStore;

  /** Starts an application with the option; JavaScript may return what it likes. */
  async function start(
    sessionId: (...args: Parameters<NonNullable<SessionIdOption>>) => unknown,
    options: ExpressionSocketOptions = {},
    parser?: CookieParser,
  ): Promise<void> {
    store = new ControlledStore();
    app = await App.start<ExpressionSocketOptions>({
      store,
      options: { ...options, sessionId: sessionId as SessionIdOption },
      ...(parser ? { cookieParser: parser } : {}),
    });
  }

  afterEach(async () => {
    await app.stop();
  });

  expectNoCrash();

  for (const [how, sessionId] of [
    ['returns', ({ auth }) => auth.session],
    ['resolves to', async ({ auth }) => auth.session],
  ] satisfies readonly (readonly [string, SessionIdOption])[]) {
    it(`opens the session whose id it ${how}`, async () => {
      await start(sessionId);
      const login = await app.login();
      const { err, session } = await arrive(app, { auth: { session: login.sessionId } });
      expect(err).to.equal(null);
      expect(session?.id).to.equal(login.sessionId);
      expect(session?.visitor?.name).to.equal('Ada');
    });
  }

  it('is given the handshake', async () => {
    const sessionId = stub().returns(undefined);
    await start(sessionId);
    const { socket } = await arrive(app, { query: { from: 'a test' } });
    expect(sessionId.args).to.deep.equal([[socket.handshake]]);
    expect(sessionId.firstCall.args[0]).to.equal(socket.handshake);
  });

  it('is asked once per socket, however many events come', async () => {
    const sessionId = stub();
    await start(sessionId);
    const login = await app.login();
    sessionId.returns(login.sessionId);
    const { client, socket } = await arrive(app);
    socket.sessOn('who', (_err, session, answer) => answer(session?.id));
    expect(await client.emitWithAck('who')).to.equal(login.sessionId);
    expect(await client.emitWithAck('who')).to.equal(login.sessionId);
    expect(sessionId.callCount).to.equal(1);
  });

  describe('in place of the cookie', () => {
    it('opens its own session also where a cookie was signed', async () => {
      await start(({ auth }) => auth.session);
      const login = await app.login();
      const other = await app.login();
      const { session } = await arrive(app, {
        cookie: other.cookie,
        auth: { session: login.sessionId },
      });
      expect(session?.id).to.equal(login.sessionId);
    });

    it('opens nothing where it returns no id, even if the cookie is signed', async () => {
      await start(() => undefined);
      const { err, session } = await arrive(app, await app.login());
      expect(session).to.equal(null);
      expect(err?.code).to.equal('ERR_SESSION_COOKIE_MISSING');
    });

    it('calls no cookie parser', async () => {
      const parser = stub();
      await start(() => undefined, {}, parser);
      await arrive(app, await app.login());
      expect(parser.called).to.equal(false);
    });
  });

  it('refuses a foreign origin as ever', async () => {
    const sessionId = stub();
    await start(sessionId);
    sessionId.returns((await app.login()).sessionId);
    const { err, session } = await arrive(app, { origin: 'https://evil.example' });
    expect(session).to.equal(null);
    expect(err?.code).to.equal('ERR_SESSION_ORIGIN');
    expect(sessionId.called).to.equal(false);
  });

  it('gives ERR_SESSION_NOT_FOUND for an id that the store does not have', async () => {
    await start(() => 'made up');
    const { err, session } = await arrive(app);
    expect(session).to.equal(null);
    expect(err?.code).to.equal('ERR_SESSION_NOT_FOUND');
    expect(err?.message).not.to.include('made up');
  });

  describe('when it returns no id', () => {
    for (const [shown, value] of [
      ['undefined', undefined],
      ['null', null],
      ["''", ''],
      ['a promise of undefined', Promise.resolve(undefined)],
    ] as const) {
      it(`gives ERR_SESSION_COOKIE_MISSING, for ${shown}`, async () => {
        await start(() => value);
        const { err, session } = await arrive(app);
        expect(session).to.equal(null);
        expect(err?.code).to.equal('ERR_SESSION_COOKIE_MISSING');
        expect(err?.message).to.include('`sessionId`');
        expect(store.reads).to.deep.equal([]);
      });
    }
  });

  describe('when it returns something else than a string', () => {
    for (const [shown, value] of [
      ['a number', 7],
      ['a boolean', true],
      ['an object', { $ne: null }],
      ['an Array', ['id']],
      ['a function', () => 'id'],
    ] as const) {
      it(`gives an error that says so, for ${shown}`, async () => {
        await start(() => value);
        const { err, session } = await arrive(app);
        expect(session).to.equal(null);
        expect(err?.code).to.equal('ERR_SESSION_COOKIE_PARSER');
        expect(err?.cause)
          .to.be.instanceOf(TypeError)
          .with.property('message')
          .that.includes(`returned ${shown}; expected a string`);
        expect(store.reads).to.deep.equal([]);
      });
    }
  });

  describe('when it fails', () => {
    const failure = new Error('no token');

    for (const [how, sessionId] of [
      [
        'throws',
        () => {
          throw failure;
        },
      ],
      ['rejects', () => Promise.reject(failure)],
    ] satisfies readonly (readonly [string, SessionIdOption])[]) {
      it(`gives ERR_SESSION_COOKIE_PARSER with the cause, when it ${how}`, async () => {
        await start(sessionId);
        const { err, session } = await arrive(app, await app.login());
        expect(session).to.equal(null);
        expect(err?.code).to.equal('ERR_SESSION_COOKIE_PARSER');
        expect(err?.message).to.include('`sessionId`');
        expect(err?.cause).to.equal(failure);
      });
    }

    it('gives an error without the id, when it quotes the cookies', async () => {
      await start(({ headers }) => {
        throw new Error(`no token in ${headers.cookie}`);
      });
      const { cookie, sessionId } = await app.login();
      const { err } = await arrive(app, { cookie });
      expect(err?.cause).to.have.property('message').that.includes('no token in');
      expect(inspect(err, { depth: Number.POSITIVE_INFINITY })).not.to.include(sessionId);
    });

    it('gives ERR_SESSION_COOKIE_PARSER at the deadline, when it never answers', async () => {
      await start(() => new Promise(() => {}), { storeTimeout: 50 });
      const { err, session } = await arrive(app, await app.login());
      expect(session).to.equal(null);
      expect(err?.code).to.equal('ERR_SESSION_COOKIE_PARSER');
      expect(err?.cause).to.have.property('message').that.includes('50 ms');
    });
  });

  it('leaves the id neither in `socket.data`, nor in rooms, nor on the handshake', async () => {
    const sessionId = stub();
    await start(sessionId);
    const login = await app.login();
    sessionId.returns(login.sessionId);
    const { socket } = await arrive(app);
    const seen = JSON.stringify([socket.data, [...socket.rooms], socket.handshake]);
    expect(seen).not.to.include(login.sessionId);
    expect(seen).not.to.include(secret);
  });
});
