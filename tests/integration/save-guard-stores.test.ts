import { expect } from 'chai';
import { MemoryStore, type SessionData, type Store } from 'express-session';
import { App } from '../support/app.js';
import { ProcessEars } from '../support/mistakes.js';
import { down, Gate, holdNext, SlowStore } from '../support/slow-store.js';
import { codeOf, overHttp, Visits } from '../support/visits.js';

type Callback = (error?: unknown, session?: SessionData | null) => void;

/** Its `set`, `touch` and `destroy` are asynchronous, and know no callbacks. */
class AsyncStore extends SlowStore {
  override set(sessionId: string, session: SessionData): Promise<void> {
    return new Promise((resolve) => super.set(sessionId, session, () => resolve()));
  }
  override touch(sessionId: string, session: SessionData): Promise<void> {
    return new Promise((resolve) => super.touch(sessionId, session, () => resolve()));
  }
  override destroy(sessionId: string): Promise<void> {
    return new Promise((resolve) => super.destroy(sessionId, () => resolve()));
  }
}

/** Calls back where it can, and returns a promise where it can't, as connect-redis does. */
class EitherStore extends SlowStore {
  override set(sessionId: string, session: SessionData, callback?: Callback): unknown {
    if (callback) return super.set(sessionId, session, callback);
    return new Promise<void>((resolve) => super.set(sessionId, session, () => resolve()));
  }
  override destroy(sessionId: string, callback?: Callback): unknown {
    if (callback) return super.destroy(sessionId, callback);
    return new Promise<void>((resolve) => super.destroy(sessionId, () => resolve()));
  }
}

