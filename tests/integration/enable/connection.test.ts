/**
 * @module `enable`, with the session of the connection: read when the client connects, saved after it
 * has disconnected.
 */

import { expect } from 'chai';
import { useApps } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { enablePerConnection, nextConnection, stored, written } from '../../support/sessions.js';
import { ControlledStore } from '../../support/stores.js';
import { until } from '../../support/waiting.js';

describe('`enable` per connection', () => {
  const start = useApps();
  expectNoCrash();

  describe('`sconnection`', () => {
    it('gives the client and its session', async () => {
      const app = await start();
      const sessions = enablePerConnection(app);
      const { cookie, sessionId } = await app.login();
      const told = nextConnection(sessions);
      const remote = await app.connect({ cookie });
      const { client, session } = await told;
      expect(client.id).to.equal(remote.id);
      expect(session.id).to.equal(sessionId);
      expect(session.visitor?.name).to.equal('Ada');
    });

    it('gives a client that is a socket of Socket.IO, always the same one', async () => {
      const app = await start();
      const { Socket } = await import('socket.io');
      const told = nextConnection(enablePerConnection(app));
      const remote = await app.connect(await app.login());
      const { client } = await told;
      expect(client).to.be.instanceOf(Socket);
      expect(client.join('room')).to.equal(undefined);
      expect(client.rooms.has('room')).to.equal(true);
      expect(client.volatile).to.equal(client);
      expect(client.on('anything', () => {})).to.equal(client);
      const received = new Promise((resolve) => remote.once('message', resolve));
      expect(client.send('hello')).to.equal(client);
      expect(await received).to.equal('hello');
    });

    it('receives messages with their acknowledgements', async () => {
      const app = await start();
      const sessions = enablePerConnection(app);
      sessions.on('sconnection', (client) => {
        client.on('message', (message: unknown, ack: (answer: string) => void) => {
          ack(`got ${message}`);
        });
      });
      const remote = await app.connect(await app.login());
      expect(await remote.emitWithAck('message', 'ping')).to.equal('got ping');
    });

    it('receives events with their sessions through `sessOn`', async () => {
      const app = await start();
      const sessions = enablePerConnection(app);
      sessions.on('sconnection', (client) => {
        client.sessOn('who', (_err, session, ack) => {
          (ack as (id?: string) => void)(session?.id);
        });
        client.sessOnce('once', (_err, session, ack) => {
          (ack as (id?: string) => void)(session?.id);
        });
      });
      const { cookie, sessionId } = await app.login();
      const remote = await app.connect({ cookie });
      expect(await remote.emitWithAck('who')).to.equal(sessionId);
      expect(await remote.emitWithAck('once')).to.equal(sessionId);
    });

    it('calls every listener, those of `once` once, and none that was removed', async () => {
      const app = await start();
      const sessions = enablePerConnection(app);
      const calls: string[] = [];
      const gone = () => calls.push('gone');
      sessions
        .on('sconnection', () => calls.push('on'))
        .once('sconnection', () => calls.push('once'));
      sessions.on('sconnection', gone).off('sconnection', gone);
      const login = await app.login();
      for (let visits = 0; visits < 2; visits++) {
        const told = nextConnection(sessions);
        await app.connect(login);
        await told;
      }
      expect(calls).to.deep.equal(['on', 'once', 'on']);
    });

    it('goes on after a listener that throws', async () => {
      const errors: unknown[] = [];
      const app = await start();
      const sessions = enablePerConnection(app, { onError: (error) => errors.push(error) });
      const mistake = new Error('a mistake');
      sessions.on('sconnection', () => {
        throw mistake;
      });
      const told = nextConnection(sessions);
      await app.connect(await app.login());
      await told;
      expect(errors).to.deep.equal([mistake]);
    });
  });

  describe('when the client leaves', () => {
    it('saves the session after its `disconnect` listeners, asynchronous ones awaited', async () => {
      const app = await start();
      const sessions = enablePerConnection(app);
      const order: string[] = [];
      let finish = (): void => {};
      const finishing = new Promise<void>((resolve) => {
        finish = resolve;
      });
      sessions.on('sconnection', (client, session) => {
        session.n = 1;
        client.on('disconnect', async (reason) => {
          order.push(reason);
          await finishing;
          session.n = (session.n ?? 0) + 1;
          order.push('after a while');
        });
        client.once('disconnect', () => {
          session['test:sync'] = true;
          order.push('at once');
        });
      });
      const { cookie, sessionId } = await app.login();
      const told = nextConnection(sessions);
      const remote = await app.connect({ cookie });
      await told;
      const saved = written(app.store);
      remote.disconnect();
      await until(() => order.length === 2);
      expect(await stored(app.store, sessionId)).to.have.property('n', 0);
      finish();
      await saved;
      expect(order).to.deep.equal(['client namespace disconnect', 'at once', 'after a while']);
      expect(await stored(app.store, sessionId)).to.include({ n: 2, 'test:sync': true });
    });

    it('saves it also without a listener, and where a listener fails', async () => {
      const errors: unknown[] = [];
      const app = await start();
      const sessions = enablePerConnection(app, { onError: (error) => errors.push(error) });
      const [thrown, rejected] = [new Error('thrown'), new Error('rejected')];
      sessions.on('sconnection', (client, session) => {
        session.n = (session.n ?? 0) + 1;
        if (session.n === 1) return;
        client.on('disconnect', () => {
          throw thrown;
        });
        client.on('disconnect', async () => {
          throw rejected;
        });
      });
      const { cookie, sessionId } = await app.login();
      for (const n of [1, 2]) {
        const told = nextConnection(sessions);
        const remote = await app.connect({ cookie });
        await told;
        const saved = written(app.store);
        remote.disconnect();
        await saved;
        expect(await stored(app.store, sessionId)).to.have.property('n', n);
      }
      expect(errors).to.have.members([thrown, rejected]);
    });

    it('calls no listener that was removed', async () => {
      const app = await start();
      const sessions = enablePerConnection(app);
      const calls: string[] = [];
      sessions.on('sconnection', (client, session) => {
        session.n = 1;
        const gone = () => calls.push('gone');
        client.on('disconnect', gone).on('disconnect', () => calls.push('there'));
        client.off('disconnect', gone);
      });
      const told = nextConnection(sessions);
      const remote = await app.connect(await app.login());
      await told;
      const saved = written(app.store);
      remote.disconnect();
      await saved;
      expect(calls).to.deep.equal(['there']);
    });

    it('reports a save that failed', async () => {
      const store = new ControlledStore();
      const app = await start({ store });
      const failed = new Promise((resolve) => {
        enablePerConnection(app, { onError: resolve }).on('sconnection', (_client, session) => {
          session.n = 1;
          store.set = (_id, _session, callback) => callback?.(new Error('down'));
        });
      });
      const remote = await app.connect(await app.login());
      remote.disconnect();
      expect(await failed).to.have.property('code', 'ERR_SESSION_STORE');
    });
  });

  it('has no `smessage` without `per_message`, because any client could send one', async () => {
    const app = await start();
    const sessions = enablePerConnection(app);
    const refused = new Promise<unknown>((resolve) => {
      sessions.on('sconnection', (client) => {
        try {
          client.on('smessage', () => resolve('called'));
        } catch (error) {
          resolve(error);
        }
      });
    });
    const remote = await app.connect(await app.login());
    remote.emit('smessage', 'hello', { user: 'admin' });
    expect(await refused)
      .to.be.instanceOf(TypeError)
      .with.property('message')
      .that.includes('per_message');
  });

  it('gives everything back with `close()`', async () => {
    const app = await start();
    const sessions = enablePerConnection(app);
    sessions.on('sconnection', () => {
      throw new Error('still there');
    });
    sessions.close();
    sessions.close();
    const login = await app.login();
    const remote = await app.connect(login);
    await app.connect(login);
    expect(remote.connected).to.equal(true);
    expect((await fetch(`${app.url}/socket.io/socket.io-sessions.js`)).status).to.equal(400);
  });
});
