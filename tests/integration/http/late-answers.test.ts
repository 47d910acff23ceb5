import { expect } from 'chai';
import type { SessionData } from 'express-session';
import { expectNoCrash } from '../../support/crashes.js';
import { Engine } from '../../support/engine.js';
import { type Gate, holdNext, SlowStore } from '../../support/slow-store.js';

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
  async function beginSave(store: SlowStore): Promise<{ gate: Gate; saved: Promise<unknown> }> {
    engine = new Engine(store);
    store.records.set(sessionId, JSON.stringify({ cookie, n: 0 }));
    const held = await engine.open(sessionId);
    if (held === undefined) throw new Error('there is no session');
    held.n = 1;
    const gate = holdNext(store, 'set');
    const saved = held.save();
    await gate.reached;
    return { gate, saved: Promise.resolve(saved) };
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
});