/** Its state is its own: a method called on anything but itself throws. */
class PrivateStore extends SlowStore {
  readonly #own = true;
  override get(...args: Parameters<SlowStore['get']>): void {
    if (this.#own) super.get(...args);
  }
  override set(...args: Parameters<SlowStore['set']>): void {
    if (this.#own) super.set(...args);
  }
  override destroy(...args: Parameters<SlowStore['destroy']>): void {
    if (this.#own) super.destroy(...args);
  }
  override touch(...args: Parameters<SlowStore['touch']>): void {
    if (this.#own) super.touch(...args);
  }
}

/** Answers before the call returns. */
class HastyStore extends SlowStore {
  override get(sessionId: string, callback: Callback): void {
    callback(null, this.record(sessionId) ?? null);
  }
  override set(sessionId: string, session: SessionData, callback?: Callback): void {
    this.records.set(sessionId, JSON.stringify(session));
    callback?.();
  }
  override destroy(sessionId: string, callback?: Callback): void {
    this.records.delete(sessionId);
    callback?.();
  }
  override touch(sessionId: string, session: SessionData, callback?: Callback): void {
    super.touch(sessionId, session);
    callback?.();
  }
}

/** A touch is a write of the session that it is given. */
class SettingTouchStore extends SlowStore {
  override touch(sessionId: string, session: SessionData, callback?: Callback): void {
    this.set(sessionId, session, callback);
  }
}

/** A touch is a read and a write of what was read. */
class ReadingTouchStore extends SlowStore {
  override touch(sessionId: string, { cookie }: SessionData, callback?: Callback): void {
    this.get(sessionId, (error, session) => {
      if (error || !session) return callback?.(error);
      this.set(sessionId, { ...session, cookie }, callback);
    });
  }
}

/** Keeps the very objects that it is given, and gives them away. */
class ObjectStore extends SlowStore {
  readonly #sessions = new Map<string, SessionData>();
  override record(sessionId: string): SessionData | undefined {
    return this.#sessions.get(sessionId);
  }
  override set(sessionId: string, session: SessionData, callback?: Callback): void {
    this.#sessions.set(sessionId, session);
    setImmediate(() => callback?.());
  }
  override destroy(sessionId: string, callback?: Callback): void {
    this.#sessions.delete(sessionId);
    setImmediate(() => callback?.());
  }
  override touch(_sessionId: string, _session: SessionData, callback?: Callback): void {
    setImmediate(() => callback?.());
  }
}

const stores: Record<string, () => Store & Pick<SlowStore, 'record'>> = {
  'whose methods are asynchronous, and know no callbacks': () => new AsyncStore(),
  'that returns promises to those who give no callback': () => new EitherStore(),
  'with private fields': () => new PrivateStore(),
  'that answers at once': () => new HastyStore(),
  'whose touch calls its own set': () => new SettingTouchStore(),
  'whose touch calls its own get and set': () => new ReadingTouchStore(),
  'that keeps the very objects that it is given': () => new ObjectStore(),
  'that has no touch': () => Object.assign(new SlowStore(), { touch: undefined }),
  'whose methods cannot be replaced': () => withFixedMethods(new SlowStore()),
};

function withFixedMethods(store: SlowStore): SlowStore {
  for (const name of ['get', 'set', 'destroy', 'touch'] as const) {
    Object.defineProperty(store, name, { value: store[name] });
  }
  return store;
}

for (const [what, make] of Object.entries(stores)) {
  describe(`With a store ${what}`, () => {
    let store: ReturnType<typeof make>;
    let app: App;
    let visits: Visits;

    beforeEach(async () => {
      store = make();
      app = (await App.start({ store })) as unknown as App;
      visits = new Visits(app);
    });
    afterEach(() => app.stop());

    it('save() merges what it changed into what others changed', async () => {
      const { cookie, sessionId, go } = await visits.visitor();
      await go(async (session) => {
        session.n = 1;
        await overHttp(app, cookie, (request) => {
          request.session['test:theirs'] = 2;
        });
        await session.save();
      });
      expect(store.record(sessionId)).to.include({ n: 1, 'test:theirs': 2 });
    });

    it('save() fails with ERR_SESSION_ENDED after a logout', async () => {
      const { cookie, sessionId, go } = await visits.visitor();
      const outcome = await go(async (session) => {
        session.n = 1;
        await app.logout(cookie);
        return codeOf(session.save());
      });
      expect(outcome).to.equal('ERR_SESSION_ENDED');
      expect(store.record(sessionId)).to.equal(undefined);
    });

    it('update() loses nothing', async () => {
      const { sessionId, go } = await visits.visitor();
      const increment = (): Promise<unknown> =>
        go((session) =>
          session.update((fresh) => {
            fresh.n = (fresh.n ?? 0) + 1;
          }),
        );
      await Promise.all(Array.from({ length: 5 }, increment));
      expect(store.record(sessionId)).to.have.property('n', 5);
    });

    it('neither an event nor a request waits for a deadline', async () => {
      const { cookie, go } = await visits.visitor();
      const startedAt = performance.now();
      await go((session) => session.save());
      await overHttp(app, cookie, () => {});
      await go((session) => session.save());
      await overHttp(app, cookie, (request) => {
        request.session.n = 3;
      });
      // The deadline of the store is five seconds.
      expect(performance.now() - startedAt).to.be.below(4_000);
    });

    it('a logout in a listener ends the socket', async () => {
      const { client, go } = await visits.visitor();
      const left = new Promise((resolve) => client.once('disconnect', resolve));
      await go((session) => session.destroy());
      expect(await left).to.equal('io server disconnect');
    });
  });
}

describe('A store that throws', () => {
  it('makes save(), update() and destroy() fail by name, and nothing else', async () => {
    class ThrowingStore extends MemoryStore {
      isDown = false;
      override set(...args: Parameters<MemoryStore['set']>): void {
        if (this.isDown) throw down;
        super.set(...args);
      }
      override destroy(...args: Parameters<MemoryStore['destroy']>): void {
        if (this.isDown) throw down;
        super.destroy(...args);
      }
    }
    const store = new ThrowingStore();
    const app = (await App.start({ store })) as unknown as App;
    const ears = new ProcessEars('unhandledRejection');
    try {
      const { go } = await new Visits(app).visitor();
      const codes = await go(async (session) => {
        store.isDown = true;
        session.n = 1;
        const failures = [
          await codeOf(session.save()),
          await codeOf(
            session.update((fresh) => {
              fresh.n = 1;
            }),
          ),
          await codeOf(session.destroy()),
        ];
        store.isDown = false;
        return [...failures, await codeOf(session.save())];
      });
      expect(codes).to.deep.equal([
        'ERR_SESSION_STORE',
        'ERR_SESSION_STORE',
        'ERR_SESSION_STORE',
        'fulfilled',
      ]);
      expect(ears.heard).to.deep.equal([]);
    } finally {
      ears.stop();
      await app.stop();
    }
  });
});

describe('A store that hangs', () => {
  let store: SlowStore;
  let app: App;
  let visits: Visits;

  beforeEach(async () => {
    store = new SlowStore();
    app = (await App.start({
      store,
      options: { storeTimeout: 200, touch: false, onSessionEnd: 'ignore' },
    })) as unknown as App;
    visits = new Visits(app);
  });
  afterEach(() => app.stop());

  it('in a write makes an HTTP write wait for storeTimeout at most', async () => {
    const { cookie, go } = await visits.visitor();
    await go(async (session) => {
      const gate = holdNext(store, 'set');
      session.n = 1;
      const saved = codeOf(session.save());
      await gate.reached;
      await overHttp(app, cookie, (request) => {
        request.session.n = 2;
      });
      expect(await saved).to.equal('ERR_SESSION_STORE_TIMEOUT');
    });
  });

  it('in a write of HTTP makes a save wait for storeTimeout at most', async () => {
    const { cookie, sessionId, go } = await visits.visitor();
    await go(async (session) => {
      const gate = holdNext(store, 'set');
      const written = overHttp(app, cookie, (request) => {
        request.session['test:theirs'] = 2;
      });
      await gate.reached;
      session.n = 1;
      expect(await codeOf(session.save())).to.be.oneOf(['fulfilled', 'ERR_SESSION_STORE_TIMEOUT']);
      expect(await codeOf(session.save())).to.equal('fulfilled');
      gate.open();
      await written;
    });
    expect(store.record(sessionId)).to.have.property('n');
  });

  it('in a write of HTTP lets a save have its turn before the requests that come later', async () => {
    const { cookie, go } = await visits.visitor();
    await go(async (session) => {
      const first = holdNext(store, 'set');
      const written = overHttp(app, cookie, (request) => {
        request.session['test:theirs'] = 2;
      });
      await first.reached;
      session.n = 1;
      const saved = codeOf(session.save());
      const second = holdNext(store, 'touch');
      const handling = new Gate();
      const touched = overHttp(app, cookie, () => void handling.pass());
      await handling.reached;
      // Its touch comes with its answer.
      await new Promise(setImmediate);
      first.open();
      expect(await saved).to.equal('fulfilled');
      await second.reached;
      second.open();
      await Promise.all([written, touched]);
    });
  });

  it('in a write does not make a logout wait, which nothing undoes', async () => {
    const { cookie, sessionId, go } = await visits.visitor();
    await go(async (session) => {
      const gate = holdNext(store, 'set');
      session.n = 1;
      const saved = codeOf(session.save());
      await gate.reached;
      // It comes back while the write hangs still.
      await app.logout(cookie);
      expect(store.record(sessionId)).to.equal(undefined);
      await saved;
      const removed = holdNext(store, 'destroy', 'after');
      gate.open();
      await removed.reached;
      removed.open();
    });
    expect(store.record(sessionId)).to.equal(undefined);
  });

  it('in a logout for longer than storeTimeout still loses the session in the end', async () => {
    const { cookie, sessionId, go } = await visits.visitor();
    await go(async (session) => {
      const gate = holdNext(store, 'destroy');
      const loggedOut = app.logout(cookie);
      await gate.reached;
      session.n = 1;
      // It waits for the logout until the deadline, and then takes it for one that did not work.
      const writing = holdNext(store, 'set');
      const saved = codeOf(session.save());
      await writing.reached;
      gate.open();
      await loggedOut;
      writing.open();
      expect(await saved).to.be.oneOf(['fulfilled', 'ERR_SESSION_ENDED']);
      expect(await codeOf(session.save())).to.equal('ERR_SESSION_ENDED');
    });
    expect(store.record(sessionId)).to.equal(undefined);
  });

  it('is well again once it answers', async () => {
    const { sessionId, go } = await visits.visitor();
    const gate = holdNext(store, 'get');
    expect(await go(() => {})).to.equal('ERR_SESSION_STORE_TIMEOUT');
    gate.open();
    await go((session) => {
      session.n = 7;
      return session.save();
    });
    expect(store.record(sessionId)).to.have.property('n', 7);
  });
});
