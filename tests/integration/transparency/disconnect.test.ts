import { once } from 'node:events';
import { expect } from 'chai';
import type { ExpressionSocketOptions } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { holdReads } from '../../support/held-reads.js';
import { type Pair, pair } from '../../support/pair.js';
import { ControlledStore } from '../../support/stores.js';

type Listener = (...args: unknown[]) => unknown;

/** How a `disconnect` listener that gets a session is added. */
const ways: readonly { name: string; method: string; options: ExpressionSocketOptions }[] = [
  { name: '`sessOn`', method: 'sessOn', options: {} },
  { name: '`sessOnce`', method: 'sessOnce', options: {} },
  { name: '`on` of `alwaysSession`', method: 'on', options: { alwaysSession: true } },
  { name: '`once` of `alwaysSession`', method: 'once', options: { alwaysSession: true } },
];

describe('Transparent: a `disconnect` listener with a session always runs, also after a logout', () => {
  let app: App;
  let store: ControlledStore;
  let cookie: string;

  afterEach(() => app.stop());

  for (const { name, method, options } of ways) {
    describe(`added with ${name}`, () => {
      beforeEach(() => start(options));

      it('runs with the session and the reason', async () => {
        const ends = await pair(app, { cookie });
        const arguments_ = leaving(ends, method);
        ends.client.disconnect();
        const [err, session, reason] = await arguments_;

        expect(err).to.equal(null);
        expect(session).to.have.property('visitor');
        expect(reason).to.equal('client namespace disconnect');
      });

      it('runs after a logout, with the error in place of the session', async () => {
        const ends = await pair(app, { cookie });
        const arguments_ = leaving(ends, method);
        await app.logout(cookie);
        ends.client.disconnect();
        const [err, session] = await arguments_;

        expect(err).to.have.property('code', 'ERR_SESSION_NOT_FOUND');
        expect(session).to.equal(null);
      });

      it('runs for a client that never had a session', async () => {
        const ends = await pair(app);
        const arguments_ = leaving(ends, method);
        ends.client.disconnect();
        const [err, session] = await arguments_;

        expect(err).to.have.property('code', 'ERR_SESSION_COOKIE_MISSING');
        expect(session).to.equal(null);
      });

      it('runs when the server disconnects the socket', async () => {
        const ends = await pair(app, { cookie });
        const arguments_ = leaving(ends, method);
        ends.socket.disconnect();

        expect((await arguments_)[2]).to.equal('server namespace disconnect');
      });

      it('runs when the transport closes', async () => {
        const ends = await pair(app, { cookie });
        const arguments_ = leaving(ends, method);
        ends.client.io.engine.close();

        expect((await arguments_)[2]).to.equal('transport close');
      });
    });

    describe(`added with ${name}, with \`autoErrManager\``, () => {
      beforeEach(() => start({ ...options, autoErrManager: true, onError: () => {} }));

      it('runs with the session and the reason', async () => {
        const ends = await pair(app, { cookie });
        const arguments_ = leaving(ends, method);
        ends.client.disconnect();
        const [session, reason] = await arguments_;

        expect(session).to.have.property('visitor');
        expect(reason).to.equal('client namespace disconnect');
      });

      it('runs after a logout, its session being null', async () => {
        const ends = await pair(app, { cookie });
        const arguments_ = leaving(ends, method);
        await app.logout(cookie);
        ends.client.disconnect();
        const [session, reason] = await arguments_;

        expect([session, reason]).to.deep.equal([null, 'client namespace disconnect']);
      });

      it('runs when the socket is disconnected for want of a session', async () => {
        const ends = await pair(app, { cookie });
        const arguments_ = leaving(ends, method);
        ends.socket.sessOn('vote', () => {});
        await app.logout(cookie);
        ends.client.emit('vote');
        const [session, reason] = await arguments_;

        expect([session, reason]).to.deep.equal([null, 'server namespace disconnect']);
      });

      it('runs when the store is down', async () => {
        const ends = await pair(app, { cookie });
        const arguments_ = leaving(ends, method);
        store.onGet = (_id, callback) => callback(new Error('down'));
        ends.client.disconnect();

        expect((await arguments_)[0]).to.equal(null);
      });
    });
  }

  describe('when the store is in trouble', () => {
    it('runs with the error of the store', async () => {
      await start({});
      const ends = await pair(app, { cookie });
      const arguments_ = leaving(ends, 'sessOn');
      store.onGet = (_id, callback) => callback(new Error('down'));
      ends.client.disconnect();

      expect((await arguments_)[0]).to.have.property('code', 'ERR_SESSION_STORE');
    });

    it('runs when the store does not answer in time', async () => {
      await start({ storeTimeout: 20 });
      const ends = await pair(app, { cookie });
      const arguments_ = leaving(ends, 'sessOn');
      store.onGet = () => {};
      ends.client.disconnect();

      expect((await arguments_)[0]).to.have.property('code', 'ERR_SESSION_STORE_TIMEOUT');
    });

    it('runs last, after all the events that wait, though these are as many as may wait', async () => {
      await start({ maxPending: 2 });
      const ends = await pair(app, { cookie });
      const { client, raw, socket } = ends;
      const calls: unknown[] = [];
      socket.sessOn('vote', (err, _session, n) => calls.push(err?.code ?? n));
      const arguments_ = leaving(ends, 'sessOn').then(() => calls.push('disconnect'));
      const release = holdReads(store);
      const came = new Promise<void>((resolve) => {
        raw.on('vote', (n) => n === 3 && resolve());
      });
      for (const n of [1, 2, 3]) client.emit('vote', n);
      await came;
      const left = once(raw, 'disconnect');
      client.disconnect();
      await left;
      release();
      await arguments_;

      expect(calls).to.deep.equal(['ERR_SESSION_OVERLOAD', 1, 2, 'disconnect']);
    });
  });

  async function start(options: ExpressionSocketOptions): Promise<void> {
    store = new ControlledStore();
    app = await App.start({ store, options });
    ({ cookie } = await app.login());
  }
});

/** Waits for the socket to leave; tells what its listener was given. */
function leaving({ socket }: Pair, method: string): Promise<unknown[]> {
  return new Promise((resolve) => {
    const listener: Listener = (...args) => resolve(args);
    Reflect.apply(Reflect.get(socket, method), socket, ['disconnect', listener]);
  });
}
