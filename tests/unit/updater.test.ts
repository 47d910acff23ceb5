import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { Engine, rewriteOf } from '../support/engine.js';
import { rejection } from '../support/outcomes.js';
import { Gate, SlowStore } from '../support/slow-store.js';

const sessionId = 'the-id-of-a-session';
const cookie = { path: '/', httpOnly: true, originalMaxAge: null };

describe('An update', () => {
  let store: SlowStore;
  let engine: Engine;
  let release: () => Promise<void>;

  beforeEach(() => {
    store = new SlowStore();
    store.records.set(sessionId, JSON.stringify({ cookie, n: 0 }));
    release = async () => {};
    const lock = { acquire: async () => ({ release: () => release() }) };
    // Longer than a test may take.
    engine = new Engine(store, { lock, storeTimeout: 60_000 });
  });
  afterEach(() => engine.close());

  it('ends when its lock was released', async () => {
    const gate = new Gate();
    release = () => gate.pass();
    let hasEnded = false;
    const updated = engine
      .update(sessionId, () => {})
      .then(() => {
        hasEnded = true;
      });
    await gate.reached;
    await turn();
    expect(hasEnded).to.equal(false);
    gate.open();
    await updated;
  });

  it('that fails does not wait for the release of its lock', async () => {
    release = () => new Promise(() => {});
    const mistake = new Error('a mistake');
    const updated = engine.update(sessionId, () => {
      throw mistake;
    });
    expect(await rejection(updated)).to.equal(mistake);
  });

  it('may be followed by another one of the same session object', async () => {
    const session = await engine.update(sessionId, (session) => [session]);
    await session[0]?.update((fresh) => {
      fresh.n = 1;
    });
    expect(store.record(sessionId)).to.have.property('n', 1);
  });
});

describe('An update by `rewrite`', () => {
  it('may have a lock that cannot be lost', async () => {
    const store = new SlowStore();
    store.records.set(sessionId, JSON.stringify({ cookie, n: 0 }));
    const lock = { acquire: async () => ({ release: async () => {} }) };
    const engine = new Engine(store, { lock, rewrite: rewriteOf(store) });
    await engine.update(sessionId, (session) => {
      session.n = 1;
    });
    engine.close();
    expect(store.record(sessionId)).to.have.property('n', 1);
  });
});

describe('An update whose lock is lost', () => {
  for (const how of ['set', 'rewrite'] as const) {
    it(`fails without naming the session, by \`${how}\``, async () => {
      const store = new SlowStore();
      store.records.set(sessionId, JSON.stringify({ cookie, n: 0 }));
      const reason = new Error(`the lock ${sessionId} has expired`);
      const lost = AbortSignal.abort(reason);
      const lock = { acquire: async () => ({ lost, release: async () => {} }) };
      const rewrite = how === 'rewrite' ? rewriteOf(store) : undefined;
      const engine = new Engine(store, { lock, rewrite });
      const updated = engine.update(sessionId, (session) => {
        session.n = 1;
      });
      const error = await rejection(updated);
      engine.close();
      expect(error).to.have.property('code', 'ERR_SESSION_LOCK');
      expect(error).to.have.nested.property('cause.message', 'the lock [session id] has expired');
      expect(store.record(sessionId)).to.have.property('n', 0);
    });
  }
});
