import { once } from 'node:events';
import { expect } from 'chai';
import type { ServerOptions } from 'socket.io';
import type { ExpressionSocketOptions } from '../../../source/index.js';
import { App, connected, received, refused } from '../../support/app.js';
import { holdReads } from '../../support/held-reads.js';
import { pair } from '../../support/pair.js';
import { ControlledStore } from '../../support/stores.js';
import { barrier, until } from '../../support/waiting.js';

const rooms = /^\/room-\d+$/;

describe('The namespaces that Socket.IO makes from a pattern', () => {
  let app: App;
  let cookie: string;
  let store: ControlledStore;
  let calls: unknown[];

  afterEach(() => app.stop());

  describe('when their parent is wrapped', () => {
    beforeEach(() => start());

    it('announce each connection once, with its session', async () => {
      app.expressionIO.of(rooms).on('connection', (err, session, socket) => {
        calls.push([err, session?.visitor?.name, socket.nsp.name]);
      });
      await app.connect({ cookie, namespace: '/room-1' });
      await app.connect({ cookie, namespace: '/room-2' });

      expect(calls).to.deep.equal([
        [null, 'Ada', '/room-1'],
        [null, 'Ada', '/room-2'],
      ]);
    });

    it('ask each `authorization` once, with the session', async () => {
      app.expressionIO.of(rooms).authorization((_err, session) => {
        calls.push(session?.visitor?.name);
        return true;
      });
      await app.connect({ cookie, namespace: '/room-1' });

      expect(calls).to.deep.equal(['Ada']);
    });

    it('refuse the clients that the parent’s `authorization` refuses', async () => {
      app.expressionIO.of(rooms).authorization((err) => !err);

      const { data } = await refused(app.client({ namespace: '/room-1' }));
      expect(data).to.deep.equal({ code: 'ERR_SESSION_REFUSED' });
      await app.connect({ cookie, namespace: '/room-1' });
    });

    for (const name of ['the parent', 'the child']) {
      it(`end their sockets with the session after \`removeAllListeners\` of ${name}`, async () => {
        const { namespace } = app.expressionIO.of(rooms);
        if (name === 'the child') {
          await app.connect({ cookie, namespace: '/room-1' });
          app.io.of('/room-1').removeAllListeners();
        } else namespace.removeAllListeners();
        const client = await app.connect({ cookie, namespace: '/room-1' });
        const left = received(client, 'disconnect');
        await app.logout(cookie);

        expect((await left)[0]).to.equal('io server disconnect');
      });
    }

    it('hear listeners that are added to the parent after they were made', async () => {
      const wrapper = app.expressionIO.of(rooms);
      await app.connect({ cookie, namespace: '/room-1' });
      wrapper.on('connection', () => calls.push('late'));
      await app.connect({ cookie, namespace: '/room-1' });

      expect(calls).to.deep.equal(['late']);
    });

    it('no longer call a listener that is taken off the parent', async () => {
      const listener = (): unknown => calls.push('called');
      const wrapper = app.expressionIO.of(rooms).on('connection', listener);
      await app.connect({ cookie, namespace: '/room-1' });
      wrapper.off('connection', listener);
      await app.connect({ cookie, namespace: '/room-1' });

      expect(calls).to.deep.equal(['called']);
    });

    it('are made by a function as well', async () => {
      const wrapper = app.expressionIO.of((name, _auth, next) => next(null, name === '/made'));
      wrapper.on('connection', (_err, session) => calls.push(session?.visitor?.name));
      await app.connect({ cookie, namespace: '/made' });

      expect(calls).to.deep.equal(['Ada']);
      expect((await refused(app.client({ cookie, namespace: '/other' }))).message).to.equal(
        'Invalid namespace',
      );
    });

    it('read the session once for a connection', async () => {
      app.expressionIO.of(rooms).on('connection', () => {});
      store.reads.length = 0;
      await app.connect({ cookie, namespace: '/room-1' });

      expect(store.reads).to.have.lengthOf(1);
    });
  });

  describe('when they are wrapped as well as their parent', () => {
    beforeEach(() => start());

    it('call the listeners of both once, with the same socket and sessions of their own', async () => {
      const sockets: unknown[] = [];
      const sessions: unknown[] = [];
      for (const wrapper of [app.expressionIO.of(rooms), app.expressionIO.of('/room-1')]) {
        wrapper.on('connection', (_err, session, socket) => {
          sockets.push(socket);
          sessions.push(session);
        });
      }
      await app.connect({ cookie, namespace: '/room-1' });

      expect(sockets).to.have.lengthOf(2);
      expect(sockets[0]).to.equal(sockets[1]);
      expect(sessions[0]).to.have.property('n', 0);
      expect(sessions[1]).to.have.property('n', 0);
      expect(sessions[0]).to.not.equal(sessions[1]);
    });

    it('ask the `authorization` of both once', async () => {
      for (const name of [rooms, '/room-1']) {
        const wrapper =
          typeof name === 'string' ? app.expressionIO.of(name) : app.expressionIO.of(name);
        wrapper.authorization((_err, session) => {
          calls.push([String(name), session?.visitor?.name]);
          return true;
        });
      }
      await app.connect({ cookie, namespace: '/room-1' });

      expect(calls).to.deep.equal([
        [String(rooms), 'Ada'],
        ['/room-1', 'Ada'],
      ]);
    });

    it('need both to agree', async () => {
      app.expressionIO.of(rooms).authorization(() => true);
      app.expressionIO.of('/room-1').authorization(() => false);
      app.expressionIO.of('/room-1').on('connection', () => calls.push('announced'));

      await refused(app.client({ cookie, namespace: '/room-1' }));
      await app.connect({ cookie, namespace: '/room-2' });
      expect(calls).to.deep.equal([]);
    });

    it('give a `connection` the session as it is after the last `authorization`', async () => {
      const { sessionId } = await app.login();
      app.expressionIO.of(rooms).on('connection', (_err, session) => calls.push(session?.n));
      app.expressionIO.of('/room-1').authorization((_err, session) => {
        if (!session) return false;
        session.n = 7;
        return session.save().then(() => true);
      });
      await app.connect({ cookie, namespace: '/room-1' });

      expect(sessionId).to.be.a('string');
      expect(calls).to.deep.equal([7]);
    });

    it('call a listener of an event once for each time it was added', async () => {
      app.expressionIO.of(rooms).on('connection', (_err, _session, socket) => {
        socket.sessOn('vote', () => calls.push('parent'));
      });
      app.expressionIO.of('/room-1').on('connection', (_err, _session, socket) => {
        socket.sessOn('vote', () => calls.push('child'));
      });
      const { client, socket } = await pair(app, { cookie, namespace: '/room-1' });
      client.emit('vote');
      await barrier(client, socket);

      expect(calls).to.deep.equal(['parent', 'child']);
    });
  });

  describe('when they are wrapped as well as their parent, with `autoErrManager`', () => {
    it('are all called with a connection once the store is back', async () => {
      await start({ options: { autoErrManager: true, onError: () => {} } });
      const told = Promise.all(
        [app.expressionIO.of(rooms), app.expressionIO.of('/room-1')].map(
          (wrapper) => new Promise<void>((resolve) => wrapper.on('connection', () => resolve())),
        ),
      );
      store.onGet = (_id, callback) => callback(new Error('down'));
      await app.connect({ cookie, namespace: '/room-1' });
      store.onGet = undefined;

      await told;
    });
  });

  describe('when Socket.IO removes one and makes it anew', () => {
    beforeEach(() => start({ server: { cleanupEmptyChildNamespaces: true } }));

    it('are new ones, with new wrappers', async () => {
      app.expressionIO.of(rooms);
      const { client, raw } = await pair(app, { cookie, namespace: '/room-1' });
      const wrapper = app.expressionIO.of('/room-1');
      const left = once(raw, 'disconnect');
      client.disconnect();
      await left;
      await app.connect({ cookie, namespace: '/room-1' });

      expect(app.expressionIO.of('/room-1')).to.not.equal(wrapper);
      expect(app.expressionIO.of('/room-1').namespace).to.equal(app.io.of('/room-1'));
    });

    it('is announced and authorized by its parent once more', async () => {
      app.expressionIO
        .of(rooms)
        .authorization(() => Boolean(calls.push('asked')))
        .on('connection', (_err, session) => calls.push(session?.visitor?.name));
      for (const _time of [1, 2]) {
        const client = await app.connect({ cookie, namespace: '/room-1' });
        const [raw] = app.io.of('/room-1').sockets.values();
        if (!raw) throw new Error('there is no socket');
        const left = once(raw, 'disconnect');
        client.disconnect();
        await left;
      }

      expect(calls).to.deep.equal(['asked', 'Ada', 'asked', 'Ada']);
    });

    it('keeps one to which a client is connecting while another client is refused or leaves', async () => {
      const wrapper = app.expressionIO.of(rooms);
      wrapper.authorization((err) => !err);
      const first = await app.connect({ cookie, namespace: '/room-1' });
      const [raw] = app.io.of('/room-1').sockets.values();
      if (!raw) throw new Error('there is no socket');
      const release = holdReads(store);
      const reads = store.reads.length;
      const client = app.client({ cookie, namespace: '/room-1' });
      await until(() => store.reads.length > reads);
      const left = once(raw, 'disconnect');
      first.disconnect();
      await left;
      await refused(app.client({ namespace: '/room-1' }));
      const news = received(client, 'news');
      release();
      await connected(client);
      wrapper.emit('news', 'by the parent');
      expect(await news).to.deep.equal(['by the parent']);
      expect(app.io._nsps.has('/room-1')).to.equal(true);

      client.disconnect();
      await until(() => !app.io._nsps.has('/room-1'));
    });

    it('removes one whose only client is refused', async () => {
      app.expressionIO.of(rooms).authorization((err) => !err);
      await refused(app.client({ namespace: '/room-1' }));

      expect(app.io._nsps.has('/room-1')).to.equal(false);
    });
  });

  async function start(
    settings: { options?: ExpressionSocketOptions; server?: Partial<ServerOptions> } = {},
  ): Promise<void> {
    calls = [];
    store = new ControlledStore();
    app = await App.start({ store, ...settings });
    ({ cookie } = await app.login());
  }
});
