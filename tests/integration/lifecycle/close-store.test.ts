import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import { MemoryStore, type Store } from 'express-session';
import { ExpressionSocket } from '../../../source/index.js';
import { type App, secret, useApps } from '../../support/app.js';
import { watch } from '../../support/session-ends.js';
import { Gate, holdNext, SlowStore } from '../../support/slow-store.js';
import { overHttp, Visits } from '../../support/visits.js';

const names = ['get', 'set', 'touch', 'destroy', 'regenerate', 'clear', 'createSession'] as const;

/** What a store's methods are, and where. */
function methodsOf(store: Store): unknown[] {
  return names.map((name) => [store[name], Object.getOwnPropertyDescriptor(store, name)]);
}

describe('expressionIO.close() and the store', () => {
  const startApp = useApps();
  const start = (store: Store): Promise<App> => startApp({ store });

  const stores: Record<string, () => Store> = {
    'whose methods are those of its class': () => new MemoryStore(),
    'whose methods are its own': () => {
      const store = new MemoryStore();
      store.set = store.set.bind(store);
      store.destroy = store.destroy.bind(store);
      return store;
    },
    'some of whose methods are its own and not enumerable': () =>
      Object.defineProperty(new MemoryStore(), 'touch', {
        value: MemoryStore.prototype.touch,
        configurable: true,
      }),
    'whose methods are given by getters': () =>
      Object.defineProperty(new MemoryStore(), 'destroy', {
        get: () => MemoryStore.prototype.destroy,
        configurable: true,
      }),
  };

  for (const [what, make] of Object.entries(stores)) {
    it(`gives a store its methods back ${what}`, async () => {
      const store = make();
      const before = methodsOf(store);
      const app = await start(store);
      const keys = Object.keys(store);
      app.expressionIO.close();
      expect(methodsOf(store)).to.deep.equal(before);
      expect(Object.keys(store)).to.deep.equal(keys);
    });
  }

  it('leaves a method that others replaced meanwhile in its place, and it works', async () => {
    const store = new SlowStore();
    const app = await start(store);
    const { set } = store;
    let calls = 0;
    const theirs: typeof set = (...args) => {
      calls++;
      return set.apply(store, args);
    };
    store.set = theirs;
    app.expressionIO.close();
    expect(store.set).to.equal(theirs);
    const { sessionId } = await app.login();
    expect(calls).to.equal(1);
    expect(store.record(sessionId)).to.have.property('n', 0);
  });

  it('spares another instance on the same store, until that is closed as well', async () => {
    const store = new SlowStore();
    const before = methodsOf(store);
    const app = await start(store);
    const other = new ExpressionSocket(app.io, store, cookieParser(secret));
    try {
      const seen = new Promise((resolve) => {
        other.sockets.on('connection', (_err, _session, socket) => {
          socket.on('sessionend', resolve);
        });
      });
      const visitor = await app.login();
      await app.connect(visitor);
      app.expressionIO.close();
      app.expressionIO.close();
      await app.logout(visitor.cookie);
      expect(await seen).to.equal('destroyed');
      other.close();
      expect(methodsOf(store)).to.deep.equal(before);
    } finally {
      other.close();
    }
  });

  it('leaves nothing of its limits to the next instance on the store', async () => {
    const store = new SlowStore();
    const app = await startApp({ store, options: { storeTimeout: 20 } });
    const { cookie } = await app.login();
    app.expressionIO.close();
    const next = await startApp({ store });
    const gate = holdNext(store, 'set');
    const written = overHttp(next, cookie, (request) => {
      request.session['test:one'] = 1;
    });
    await gate.reached;
    const calls = store.calls.length;
    const saved = overHttp(next, cookie, (request) => {
      request.session['test:two'] = 2;
    });
    await setTimeout(100);
    // The read of the request; its write waits for its turn.
    expect(store.calls.slice(calls)).to.deep.equal(['get']);
    gate.open();
    await Promise.all([written, saved]);
  });

  it('lets the next instance on the store merge what a request writes that had begun before', async () => {
    const store = new SlowStore();
    const app = await start(store);
    const { cookie, sessionId } = await app.login();
    await overHttp(app, cookie, async (request) => {
      app.expressionIO.close();
      const next = await start(store);
      await overHttp(next, cookie, (other) => {
        other.session['test:other'] = 1;
      });
      request.session['test:mine'] = 1;
    });
    expect(store.record(sessionId)).to.include({ 'test:other': 1, 'test:mine': 1 });
  });

  it('waits for no write that hangs, and lets HTTP go on', async () => {
    const store = new SlowStore();
    const app = await start(store);
    const { go, cookie } = await new Visits(app).visitor();
    const done = new Gate();
    void go(async (session) => {
      const gate = holdNext(store, 'set');
      session.n = 1;
      const saved = session.save();
      await gate.reached;
      app.expressionIO.close();
      await overHttp(app, cookie, (request) => {
        request.session['test:theirs'] = 1;
      });
      gate.open();
      await saved;
      void done.pass();
    });
    await done.reached;
  });

  it('ends no sockets afterwards', async () => {
    const store = new SlowStore();
    const app = await start(store);
    const visitor = await app.login();
    const { client, told } = await watch(app, visitor);
    app.expressionIO.close();
    await app.logout(visitor.cookie);
    app.expressionIO.end(visitor.sessionId);
    const other = await app.connect(await app.login());
    expect([client.connected, other.connected]).to.deep.equal([true, true]);
    expect(told).to.deep.equal([]);
  });
});
