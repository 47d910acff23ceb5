/**
 * @module `sinvalid`: the client whose session is absent, has ended, or cannot be read.
 */

import { expect } from 'chai';
import { SessionError } from '../../../source/index.js';
import { received } from '../../support/app.js';
import { cookieOf } from '../../support/cookies.js';
import { expectNoCrash } from '../../support/crashes.js';
import {
  enablePerConnection,
  enablePerMessage,
  turnedAway,
  useApps,
} from '../../support/sessions.js';
import { ControlledStore } from '../../support/stores.js';

type Ack = (...args: unknown[]) => void;

describe('`sinvalid`', () => {
  const start = useApps();
  expectNoCrash();

  describe('per connection', () => {
    it('gives a client without a cookie, which stays connected and can be told', async () => {
      const app = await start();
      const sessions = enablePerConnection(app);
      const calls: unknown[] = [];
      sessions.on('sconnection', () => calls.push('sconnection'));
      sessions.on('sinvalid', (client, error) => {
        calls.push(error.code);
        client.send('please log in');
      });
      const remote = app.client();
      const message = await new Promise((resolve) => remote.once('message', resolve));
      expect(message).to.equal('please log in');
      expect(calls).to.deep.equal(['ERR_SESSION_COOKIE_MISSING']);
      expect(remote.connected).to.equal(true);
    });

    it('gives one whose session has ended', async () => {
      const app = await start();
      const sessions = enablePerConnection(app);
      const { cookie } = await app.login();
      await app.logout(cookie);
      const told = turnedAway(sessions);
      app.client({ cookie });
      expect((await told).code).to.equal('ERR_SESSION_NOT_FOUND');
    });

    it('gives one with a bare session id, in a cookie or for a ticket', async () => {
      const app = await start();
      const sessions = enablePerConnection(app);
      const { sessionId } = await app.login();
      for (const [settings, code] of [
        [{ cookie: cookieOf(sessionId) }, 'ERR_SESSION_COOKIE_INVALID'],
        [{ auth: { session: sessionId } }, 'ERR_SESSION_TICKET'],
        [{ query: { session: sessionId } }, 'ERR_SESSION_COOKIE_MISSING'],
      ] as const) {
        const told = turnedAway(sessions);
        app.client(settings);
        expect((await told).code).to.equal(code);
      }
    });

    it('gives one whose session cannot be read', async () => {
      const store = new ControlledStore();
      const app = await start({ store });
      const sessions = enablePerConnection(app);
      const login = await app.login();
      store.onGet = (_id, callback) => callback(new Error('down'));
      const told = turnedAway(sessions);
      app.client(login);
      expect((await told).code).to.equal('ERR_SESSION_STORE');
    });

    it('is told to `onError` where nobody listens and the store is down', async () => {
      const store = new ControlledStore();
      const app = await start({ store });
      const failed = new Promise((resolve) => enablePerConnection(app, { onError: resolve }));
      const login = await app.login();
      store.onGet = (_id, callback) => callback(new Error('down'));
      app.client(login);
      expect(await failed).to.have.property('code', 'ERR_SESSION_STORE');
    });
  });

  describe('per message', () => {
    it('gives a client that comes without a session', async () => {
      const app = await start();
      const sessions = enablePerMessage(app);
      const told = turnedAway(sessions);
      app.client();
      expect((await told).code).to.equal('ERR_SESSION_COOKIE_MISSING');
    });

    it('gives a client whose session has ended since, once, and calls no listener', async () => {
      const app = await start();
      const calls: unknown[] = [];
      const sessions = enablePerMessage(app);
      sessions.on('sconnection', (client) => {
        client.on('smessage', (message) => calls.push(message));
      });
      sessions.on('sinvalid', (client, error) => {
        calls.push(error.code);
        client.send('please refresh');
      });
      const { cookie } = await app.login();
      const remote = await app.connect({ cookie });
      const message = received(remote, 'message');
      await app.logout(cookie);
      remote.send('one');
      remote.send('two');
      expect(await message).to.deep.equal(['please refresh']);
      await new Promise((resolve) => app.io.of('/').emit('barrier') && setTimeout(resolve, 20));
      expect(calls).to.deep.equal(['ERR_SESSION_NOT_FOUND']);
    });

    it('gives one whose session cannot be read, each time, and goes on when it can', async () => {
      const store = new ControlledStore();
      const app = await start({ store });
      const calls: unknown[] = [];
      const sessions = enablePerMessage(app);
      sessions.on('sinvalid', (_client, error) => calls.push(error.code));
      sessions.on('sconnection', (client) => {
        client.on('smessage', (message, _session, ack) => (ack as Ack)(message));
      });
      const remote = await app.connect(await app.login());
      store.onGet = (_id, callback) => callback(new Error('down'));
      remote.send('lost');
      remote.send('lost');
      while (calls.length < 2) await new Promise(setImmediate);
      store.onGet = undefined;
      expect(await remote.emitWithAck('message', 'back')).to.equal('back');
      expect(calls).to.deep.equal(['ERR_SESSION_STORE', 'ERR_SESSION_STORE']);
    });

    it('tells of a lock that is not to be had, or `onError` where nobody listens', async () => {
      for (const hasListener of [true, false]) {
        const app = await start();
        const lock = { acquire: () => new Promise<never>(() => {}) };
        const told = new Promise<unknown>((resolve) => {
          const sessions = enablePerMessage(app, { lock, lockTimeout: 20, onError: resolve });
          sessions.on('sconnection', (client) => client.on('smessage', () => resolve('called')));
          if (hasListener) sessions.on('sinvalid', (_client, error) => resolve(error));
        });
        const remote = await app.connect(await app.login());
        remote.send('hello');
        expect(await told).to.have.property('code', 'ERR_SESSION_LOCK');
      }
    });

    it('tells of more messages than may wait', async () => {
      const app = await start();
      let finish: () => void = () => {};
      const heard: unknown[] = [];
      const sessions = enablePerMessage(app, { maxPending: 2 });
      sessions.on('sconnection', (client) => {
        client.on('smessage', async (message) => {
          heard.push(message);
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
        });
      });
      const remote = await app.connect(await app.login());
      const told = turnedAway(sessions);
      remote.send(1);
      while (heard.length < 1) await new Promise(setImmediate);
      remote.send(2);
      await new Promise((resolve) => setTimeout(resolve, 20));
      remote.send(3);
      const error = await told;
      expect(error).to.be.instanceOf(SessionError).with.property('code', 'ERR_SESSION_OVERLOAD');
      expect(error.message).to.include('`maxPending`');
      finish();
      while (heard.length < 2) await new Promise(setImmediate);
      expect(heard).to.deep.equal([1, 2]);
      finish();
    });
  });
});
