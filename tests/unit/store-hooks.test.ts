import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import { Engine } from '../support/engine.js';
import { Gate, holdNext, SlowStore } from '../support/slow-store.js';

const sessionId = 'one';
const cookie = { path: '/', httpOnly: true, originalMaxAge: null };

describe('A logout that the store answers after its deadline', () => {
  it('calls back once the session is gone', async () => {
    const clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    const store = new SlowStore();
    const engine = new Engine(store, { storeTimeout: 1_000 });
    try {
      store.records.set(sessionId, JSON.stringify({ cookie }));
      const gate = holdNext(store, 'destroy');
      const answered = new Promise((resolve) => store.destroy(sessionId, resolve));
      await clock.tickAsync(1_000);
      gate.open();
      expect(await answered).to.equal(null);
      expect(store.record(sessionId)).to.equal(undefined);
    } finally {
      engine.close();
      clock.restore();
    }
  });
});

describe('A store whose `destroy` takes a list of ids', () => {
  it('ends each of the sessions', async () => {
    class ListStore extends SlowStore {
      override destroy(ids: string | readonly string[], callback?: () => void): void {
        for (const id of [ids].flat()) this.records.delete(id);
        setImmediate(() => callback?.());
      }
    }
    const store = new ListStore();
    const engine = new Engine(store);
    try {
      const ended: string[] = [];
      for (const id of ['one', 'two', 'three']) {
        store.records.set(id, JSON.stringify({ cookie }));
        const end = async (reason: string): Promise<void> => void ended.push(`${id} ${reason}`);
        engine.join(id, { isGone: false, end }, { cookie });
      }
      const ids: readonly string[] = ['one', 'two'];
      await new Promise<unknown>((resolve) => store.destroy(ids, () => resolve(undefined)));
      await new Promise(setImmediate);
      expect(ended.sort()).to.deep.equal(['one destroyed', 'two destroyed']);
      expect([...store.records.keys()]).to.deep.equal(['three']);
    } finally {
      engine.close();
    }
  });
});

describe('A store that regenerates a session without `destroy`', () => {
  for (const [what, error, reasons] of [
    ['ends it as regenerated', null, ['regenerated']],
    ['leaves it alive if it fails', new Error('down'), []],
  ] as const) {
    it(what, async () => {
      const clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const store = new SlowStore();
      store.regenerate = (_request, callback) => callback(error);
      const engine = new Engine(store);
      try {
        const told: string[] = [];
        const end = async (reason: string): Promise<void> => void told.push(reason);
        engine.join(sessionId, { isGone: false, end }, { cookie });
        const request = { sessionID: sessionId };
        await new Promise((resolve) => store.regenerate(request as never, resolve));
        await clock.tickAsync(60_000);
        expect(told).to.deep.equal(reasons);
      } finally {
        engine.close();
        clock.restore();
      }
    });
  }
});

class ClearableStore extends SlowStore {
  override clear(callback: () => void): void {
    this.records.clear();
    callback();
  }
}

describe('A store that is cleared while a request writes a session', () => {
  for (const stage of ['before', 'after'] as const) {
    it(`does not have it afterwards (${stage} the write has its effect)`, async () => {
      const store = new ClearableStore();
      const engine = new Engine(store);
      try {
        const gate = holdNext(store, 'set', stage);
        const written = new Promise((resolve) =>
          store.set(sessionId, { cookie } as never, resolve),
        );
        await gate.reached;
        await new Promise<void>((resolve) => store.clear(resolve));
        gate.open();
        await written;
        expect(store.record(sessionId)).to.equal(undefined);
      } finally {
        engine.close();
      }
    });
  }
});

describe('A store that is cleared while a listener saves', () => {
  it('does not have the session afterwards, also if the save begins during that', async () => {
    const store = new ClearableStore();
    const gate = new Gate();
    store.clear = (callback) => {
      void gate.pass().then(() => {
        store.records.clear();
        callback?.();
      });
    };
    store.records.set(sessionId, JSON.stringify({ cookie }));
    const engine = new Engine(store);
    try {
      const session = await engine.open(sessionId);
      const cleared = new Promise<void>((resolve) => store.clear(resolve));
      const written = holdNext(store, 'set');
      Reflect.set(Object(session), 'n', 1);
      const saved = session?.save().catch(({ code }) => code);
      for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate);
      gate.open();
      await cleared;
      written.open();
      expect(await saved).to.equal('ERR_SESSION_ENDED');
      expect(store.record(sessionId)).to.equal(undefined);
    } finally {
      engine.close();
    }
  });

  it('keeps a new session that is stored meanwhile', async () => {
    const store = new ClearableStore();
    let answer = (): void => {};
    store.clear = (callback) => {
      answer = () => callback?.();
    };
    const engine = new Engine(store);
    try {
      const cleared = new Promise<void>((resolve) => store.clear(resolve));
      const stored = new Promise((resolve) => store.set(sessionId, { cookie } as never, resolve));
      answer();
      await cleared;
      await stored;
      expect(store.record(sessionId)).to.not.equal(undefined);
    } finally {
      engine.close();
    }
  });
});

describe('A store whose `clear` takes no callback', () => {
  it('is cleared when it returns: its sockets are disconnected, and saves do not wait', async () => {
    const store = new ClearableStore();
    store.clear = () => store.records.clear();
    // A save that waits would never end.
    const engine = new Engine(store, { storeTimeout: 1_000_000 });
    try {
      store.records.set(sessionId, JSON.stringify({ cookie }));
      const session = await engine.open(sessionId);
      const ended = new Promise((resolve) => {
        const end = async (reason: string): Promise<void> => resolve(reason);
        engine.join(sessionId, { isGone: false, end }, { cookie });
      });
      await Reflect.apply(store.clear, store, []);
      Reflect.set(Object(session), 'n', 1);
      expect(await session?.save().catch(({ code }) => code)).to.equal('ERR_SESSION_ENDED');
      expect(await ended).to.equal('expired');
    } finally {
      engine.close();
    }
  });
});

describe('A logout that the store answers after `close()`', () => {
  it('is waited for by the saves of the next instance on the same store', async () => {
    const store = new SlowStore();
    store.records.set(sessionId, JSON.stringify({ cookie }));
    const engine = new Engine(store);
    const gate = holdNext(store, 'destroy');
    const destroyed = new Promise((resolve) => store.destroy(sessionId, resolve));
    engine.close();
    const next = new Engine(store);
    try {
      const session = await next.open(sessionId);
      const written = holdNext(store, 'set');
      Reflect.set(Object(session), 'n', 1);
      const saved = session?.save().catch(({ code }) => code);
      for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate);
      gate.open();
      await destroyed;
      written.open();
      expect(await saved).to.equal('ERR_SESSION_ENDED');
      expect(store.record(sessionId)).to.equal(undefined);
    } finally {
      next.close();
    }
  });
});

describe('An instance on a store whose instance before had lower limits', () => {
  it('has its own for updates, too', async () => {
    const store = new SlowStore();
    store.records.set(sessionId, JSON.stringify({ cookie }));
    new Engine(store, { maxPending: 1 }).close();
    const next = new Engine(store, { maxPending: 10 });
    try {
      const updates = Array.from({ length: 5 }, () => next.update(sessionId, () => {}));
      const outcomes = await Promise.allSettled(updates);
      expect(outcomes.map(({ status }) => status)).to.deep.equal(Array(5).fill('fulfilled'));
    } finally {
      next.close();
    }
  });
});
