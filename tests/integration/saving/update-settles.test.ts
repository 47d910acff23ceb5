import { expect } from 'chai';
import type { SessionLock } from '../../../source/index.js';
import { Engine } from '../../support/engine.js';
import { rejection } from '../../support/outcomes.js';
import { down, Gate, holdNext, SlowStore } from '../../support/slow-store.js';
import { codeOf } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

// Not a part of any path: an error whose stack holds the id is replaced by a copy.
const sessionId = 'the-session-of-a-visitor';

/** Never answers. */
const hang = (): Promise<never> => new Promise(() => {});

describe('update() settles', () => {
  let store: SlowStore;
  let engine: Engine;

  function start(lock?: SessionLock, storeTimeout = 30): void {
    store = new SlowStore();
    store.records.set(sessionId, JSON.stringify({ cookie: { path: '/' }, n: 0 }));
    engine = new Engine(store, { ...(lock && { lock }), storeTimeout, lockTimeout: 60 });
  }
  afterEach(() => engine.close());

  const increment = (): Promise<number> =>
    engine.update(sessionId, (session) => {
      session.n = (session.n ?? 0) + 1;
      return session.n;
    });

  const releases: Readonly<Record<string, () => unknown>> = {
    'never answers': hang,
    rejects: () => Promise.reject(new Error('the lock is gone')),
    throws: () => {
      throw new Error('the lock is gone');
    },
    'returns no promise': () => undefined,
  };
  for (const [what, release] of Object.entries(releases)) {
    it(`with its result where the release of the lock ${what}`, async () => {
      start({ acquire: async () => ({ release: release as () => Promise<void> }) });
      expect(await increment()).to.equal(1);
      // The next one has its turn all the same.
      expect(await increment()).to.equal(2);
      expect(store.record(sessionId)).to.have.property('n', 2);
    });

    it(`with the error of its function where the release of the lock ${what}`, async () => {
      start({ acquire: async () => ({ release: release as () => Promise<void> }) });
      const mistake = new Error('a mistake');
      const outcome = engine.update(sessionId, () => {
        throw mistake;
      });
      expect(await rejection(outcome)).to.equal(mistake);
    });

    it(`with the error of the store where the release of the lock ${what}`, async () => {
      start({ acquire: async () => ({ release: release as () => Promise<void> }) });
      store.failing.add('set');
      expect(await rejection(increment())).to.include({ code: 'ERR_SESSION_STORE', cause: down });
    });
  }

  it('without waiting for a release that comes late, where it failed', async () => {
    const gate = new Gate();
    start({ acquire: async () => ({ release: () => gate.pass() }) }, 60_000);
    store.failing.add('get');
    expect(await codeOf(increment())).to.equal('ERR_SESSION_STORE');
    store.failing.clear();
    const next = codeOf(increment());
    gate.open();
    expect(await next).to.equal('fulfilled');
  });

  for (const operation of ['get', 'set'] as const) {
    it(`with ERR_SESSION_STORE_TIMEOUT where the store hangs in \`${operation}\``, async () => {
      const released: unknown[] = [];
      start({ acquire: async () => ({ release: async () => void released.push('released') }) });
      const gate = holdNext(store, operation);
      expect(await codeOf(increment())).to.equal('ERR_SESSION_STORE_TIMEOUT');
      gate.open();
      await until(() => released.length > 0);
      expect(released).to.deep.equal(['released']);
      expect(await codeOf(increment())).to.equal('fulfilled');
    });
  }

  it('with ERR_SESSION_STORE_TIMEOUT where store and lock hang after it was acquired', async () => {
    start({ acquire: async () => ({ release: hang }) });
    holdNext(store, 'get');
    expect(await codeOf(increment())).to.equal('ERR_SESSION_STORE_TIMEOUT');
  });

  it('with ERR_SESSION_LOCK where the lock is never given', async () => {
    start({ acquire: hang });
    expect(await codeOf(increment())).to.equal('ERR_SESSION_LOCK');
  });

  it('with its result where what is given is no lock', async () => {
    start({ acquire: async () => undefined as never });
    expect(await codeOf(increment())).to.equal('fulfilled');
  });

  it('with an error that leads to no session id, where a lock was lost', async () => {
    const lost = new AbortController();
    start({
      acquire: async () => ({ release: async () => {}, lost: lost.signal }),
    });
    const outcome = engine.update(sessionId, (session) => {
      session.n = 1;
      lost.abort(Object.assign(new Error('lost'), { command: { args: [`lock:${sessionId}`] } }));
    });
    const error = await rejection(outcome);
    expect(error).to.have.property('code', 'ERR_SESSION_LOCK');
    expect(error).to.have.nested.property('cause.message', 'lost');
    expect(error).not.to.have.nested.property('cause.command');
    expect(store.record(sessionId)).to.have.property('n', 0);
  });
});
