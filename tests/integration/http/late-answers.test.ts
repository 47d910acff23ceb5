import { expect } from 'chai';
import type { SessionData } from 'express-session';
import type { SocketSession } from '../../../source/index.js';
import { expectNoCrash } from '../../support/crashes.js';
import { Engine } from '../../support/engine.js';
import { type Gate, holdNext, SlowStore } from '../../support/slow-store.js';
import { codeOf } from '../../support/visits.js';

const sessionId = 'one';
const cookie = { path: '/', httpOnly: true, originalMaxAge: null };
const session = { cookie } as unknown as SessionData;
const failure = new Error('the store failed');

type Answer = (error?: unknown) => void;

/** Makes a store that fails each touch in one of the ways in which stores do. */
function failingStore(fail: (callback: Answer | undefined) => unknown): SlowStore {
  const store = new SlowStore();
  store.touch = (_sessionId, _session, callback) => fail(callback);
  return store;
}

const ways: Record<string, (callback: Answer | undefined) => unknown> = {
  'calls back': (callback) => void callback?.(failure),
  rejects: () => Promise.reject(failure),
  throws: () => {
    throw failure;
  },
};

describe('A touch that has waited for the turn of its session', () => {
  let engine: Engine;
  afterEach(() => engine.close());
  expectNoCrash();

  /** Begins a save, which has the session's turn until the gate is opened. */
  async function beginSave(
    store: SlowStore,
    before: () => Promise<void> = async () => {},
  ): Promise<{
    held: SocketSession;
    gate: Gate;
    saved: Promise<unknown>;
  }> {
    engine = new Engine(store);
    store.records.set(sessionId, JSON.stringify({ cookie, n: 0 }));
    await before();
    const held = await engine.open(sessionId);
    if (held === undefined) throw new Error('there is no session');
    held.n = 1;
    const gate = holdNext(store, 'set');
    const saved = held.save();
    await gate.reached;
    return { held, gate, saved: Promise.resolve(saved) };
  }

  for (const [way, fail] of Object.entries(ways)) {
    it(`tells its caller the failure of a store that ${way}, by the callback, and crashes nothing`, async () => {
      const store = failingStore(fail);
      const { gate, saved } = await beginSave(store);
      const answers: unknown[] = [];
      const answered = new Promise<void>((resolve) => {
        const callback: Answer = (error) => {
          answers.push(error);
          resolve();
        };
        store.touch(sessionId, session, callback);
      });
      gate.open();
      await Promise.all([saved, answered]);
      expect(answers).to.deep.equal([failure]);
    });

    it(`rejects with the failure of a store that ${way} where there is no callback`, async () => {
      const store = failingStore(fail);
      const { gate, saved } = await beginSave(store);
      const touched: unknown = store.touch(sessionId, session);
      gate.open();
      await saved;
      const outcome = await Promise.resolve(touched).then(
        () => 'fulfilled',
        (error: unknown) => error,
      );
      expect(outcome).to.equal(failure);
    });

    it(`may be ignored without a callback when the store ${way}`, async () => {
      const store = failingStore(fail);
      const { gate, saved } = await beginSave(store);
      store.touch(sessionId, session);
      gate.open();
      await saved;
      // Behind the touch.
      await engine.update(sessionId, (fresh) => {
        fresh.n = 2;
      });
    });
  }

  /** Calls the store as a request does. */
  function answerOf(begin: (callback: Answer) => void): Promise<unknown> {
    return new Promise(begin);
  }

  it('is answered, and not made, if a logout has removed the session meanwhile', async () => {
    const store = new SlowStore();
    const { held, gate, saved } = await beginSave(store);
    const outcome = codeOf(saved);
    const touched = answerOf((callback) => store.touch(sessionId, session, callback));
    await answerOf((callback) => store.destroy(sessionId, callback));
    gate.open();
    expect(await touched).to.equal(null);
    expect(await outcome).to.equal('ERR_SESSION_ENDED');
    expect(store.count('touch')).to.equal(0);
    // It no longer has the turn.
    held.n = 2;
    expect(await codeOf(held.save())).to.equal('ERR_SESSION_ENDED');
  });

  it('is made if the logout has failed', async () => {
    const store = new SlowStore();
    const { gate, saved } = await beginSave(store);
    const touched = answerOf((callback) => store.touch(sessionId, session, callback));
    store.failing.add('destroy');
    await answerOf((callback) => store.destroy(sessionId, callback));
    gate.open();
    expect(await touched).to.equal(null);
    await saved;
    expect(store.count('touch')).to.equal(1);
  });

  it('waits, though its session object was touched before', async () => {
    const store = new SlowStore();
    const { gate, saved } = await beginSave(store, async () => {
      await answerOf((callback) => store.touch(sessionId, session, callback));
    });
    const touched = answerOf((callback) => store.touch(sessionId, session, callback));
    expect(store.count('touch')).to.equal(1);
    gate.open();
    await Promise.all([saved, touched]);
    expect(store.count('touch')).to.equal(2);
  });
});
