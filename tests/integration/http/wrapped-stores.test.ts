import { expect } from 'chai';
import session, { MemoryStore, type SessionData, type Store } from 'express-session';
import { Site } from '../../support/site.js';
import { down, SlowStore } from '../../support/slow-store.js';

const methods = ['set', 'touch', 'destroy', 'regenerate', 'clear', 'createSession'] as const;

describe('A store that others have wrapped', () => {
  let site: Site;

  afterEach(() => site.stop());

  for (const kind of ['memory', 'slow'] as const) {
    it(`is asked once for each write of a request (${kind})`, async () => {
      site = await Site.start({
        store: kind === 'slow' ? new SlowStore() : new MemoryStore(),
      });
      const { cookie } = await site.visitor();
      const seen: string[] = [];
      for (const name of ['set', 'touch'] as const) {
        const below = site.store[name] as (...args: unknown[]) => unknown;
        Reflect.set(site.store, name, (...args: unknown[]) => {
          seen.push(name);
          return below.apply(site.store, args);
        });
      }
      await site.visit(cookie, (request) => {
        request.session.n = 1;
      });
      expect(seen).to.deep.equal(['set']);
      await site.visit(cookie, () => {});
      expect(seen).to.deep.equal(['set', 'touch']);
    });
  }
});

/** Its promise resolves before it calls back, with an error as well, as that of prisma-session-store. */
class AsyncStore extends SlowStore {
  override async set(
    sessionId: string,
    session: SessionData,
    callback?: () => void,
  ): Promise<void> {
    super.set(sessionId, session, callback);
  }
}

describe('A store that is down as a request writes', () => {
  for (const Kind of [SlowStore, AsyncStore]) {
    it(`gives the handler the error of the store, and the next save writes what is missing (${Kind.name})`, async () => {
      const store = new Kind();
      const site = await Site.start({ store });
      try {
        const { cookie, sessionId } = await site.visitor();
        const { result } = await site.visit(cookie, async (request) => {
          request.session['test:first'] = 1;
          store.failing.add('set');
          const error = await new Promise((resolve) => request.session.save(resolve));
          store.failing.clear();
          request.session['test:second'] = 2;
          return error === down;
        });
        expect(result).to.equal(true);
        expect(await site.record(sessionId)).to.include({ 'test:first': 1, 'test:second': 2 });
      } finally {
        await site.stop();
      }
    });
  }
});

describe('Several on one store', () => {
  let store: Store;
  let one: Site;
  let two: Site;
  let own: Readonly<Record<string, unknown>>;

  beforeEach(async () => {
    store = new MemoryStore();
    own = Object.fromEntries(methods.map((name) => [name, store[name]]));
    one = await Site.start({ store });
    two = await Site.start({ store });
  });
  afterEach(async () => {
    await one.stop();
    await two.stop();
  });

  it('lose nothing of each other, and revive nothing', async () => {
    const { cookie, sessionId } = await one.visitor();
    await one.visit(cookie, async (request) => {
      await two.visit(cookie, (other) => {
        other.session['test:two'] = 2;
      });
      request.session['test:one'] = 1;
    });
    expect(await one.record(sessionId)).to.include({ 'test:one': 1, 'test:two': 2 });
    await one.visit(cookie, async (request) => {
      await two.visit(cookie, (other) => new Promise((done) => other.session.destroy(done)));
      request.session['test:late'] = 1;
    });
    expect(await one.record(sessionId)).to.equal(undefined);
  });

  it('go on where one of them is closed', async () => {
    one.expressionIO.close();
    const { cookie, sessionId } = await one.visitor();
    await one.visit(cookie, async (request) => {
      await one.visit(cookie, (other) => {
        other.session['test:two'] = 2;
      });
      request.session['test:one'] = 1;
    });
    expect(await one.record(sessionId)).to.include({ 'test:one': 1, 'test:two': 2 });
  });

  it('have given the store all of its methods back when they are closed', () => {
    for (const name of methods) expect(store[name], name).to.not.equal(own[name]);
    one.expressionIO.close();
    for (const name of methods) expect(store[name], name).to.not.equal(own[name]);
    two.expressionIO.close();
    for (const name of methods) {
      expect(store[name], name).to.equal(own[name]);
      expect(Object.hasOwn(store, name), name).to.equal(false);
    }
  });

  it('may be several `session()`s on one site', async () => {
    const store = new MemoryStore();
    const options = { store, secret: 'another secret', resave: true, saveUninitialized: true };
    const site = await Site.start({
      store,
      // The second finds the session of the first, and leaves it alone.
      middlewares: [session(options), session(options)],
    });
    try {
      const { cookie, sessionId } = await site.visitor();
      await site.visit(cookie, async (request) => {
        await site.visit(cookie, (other) => {
          other.session['test:other'] = 1;
        });
        request.session['test:mine'] = 1;
      });
      expect(await site.record(sessionId)).to.include({ 'test:other': 1, 'test:mine': 1 });
    } finally {
      await site.stop();
    }
  });
});
