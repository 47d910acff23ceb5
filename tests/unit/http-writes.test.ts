import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import { Engine, rewriteOf } from '../support/engine.js';
import { holdNext, SlowStore } from '../support/slow-store.js';

const sessionId = 'one';
const cookie = { path: '/', httpOnly: true, originalMaxAge: null };

describe('A session that a job writes by the store itself', () => {
  let store: SlowStore;
  let engine: Engine;

  beforeEach(() => {
    store = new SlowStore();
    engine = new Engine(store);
  });
  afterEach(() => engine.close());

  /** Calls the store without a callback. */
  async function call(name: 'set' | 'touch', session: object): Promise<void> {
    await Reflect.apply(store[name] as () => unknown, store, [sessionId, session]);
  }

  it('is stored when the promise resolves that it gets without a callback', async () => {
    await call('set', { cookie, n: 1 });
    expect(store.record(sessionId)).to.have.property('n', 1);
  });

  it('is touched when the promise resolves that it gets without a callback', async () => {
    await call('set', { cookie, n: 1 });
    await call('touch', { cookie: { ...cookie, path: '/touched' } });
    expect(store.record(sessionId)?.cookie).to.have.property('path', '/touched');
  });

  it('may be changed back after a save', async () => {
    await call('set', { cookie, n: 1 });
    const session = await engine.open(sessionId);
    Object.assign(session ?? {}, { n: 2 });
    await session?.save();
    await call('set', { cookie, n: 1 });
    const next = await engine.open(sessionId);
    Object.assign(next ?? {}, { 'test:other': 1 });
    await next?.save();
    expect(store.record(sessionId)).to.include({ n: 1, 'test:other': 1 });
  });

  it('is written whole each time, also after a logout', async () => {
    const session = { cookie, n: 1 };
    await call('set', session);
    store.records.set(sessionId, JSON.stringify({ cookie, n: 2, 'test:other': 1 }));
    await call('set', session);
    expect(store.record(sessionId)).to.deep.equal({ cookie, n: 1 });
    store.records.delete(sessionId);
    await call('set', session);
    expect(store.record(sessionId)).to.deep.equal({ cookie, n: 1 });
  });

  it('is removed again, and once, if the store writes it after a logout', async () => {
    const clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const gate = holdNext(store, 'set');
      const written = call('set', { cookie, n: 1 });
      await gate.reached;
      await new Promise((resolve) => store.destroy(sessionId, resolve));
      gate.open();
      await written;
      await clock.tickAsync(60_000);
      expect(store.record(sessionId)).to.equal(undefined);
      expect(store.count('destroy')).to.equal(2);
    } finally {
      clock.restore();
    }
  });
});

describe('A session that a request writes', () => {
  it('gets the error of a store that gives a record that is no session', async () => {
    const store = new SlowStore();
    const engine = new Engine(store);
    const request = { sessionID: sessionId, sessionStore: store };
    const session = store.createSession(request as never, { cookie } as never);
    store.get = (_id, callback) => callback(null, { n: 1 } as never);
    session.n = 2;
    const error = await new Promise((resolve) => store.set(sessionId, session, resolve));
    engine.close();
    expect(error).to.have.property('code', 'ERR_SESSION_STORE');
    expect(store.count('set')).to.equal(0);
  });

  it('is written by `rewrite` though nothing has changed, if the store has no `touch`', async () => {
    const store = new SlowStore();
    Reflect.set(store, 'touch', undefined);
    const aging = { ...cookie, originalMaxAge: 60_000, expires: new Date(0) };
    const rewrite = rewriteOf(store);
    const engine = new Engine(store, { rewrite });
    const request = { sessionID: sessionId, sessionStore: store };
    const session = store.createSession(request as never, { cookie: aging } as never);
    store.records.set(sessionId, JSON.stringify({ cookie: aging }));
    const error = await new Promise((resolve) => store.set(sessionId, session, resolve));
    engine.close();
    expect(error).to.equal(null);
    expect(store.record(sessionId)).not.to.equal(undefined);
  });
});
