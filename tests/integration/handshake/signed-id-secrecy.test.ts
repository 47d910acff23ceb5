/**
 * @module "Only a signed id is believed": where the id, the cookies and the secret must never be seen.
 */

import type { IncomingMessage } from 'node:http';
import { inspect } from 'node:util';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import { stub } from 'sinon';
import type { CookieParser } from '../../../source/index.js';
import { App, refused, secret } from '../../support/app.js';
import { cookieOf, sign, signatureOf } from '../../support/cookies.js';
import { arrive } from '../../support/outcomes.js';
import { ControlledStore } from '../../support/stores.js';

/** All that can be seen of a value. */
function show(value: unknown): string {
  return inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true });
}

describe('Only a signed id is believed, and nobody can see it', () => {
  let app: App | App<{ autoErrManager: true }>;

  afterEach(async () => {
    await app.stop();
  });

  describe('on the handshake, which Socket.IO hands to other nodes and tools,', () => {
    /** What the parser was given. */
    let parsed: IncomingMessage | undefined;

    beforeEach(async () => {
      const parser = cookieParser(secret);
      app = await App.start({
        cookieParser: (request, response, next) => {
          parsed = request;
          parser(request as never, response as never, next);
        },
      });
    });

    it('there are neither cookies nor the secret', async () => {
      const { socket, session } = await arrive(app, await app.login());
      expect(session).not.to.equal(null);
      expect(socket.handshake).not.to.have.any.keys('cookies', 'signedCookies', 'secret');
      expect(show(socket.handshake)).not.to.include(secret);
    });

    it('nor are they on the request of the socket', async () => {
      const { socket } = await arrive(app, await app.login());
      for (const name of ['cookies', 'signedCookies', 'secret']) {
        expect(name in socket.request, name).to.equal(false);
      }
    });

    it('nor are they in messages to other nodes', async () => {
      await arrive(app, await app.login());
      const [remote] = await app.io.fetchSockets();
      expect(remote?.handshake).not.to.have.any.keys('cookies', 'signedCookies', 'secret');
      expect(show(remote?.handshake)).not.to.include(secret);
    });

    it('the parser is given a request of its own', async () => {
      const { socket } = await arrive(app, await app.login());
      expect(parsed).to.have.property('secret', secret);
      expect(parsed).not.to.equal(socket.request);
      expect(parsed?.headers).not.to.equal(socket.request.headers);
    });

    it('the headers stay as they came, whatever the parser does to its own', async () => {
      await app.stop();
      const parser = cookieParser(secret);
      const rough: CookieParser = (request, response, next) => {
        parser(request as never, response as never, next);
        request.headers = {};
      };
      app = await App.start({ cookieParser: rough });
      const { cookie } = await app.login();
      const { socket } = await arrive(app, { cookie });
      expect(socket.handshake.headers.cookie).to.equal(cookie);
    });
  });

  describe('in the data of Socket.IO', () => {
    it('the id is neither in `socket.data` nor in a room name', async () => {
      app = await App.start();
      const { cookie, sessionId } = await app.login();
      const { socket, session } = await arrive(app, { cookie });
      expect(session?.id).to.equal(sessionId);
      expect(show(socket.data)).not.to.include(sessionId);
      expect(show([...socket.rooms])).not.to.include(sessionId);
      expect(show([...app.io.of('/').adapter.rooms.keys()])).not.to.include(sessionId);
    });
  });

  describe('in an error', () => {
    /** Expects an error to show none of the secrets that a forger would love to read. */
    function expectDiscreet(error: unknown, sessionId: string): void {
      expect(error).to.be.an('error');
      const shown = show(error);
      expect(shown).not.to.include(sessionId);
      expect(shown).not.to.include(signatureOf(sessionId, secret));
      expect(shown).not.to.include(secret);
    }

    const cases: Readonly<Record<string, (sessionId: string) => string>> = {
      'of a raw id': (id) => cookieOf(id),
      'of a wrong signature': (id) => cookieOf(sign(id, 'another secret')),
      'of a cookie that was cut': (id) => cookieOf(sign(id, secret).slice(0, -1)),
      'of a signature without its mark': (id) => cookieOf(`${id}.${signatureOf(id, secret)}`),
      'of JSON': (id) => cookieOf(`j:{"id":"${id}"}`),
      'of another name': (id) => cookieOf(sign(id, secret), 'other'),
    };

    for (const [what, forge] of Object.entries(cases)) {
      it(`the id, its signature and the secret are not: ${what}`, async () => {
        app = await App.start();
        const { sessionId } = await app.login();
        expectDiscreet((await arrive(app, { cookie: forge(sessionId) })).err, sessionId);
      });
    }

    it('the id is not: of a session that is gone', async () => {
      app = await App.start();
      const { cookie, sessionId } = await app.login();
      await app.logout(cookie);
      const { err } = await arrive(app, { cookie });
      expect(err?.code).to.equal('ERR_SESSION_NOT_FOUND');
      expectDiscreet(err, sessionId);
    });

    it('the id is not: of a store that fails', async () => {
      const store = new ControlledStore();
      app = await App.start({ store });
      const { cookie, sessionId } = await app.login();
      store.onGet = (_id, callback) => callback(new Error('connection lost'));
      const { err } = await arrive(app, { cookie });
      expect(err?.code).to.equal('ERR_SESSION_STORE');
      expectDiscreet(err, sessionId);
    });

    it('the id is not: of a record that is no session', async () => {
      const store = new ControlledStore();
      app = await App.start({ store });
      const { cookie, sessionId } = await app.login();
      store.onGet = (id, callback) => callback(null, { id, n: 1 } as never);
      const { err } = await arrive(app, { cookie });
      expect(err?.code).to.equal('ERR_SESSION_STORE');
      expectDiscreet(err, sessionId);
    });

    it('the id is not: of a foreign origin', async () => {
      app = await App.start();
      const { cookie, sessionId } = await app.login();
      const { err } = await arrive(app, { cookie, origin: 'https://evil.example' });
      expect(err?.code).to.equal('ERR_SESSION_ORIGIN');
      expectDiscreet(err, sessionId);
    });

    it('the id is not: told to a refused client', async () => {
      app = await App.start();
      app.expressionIO.sockets.authorization((_err, _session, _handshake, fn) => fn(null, false));
      const { cookie, sessionId } = await app.login();
      const error = await refused(app.client({ cookie }));
      expect(error.data).to.deep.equal({ code: 'ERR_SESSION_REFUSED' });
      expectDiscreet(error, sessionId);
    });
  });

  describe('in a warning', () => {
    it('the id is not, when the store fails and nobody listens', async () => {
      const store = new ControlledStore();
      const silent = await App.start({ store, options: { autoErrManager: true } });
      app = silent;
      const emitWarning = stub(process, 'emitWarning');
      try {
        silent.expressionIO.sockets.authorization(() => true);
        const { cookie, sessionId } = await silent.login();
        store.onGet = (id, callback) => callback(new Error(`GET sess:${id} failed`));
        await refused(silent.client({ cookie }));
        expect(emitWarning.called).to.equal(true);
        expect(show(emitWarning.args)).not.to.include(sessionId);
      } finally {
        emitWarning.restore();
      }
    });
  });
});
