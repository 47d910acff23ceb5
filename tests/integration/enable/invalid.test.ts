/**
 * @module `sinvalid`: the client whose session is absent, has ended, or cannot be read.
 */

import { expect } from 'chai';
import { SessionError } from '../../../source/index.js';
import { received, useApps } from '../../support/app.js';
import { cookieOf } from '../../support/cookies.js';
import { expectNoCrash } from '../../support/crashes.js';
import { ProcessEvents } from '../../support/process-events.js';
import {
  connectedClient,
  enablePerConnection,
  enablePerMessage,
  sessionError,
} from '../../support/sessions.js';
import { ControlledStore } from '../../support/stores.js';
import { barrier, until } from '../../support/waiting.js';

type Ack = (...args: unknown[]) => void;

describe('`sinvalid`', () => {
  const start = useApps();
  expectNoCrash();

  describe('per connection', () => {
    it('gives a client without a cookie, which stays connected and can be sent a message', async () => {
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

    it('warns when its listener throws, and ends no process', async () => {
      const warnings = new ProcessEvents('warning');
      try {
        const app = await start();
        enablePerConnection(app).on('sinvalid', () => {
          throw new Error('a mistake');
        });
        app.client();
        await until(() => warnings.values.some((one) => String(one).includes('`sinvalid`')));
      } finally {
        warnings.stop();
      }
    });

    it('gives one whose session has ended', async () => {
      const app = await start();
      const sessions = enablePerConnection(app);
      const { cookie } = await app.login();
      await app.logout(cookie);
      const error = sessionError(sessions);
      app.client({ cookie });
      expect((await error).code).to.equal('ERR_SESSION_NOT_FOUND');
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
        const error = sessionError(sessions);
        app.client(settings);
        expect((await error).code).to.equal(code);
      }
    });

    it('gives one whose session cannot be read', async () => {
      const store = new ControlledStore();
      const app = await start({ store });
      const sessions = enablePerConnection(app);
      const login = await app.login();
      store.onGet = (_id, callback) => callback(new Error('down'));
      const error = sessionError(sessions);
      app.client(login);
      expect((await error).code).to.equal('ERR_SESSION_STORE');
    });

    it('tells `onError` if it has no listener and the store is down', async () => {
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
      const error = sessionError(sessions);
      app.client();
      expect((await error).code).to.equal('ERR_SESSION_COOKIE_MISSING');
    });

    it('gives a client whose session has ended since, once, and calls no listener', async () => {
      const app = await start();
      const calls: unknown[] = [];
      const sessions = enablePerMessage(app);
      const announced = connectedClient(sessions);
      sessions.on('sconnection', (client) => {
        client.on('smessage', (message) => calls.push(message));
      });
      sessions.on('sinvalid', (client, error) => {
        calls.push(error.code);
        client.send('please refresh');
      });
      const { cookie } = await app.login();
      const remote = await app.connect({ cookie });
      const client = await announced;
      const message = received(remote, 'message');
      const left = received(remote, 'disconnect');
      await app.logout(cookie);
      remote.send('one');
      remote.send('two');
      await barrier(remote, client);
      expect(await message).to.deep.equal(['please refresh']);
      // By then `sessionend`, which is a reason for `sinvalid` too, has been emitted.
      await left;
      expect(calls).to.deep.equal(['ERR_SESSION_NOT_FOUND']);
    });

    it('gives one whose session cannot be read, each time, and continues once it can', async () => {
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
      await until(() => calls.length === 2);
      store.onGet = undefined;
      expect(await remote.emitWithAck('message', 'back')).to.equal('back');
      expect(calls).to.deep.equal(['ERR_SESSION_STORE', 'ERR_SESSION_STORE']);
    });

    it('gives one whose lock cannot be acquired, or tells `onError` if it has no listener', async () => {
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

    it('gives one that sends more messages than may wait', async () => {
      const app = await start();
      let finish: () => void = () => {};
      const messages: unknown[] = [];
      const sessions = enablePerMessage(app, { maxPending: 2 });
      sessions.on('sconnection', (client) => {
        client.on('smessage', async (message) => {
          messages.push(message);
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
        });
      });
      const announced = connectedClient(sessions);
      const remote = await app.connect(await app.login());
      const client = await announced;
      const error = sessionError(sessions);
      remote.send(1);
      await until(() => messages.length === 1);
      remote.send(2);
      await barrier(remote, client);
      remote.send(3);
      expect(await error).to.be.instanceOf(SessionError);
      expect(await error).to.have.property('code', 'ERR_SESSION_OVERLOAD');
      expect((await error).message).to.include('`maxPending`');
      finish();
      await until(() => messages.length === 2);
      expect(messages).to.deep.equal([1, 2]);
      finish();
    });
  });
});
