import { expect } from 'chai';
import type { SessionData, Store } from 'express-session';
import { App } from '../../support/app.js';
import { holdNext, SlowStore } from '../../support/slow-store.js';
import { codeOf, overHttp, Visits } from '../../support/visits.js';

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

/** Longer than anything takes on a machine that is busy. */
const storeTimeout = 16_000;

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
      app = await App.start({ store, options: { storeTimeout } });
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
      expect(performance.now() - startedAt).to.be.below(storeTimeout / 2);
    });

    it('a logout in a listener ends the socket', async () => {
      const { client, go } = await visits.visitor();
      const left = new Promise((resolve) => client.once('disconnect', resolve));
      await go((session) => session.destroy());
      expect(await left).to.equal('io server disconnect');
    });
  });
}

describe('With a store whose methods cannot be replaced', () => {
  for (const stage of ['before', 'after'] as const) {
    it(`a logout in a listener is final when a save is under way, ${stage} its effect`, async () => {
      const store = withFixedMethods(new SlowStore());
      const app = await App.start({ store, options: { touch: false, onSessionEnd: 'ignore' } });
      try {
        const { go } = await new Visits(app).visitor();
        await go(async (session) => {
          session.n = 1;
          const gate = holdNext(store, 'set', stage);
          const saving = codeOf(session.save());
          await gate.reached;
          await session.destroy();
          gate.open();
          expect(await saving).to.equal('ERR_SESSION_ENDED');
        });
        expect(store.records.size).to.equal(0);
      } finally {
        await app.stop();
      }
    });
  }
});
