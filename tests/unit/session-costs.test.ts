import { expect } from 'chai';
import type { SessionData } from 'express-session';
import sinon from 'sinon';
import { Engine } from '../support/engine.js';
import { SlowStore } from '../support/slow-store.js';

const sessionId = 'one';
const cookie = { path: '/', httpOnly: true, originalMaxAge: null };

/** Hands out an object that counts how often what is nested in it is read. */
class CountingStore extends SlowStore {
  reads: string[] = [];
  readonly #session: SessionData;

  constructor() {
    super();
    const counted = (name: string): object =>
      new Proxy(
        { items: [1, 2, 3] },
        {
          ownKeys: (target) => {
            this.reads.push(name);
            return Reflect.ownKeys(target);
          },
        },
      );
    this.#session = { cookie, cart: counted('cart'), history: counted('history') } as never;
  }
  override record(): SessionData {
    return this.#session;
  }
}

/** What a listener may have of a session. */
type Opened = Record<string, Record<string, unknown>> & { save(): Promise<void> };

describe('An event costs what its listener touches:', () => {
  let store: CountingStore;
  let engine: Engine;

  beforeEach(() => {
    store = new CountingStore();
    engine = new Engine(store);
  });
  afterEach(() => engine.close());

  const open = async (): Promise<Opened> => (await engine.open(sessionId)) as never;

  it('nothing is copied where it touches nothing', async () => {
    for (let count = 0; count < 10; count++) await open();
    expect(store.reads).to.deep.equal([]);
  });

  it('only what it reaches for is copied', async () => {
    const session = await open();
    expect(session.cart?.items).to.deep.equal([1, 2, 3]);
    expect(session.cart?.items).to.deep.equal([1, 2, 3]);
    expect(new Set(store.reads)).to.deep.equal(new Set(['cart']));
  });

  it('other values are looked for, set and deleted without copies', async () => {
    const session = await open();
    expect('cart' in session).to.equal(true);
    session.n = 5 as never;
    expect(Reflect.deleteProperty(session, 'n')).to.equal(true);
    expect(Reflect.deleteProperty(session, 'cart')).to.equal(true);
    expect(store.reads).to.deep.equal([]);
  });

  it('a listing copies each value once', async () => {
    const session = await open();
    // It asks for descriptors, which hold values.
    for (let count = 0; count < 3; count++) Object.entries(session);
    expect(store.reads).to.deep.equal(['cart', 'history']);
  });

  it('events that share a read share the copy of what is compared with', async () => {
    const sessions = await Promise.all([open(), open(), open()]);
    for (const session of sessions) session.cart?.items;
    expect(store.reads).to.deep.equal(['cart']);
  });

  it('a save compares only what was touched', async () => {
    const session = await open();
    session.n = 5 as never;
    store.set = (_id, _session, callback) => void setImmediate(() => callback?.());
    store.reads = [];
    await session.save();
    // What is written is copied for the store, once.
    expect(store.reads).to.deep.equal(['cart', 'history']);
  });
});

describe('An unchanged text', () => {
  let store: SlowStore;
  let parse: sinon.SinonSpy;

  beforeEach(() => {
    store = new SlowStore();
    store.records.set(sessionId, JSON.stringify({ cookie, list: [1] }));
    parse = sinon.spy(JSON, 'parse');
  });
  afterEach(() => parse.restore());

  function start(recordCacheSize?: number): Engine {
    return new Engine(store, {
      readMany: async (ids) => ids.map((id) => store.records.get(id)),
      ...(recordCacheSize === undefined ? {} : { recordCacheSize }),
    });
  }

  it('is not parsed again, and what a listener changes in it is its own', async () => {
    const engine = start();
    // It is kept while its session has sockets.
    engine.join(sessionId, { isGone: false, end: () => {} }, { cookie });
    const first = (await engine.open(sessionId)) as never as { list: number[] };
    first.list.push(2);
    parse.resetHistory();
    for (let count = 0; count < 20; count++) {
      const session = (await engine.open(sessionId)) as never as { list: number[] };
      expect(session.list).to.deep.equal([1]);
      session.list.push(count);
    }
    expect(parse.callCount).to.equal(0);
    store.records.set(sessionId, JSON.stringify({ cookie, list: [7] }));
    expect(await engine.open(sessionId)).to.have.deep.property('list', [7]);
    expect(parse.callCount).to.equal(1);
    engine.close();
  });

  it('is parsed each time where nothing may be kept', async () => {
    const engine = start(0);
    for (let count = 0; count < 5; count++) await engine.open(sessionId);
    expect(parse.callCount).to.equal(5);
    engine.close();
  });
});
