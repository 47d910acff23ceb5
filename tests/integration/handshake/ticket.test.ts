/**
 * @module A ticket in place of the cookie: which session it opens, from where, and the errors of bad
 * ones.
 */

import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import type { CookieParser, ExpressionSocketOptions } from '../../../source/index.js';
import { App, connected, refused, secret } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { arrive, rejection } from '../../support/outcomes.js';
import { ControlledStore } from '../../support/stores.js';

describe('`ticket`', () => {
  let app: App<ExpressionSocketOptions>;
  let store: ControlledStore;

  async function start(
    options: ExpressionSocketOptions = { ticket: {} },
    cookieParser?: CookieParser,
  ): Promise<void> {
    store = new ControlledStore();
    app = await App.start<ExpressionSocketOptions>({
      store,
      options,
      ...(cookieParser ? { cookieParser } : {}),
    });
  }

  afterEach(() => app.stop());

  expectNoCrash();

  it('opens the session that it was made for, without a cookie', async () => {
    await start();
    const { sessionId } = await app.login();
    const ticket = await app.expressionIO.ticket(sessionId);
    const { err, session, socket, client } = await arrive(app, { auth: { session: ticket } });
    expect(err).to.equal(null);
    expect(session?.id).to.equal(sessionId);
    socket.sessOn('name', (_err, session, answer) => answer(session?.visitor?.name));
    expect(await client.emitWithAck('name')).to.equal('Ada');
  });

  it('opens it in place of the one of the cookie', async () => {
    await start();
    const [own, other] = [await app.login(), await app.login()];
    const ticket = await app.expressionIO.ticket(own.sessionId);
    const { session } = await arrive(app, { cookie: other.cookie, auth: { session: ticket } });
    expect(session?.id).to.equal(own.sessionId);
  });

  it('opens it in place of the one of `sessionId`, which goes on for everybody else', async () => {
    await start({ ticket: { secret }, sessionId: () => 'made up' });
    const { sessionId } = await app.login();
    const ticket = await app.expressionIO.ticket(sessionId);
    expect((await arrive(app, { auth: { session: ticket } })).session?.id).to.equal(sessionId);
    expect((await arrive(app)).err?.code).to.equal('ERR_SESSION_NOT_FOUND');
  });

  it('changes nothing for visitors with cookies', async () => {
    await start();
    const { cookie, sessionId } = await app.login();
    for (const auth of [undefined, {}, { token: 'of the application' }, { session: undefined }]) {
      const { session } = await arrive(app, { cookie, ...(auth ? { auth } : {}) });
      expect(session?.id).to.equal(sessionId);
    }
  });

  it('is named by the error of a client that has neither a cookie nor a ticket', async () => {
    await start();
    const { err } = await arrive(app);
    expect(err?.code).to.equal('ERR_SESSION_COOKIE_MISSING');
    expect(err?.message).to.include('there is no ticket in `auth.session` either');
    const { err: foreign } = await arrive(app, { origin: 'https://foreign.example' });
    expect(foreign?.code).to.equal('ERR_SESSION_ORIGIN');
    expect(foreign?.message).to.include('there is no ticket');
  });

  it('is not named by the error of a cookie that is wrong itself', async () => {
    await start();
    const { err } = await arrive(app, { cookie: 'connect.sid=unsigned' });
    expect(err?.code).to.equal('ERR_SESSION_COOKIE_INVALID');
    expect(err?.message).to.include('unsigned').and.not.include('ticket');
  });

  it('is read once per socket, which stays longer than the ticket is valid', async () => {
    await start({ ticket: { lifetime: 5_000 } });
    const { sessionId } = await app.login();
    const auth = { session: await app.expressionIO.ticket(sessionId) };
    const { socket, client } = await arrive(app, { auth });
    socket.sessOn('who', (_err, session, answer) => answer(session?.id));
    const clock = useFakeTimers({ now: Date.now() + 5_000, toFake: ['Date'] });
    try {
      const { err } = await arrive(app, { auth });
      expect(err?.code).to.equal('ERR_SESSION_TICKET');
      expect(err?.message).to.include('expired');
      expect(await client.emitWithAck('who')).to.equal(sessionId);
    } finally {
      clock.restore();
    }
  });

  it('gives ERR_SESSION_NOT_FOUND after the logout, because it is not a session', async () => {
    await start();
    const { cookie, sessionId } = await app.login();
    const ticket = await app.expressionIO.ticket(sessionId);
    await app.logout(cookie);
    const { err } = await arrive(app, { auth: { session: ticket } });
    expect(err?.code).to.equal('ERR_SESSION_NOT_FOUND');
  });

  it('is accepted from a foreign origin, as a cookie is not', async () => {
    await start();
    const { cookie, sessionId } = await app.login();
    const origin = 'https://partner.example';
    const ticket = await app.expressionIO.ticket(sessionId);
    const byTicket = await arrive(app, { origin, auth: { session: ticket } });
    expect(byTicket.session?.id).to.equal(sessionId);
    const byCookie = await arrive(app, { origin, cookie });
    expect(byCookie.err?.code).to.equal('ERR_SESSION_ORIGIN');
    const bad = await arrive(app, { origin, cookie, auth: { session: 'no ticket' } });
    expect(bad.err?.code).to.equal('ERR_SESSION_TICKET');
  });

  describe('that is bad', () => {
    it('is refused also with a good cookie', async () => {
      await start();
      const { cookie } = await app.login();
      const { err, session } = await arrive(app, { cookie, auth: { session: 'no ticket' } });
      expect(session).to.equal(null);
      expect(err?.code).to.equal('ERR_SESSION_TICKET');
      expect(store.reads).to.deep.equal([]);
    });

    for (const value of [
      null,
      0,
      7,
      '',
      true,
      [],
      {},
      ['ticket'],
      { $ne: null },
      'x'.repeat(9_999),
    ]) {
      it(`gives ERR_SESSION_TICKET: ${JSON.stringify(value).slice(0, 20)}`, async () => {
        await start();
        const { err } = await arrive(app, { auth: { session: value } });
        expect(err?.code).to.equal('ERR_SESSION_TICKET');
        expect(err?.message).to.include('malformed');
      });
    }

    it('is a session id, signed or not', async () => {
      await start();
      const { cookie, sessionId } = await app.login();
      const signed = decodeURIComponent(cookie.slice(cookie.indexOf('=') + 1));
      for (const value of [sessionId, signed]) {
        const { err } = await arrive(app, { auth: { session: value } });
        expect(err?.code).to.equal('ERR_SESSION_TICKET');
        expect(err?.message).not.to.include(sessionId);
      }
    });

    it('tells a refused client its code, and no more', async () => {
      await start();
      app.expressionIO.sockets.authorization((...args: unknown[]) => {
        const [err, , , fn] = args as [Error | null, unknown, unknown, (error: unknown) => void];
        fn(err);
      });
      const error = await refused(app.client({ auth: { session: 'no ticket' } }));
      expect(error.data).to.deep.equal({ code: 'ERR_SESSION_TICKET' });
      expect(error.message).to.equal('Invalid ticket');
    });

    it('disconnects the client under `autoErrManager`', async () => {
      await start({ ticket: {}, autoErrManager: true });
      app.expressionIO.sockets.on('connection', () => {});
      const client = app.client({ auth: { session: 'no ticket' } });
      await new Promise((resolve) => client.once('disconnect', resolve));
    });
  });

  for (const auth of [[], [['session', 'x']], { __proto__: { session: 'inherited' } }, 'text', 5]) {
    it(`looks at no \`auth\` that has none: ${JSON.stringify(auth)}`, async () => {
      await start();
      const { cookie, sessionId } = await app.login();
      const client = app.client({ cookie, auth: (send) => send(auth as object) });
      // Where it is no object, Socket.IO has closed the connection.
      await Promise.race([
        connected(client),
        new Promise<void>((end) => client.io.once('close', () => end())),
      ]);
      client.disconnect();
      // Whatever Socket.IO made of it, the server is well.
      expect((await arrive(app, { cookie })).session?.id).to.equal(sessionId);
    });
  }

  it('is ignored where the option is off', async () => {
    await start({});
    const { cookie, sessionId } = await app.login();
    const { session } = await arrive(app, { cookie, auth: { session: 'no ticket' } });
    expect(session?.id).to.equal(sessionId);
    const error = await rejection(app.expressionIO.ticket(sessionId));
    expect(error)
      .to.be.instanceOf(TypeError)
      .with.property('message')
      .that.includes('{ ticket: {} }');
    expect(() => app.expressionIO.ticketHandler()).to.throw(TypeError, '{ ticket: {} }');
  });

  it('rejects with a TypeError for what is no session id', async () => {
    await start();
    const error = await rejection(app.expressionIO.ticket(undefined as unknown as string));
    expect(error).to.be.instanceOf(TypeError);
  });

  it('needs a secret, from the cookie parser or its own', async () => {
    const parser: CookieParser = (request, _response, next) => {
      Object.assign(request, { cookies: {}, signedCookies: {} });
      next();
    };
    await start({ ticket: {} }, parser);
    const error = await rejection(app.expressionIO.ticket('an id'));
    expect(error).to.have.property('code', 'ERR_SESSION_COOKIE_PARSER');
    expect(error).to.have.property('message').that.includes('`ticket: { secret }`');
    await app.stop();

    await start({ ticket: { secret: 'its own' } }, parser);
    const { sessionId } = await app.login();
    const ticket = await app.expressionIO.ticket(sessionId);
    expect((await arrive(app, { auth: { session: ticket } })).session?.id).to.equal(sessionId);
  });

  it('leaves neither the secret nor the session id on the socket', async () => {
    await start();
    const { sessionId } = await app.login();
    const ticket = await app.expressionIO.ticket(sessionId);
    const { socket } = await arrive(app, { auth: { session: ticket } });
    const seen = JSON.stringify([socket.data, [...socket.rooms], socket.handshake]);
    expect(seen).not.to.include(sessionId).and.not.to.include(secret);
  });
});
