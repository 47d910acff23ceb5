import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import type { SocketSession } from '../../source/index.js';
import { StoreHooks } from '../../source/session/store-hooks.js';
import type { RewriteRecord } from '../../source/types/options.js';
import { Engine, rewriteOf } from '../support/engine.js';
import { rejection } from '../support/outcomes.js';
import { holdNext, SlowStore } from '../support/slow-store.js';
import { codeOf } from '../support/visits.js';

const sessionId = 'the-id-of-a-session';
const cookie = { path: '/', httpOnly: true, originalMaxAge: null, expires: null };

for (const how of ['set', 'rewrite'] as const) {
  describe(`A visitor's new session that is written by \`${how}\``, () => {
    let store: SlowStore;
    let engine: Engine;
    let session: SocketSession;

    beforeEach(async () => {
      store = new SlowStore();
      engine = new Engine(store, { rewrite: how === 'rewrite' ? rewriteOf(store) : undefined });
      const opened = await engine.open(sessionId, { cookie, n: 0 });
      if (opened === undefined) throw new Error('There is no session');
      session = opened;
    });
    afterEach(() => engine.close());

    it('is stored by its first save, though nothing has changed', async () => {
      await session.save();
      expect(store.record(sessionId)).to.deep.equal({ cookie, n: 0 });
    });

    it('is stored with what has changed', async () => {
      session.n = 1;
      await session.save();
      expect(store.record(sessionId)).to.deep.equal({ cookie, n: 1 });
    });

    it('is stored by its first update', async () => {
      await session.update((fresh) => {
        fresh.n = 1;
      });
      expect(store.record(sessionId)).to.deep.equal({ cookie, n: 1 });
    });

    it('erases nothing of one that was stored meanwhile', async () => {
      store.records.set(sessionId, JSON.stringify({ cookie, n: 5, 'test:other': 1 }));
      session['test:mine'] = 1;
      await session.save();
      expect(store.record(sessionId)).to.include({ n: 5, 'test:other': 1, 'test:mine': 1 });
    });

    it('fails with ERR_SESSION_ENDED once it was stored and has gone', async () => {
      await session.save();
      store.records.delete(sessionId);
      session.n = 1;
      expect(await codeOf(session.save())).to.equal('ERR_SESSION_ENDED');
      expect(store.record(sessionId)).to.equal(undefined);
    });

    it('fails with ERR_SESSION_ENDED once it was destroyed', async () => {
      await session.destroy();
      session.n = 1;
      expect(await codeOf(session.save())).to.equal('ERR_SESSION_ENDED');
      expect(await codeOf(session.update(() => {}))).to.equal('ERR_SESSION_ENDED');
      expect(store.record(sessionId)).to.equal(undefined);
    });

    it('is not opened once it was destroyed', async () => {
      await session.destroy();
      expect(await engine.open(sessionId, { cookie })).to.equal(undefined);
    });
  });
}

describe('A save that is being written', () => {
  it('is one write in progress, also after its deadline, until the store answers', async () => {
    const clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    const store = new SlowStore();
    store.records.set(sessionId, JSON.stringify({ cookie, n: 0 }));
    const engine = new Engine(store, { storeTimeout: 1_000 });
    // All that use the store share its hooks.
    const { active } = StoreHooks.of(store, { storeTimeout: 1_000, maxPending: 1 }).turns;
    try {
      const session = await engine.open(sessionId);
      const gate = holdNext(store, 'set');
      if (session) session.n = 1;
      const code = codeOf(Promise.resolve(session?.save()));
      await gate.reached;
      const [write, ...others] = active.of(sessionId);
      expect(others).to.deep.equal([]);
      await clock.tickAsync(1_000);
      expect(await code).to.equal('ERR_SESSION_STORE_TIMEOUT');
      expect(active.of(sessionId)).to.deep.equal([write]);
      gate.open();
      await clock.tickAsync(0);
      expect(active.of(sessionId)).to.deep.equal([]);
    } finally {
      engine.close();
      clock.restore();
    }
  });
});

describe('A save that has missed its deadline', () => {
  it('keeps the turn of its session until the store answers', async () => {
    const clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    const store = new SlowStore();
    store.records.set(sessionId, JSON.stringify({ cookie, n: 0 }));
    const engine = new Engine(store, { storeTimeout: 1_000 });
    try {
      const session = await engine.open(sessionId);
      if (session === undefined) throw new Error('There is no session');
      const gate = holdNext(store, 'set');
      session.n = 1;
      const first = codeOf(session.save());
      await gate.reached;
      await clock.tickAsync(1_000);
      expect(await first).to.equal('ERR_SESSION_STORE_TIMEOUT');
      session.n = 2;
      const next = codeOf(session.save());
      await clock.tickAsync(700);
      expect(store.count('set')).to.equal(1);
      gate.open();
      expect(await next).to.equal('fulfilled');
      expect(store.record(sessionId)).to.have.property('n', 2);
    } finally {
      engine.close();
      clock.restore();
    }
  });
});

describe('A save by a `rewrite`', () => {
  const mistakes: Readonly<Record<string, { rewrite: RewriteRecord; message: string }>> = {
    'that does not call `change`': {
      rewrite: async () => {},
      message: 'without calling `change`',
    },
    'that reads no session': {
      rewrite: async (_id, change) => void change({ n: 1 }),
      message: 'expected an object with a `cookie`',
    },
  };
  for (const [what, { rewrite, message }] of Object.entries(mistakes)) {
    it(`${what} fails with ERR_SESSION_STORE`, async () => {
      const store = new SlowStore();
      store.records.set(sessionId, JSON.stringify({ cookie, n: 0 }));
      const engine = new Engine(store, { rewrite });
      const session = await engine.open(sessionId);
      if (session) session.n = 1;
      const error = await rejection(Promise.resolve(session?.save()));
      engine.close();
      expect(error).to.have.property('code', 'ERR_SESSION_STORE');
      expect(error).to.have.property('message').that.includes(message);
    });
  }
});
