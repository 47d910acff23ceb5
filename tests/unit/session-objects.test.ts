import { deepStrictEqual, deepEqual as nodeDeepEqual } from 'node:assert';
import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { type Store as ExpressStore, Store } from 'express-session';
import sinon from 'sinon';
import { Engine } from '../support/engine.js';
import { LiveStore } from '../support/live-store.js';
import { rejection } from '../support/outcomes.js';
import { type AnySession, looks } from '../support/session-looks.js';
import { SlowStore } from '../support/slow-store.js';

const sessionId = 'one';

/** What express-session makes of a record. */
function plainOf(store: ExpressStore, record: object): AnySession {
  const { createSession } = Store.prototype;
  const request = { sessionID: sessionId };
  return createSession.call(store, request as never, record as never) as never;
}

describe('A session in a listener', () => {
  let clock: sinon.SinonFakeTimers;
  before(() => {
    clock = sinon.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 });
  });
  after(() => clock.restore());
  let store: SlowStore;
  let engine: Engine;

  const record = {
    cookie: {
      path: '/',
      httpOnly: true,
      originalMaxAge: 60_000,
      expires: new Date(1_700_000_060_000).toISOString(),
    },
    cart: { items: [1, { two: 2 }] },
    text: 'x',
    nothing: null,
    no: false,
    save: 'data under the name of a method',
    id: 'data under the name of a property',
    constructor: 5,
  };

  beforeEach(() => {
    store = new SlowStore();
    store.records.set(sessionId, JSON.stringify(record));
    engine = new Engine(store);
  });
  afterEach(() => engine.close());

  async function open(): Promise<AnySession> {
    return (await engine.open(sessionId)) as never;
  }
  async function update(session: AnySession, values: object): Promise<void> {
    const change = (fresh: AnySession): void => void Object.assign(fresh, values);
    await (session as never as { update(by: typeof change): Promise<void> }).update(change);
  }
  const plain = (): AnySession => plainOf(store, JSON.parse(JSON.stringify(record)));

  for (const [what, look] of Object.entries(looks)) {
    it(`looks as one of express-session to ${what}`, async () => {
      expect(look(await open())).to.deep.equal(look(plain()));
    });

    it(`looks as one of express-session to ${what}, after everything was read`, async () => {
      const [ours, theirs] = [await open(), plain()];
      JSON.stringify([ours, theirs]);
      expect(look(ours)).to.deep.equal(look(theirs));
    });
  }

  it('equals one of express-session for assert and chai', async () => {
    nodeDeepEqual(await open(), plain());
    nodeDeepEqual(plain(), await open());
    deepStrictEqual({ ...(await open()) }, { ...plain() });
    expect({ ...(await open()) }).to.deep.equal({ ...plain() });
    expect(await open()).to.include({ text: 'x' });
    expect(await open()).to.have.nested.property('cart.items[1].two', 2);
  });

  it('does not equal one with other data', async () => {
    const other = await open();
    other.text = 'y';
    expect(() => nodeDeepEqual(other, plain())).to.throw();
  });

  it('keeps its identity over asynchronous boundaries', async () => {
    const session = await open();
    const storage = new AsyncLocalStorage();
    const [found] = await storage.run(session, async () => {
      await Promise.resolve();
      return [storage.getStore()];
    });
    expect(found).to.equal(session);
  });

  it('is stubbed and restored by sinon', async () => {
    const session = await open();
    const { save } = session;
    const stub = sinon.stub(session, 'save');
    session.save();
    expect(stub.callCount).to.equal(1);
    stub.restore();
    expect(session.save).to.equal(save);
    expect(store.count('set')).to.equal(0);
  });

  it('has nested values of its own, in whichever order two listeners reach for them', async () => {
    const [one, other] = await Promise.all([open(), open()]);
    (one.cart as { items: unknown[] }).items.push('mine');
    expect(other.cart).to.deep.equal(record.cart);
    (other.cart as { items: unknown[] }).items.length = 0;
    const third = await open();
    expect(third.cart).to.deep.equal(record.cart);
    expect((one.cart as { items: unknown[] }).items).to.have.length(3);
  });

  it('has nested values of its own also where a descriptor shows them', async () => {
    const [one, other] = await Promise.all([open(), open()]);
    const { value } = Object.getOwnPropertyDescriptor(one, 'cart') ?? {};
    (value as { items: unknown[] }).items.push('mine');
    expect(other.cart).to.deep.equal(record.cart);
    expect(one.cart).to.equal(value);
  });

  it('does not write again what it had to write twice', async () => {
    const session = await open();
    session.text = 'mine';
    store.failing.add('set');
    await rejection(Promise.resolve(session.save()));
    store.failing.clear();
    await session.save();
    store.records.set(sessionId, JSON.stringify({ ...record, text: 'theirs' }));
    session.more = 1;
    await session.save();
    expect(store.record(sessionId)).to.include({ text: 'theirs', more: 1 });
  });

  it('reloads in place, and forgets what was changed', async () => {
    const session = await open();
    const { cart } = session;
    session.text = 'unsaved';
    session.more = 1;
    delete session.no;
    store.records.set(sessionId, JSON.stringify({ ...record, text: 'theirs' }));
    await session.reload();
    expect(session).to.include({ text: 'theirs', no: false });
    expect(session).not.to.have.property('more');
    expect(session.cart).to.deep.equal(record.cart);
    expect(session.cart).not.to.equal(cart);
    await session.save();
    expect(store.count('set')).to.equal(0);
  });

  it('stays as it is when it is frozen, and saves none of that', async () => {
    const session = await open();
    Object.freeze(session);
    store.records.set(sessionId, JSON.stringify({ ...record, text: 'theirs' }));
    await session.reload();
    expect(session.text).to.equal('x');
    await session.save();
    expect(store.record(sessionId)).to.include({ text: 'theirs' });
  });

  it('keeps what is unsaved beside a value that was fixed, when it is updated', async () => {
    const session = await open();
    Object.defineProperty(session, 'fixed', { value: 1 });
    session.text = 'unsaved';
    await update(session, { more: 1 });
    await session.save();
    expect(store.record(sessionId)).to.include({ text: 'unsaved', more: 1 });
  });

  it('keeps what is unsaved when it is frozen, and updated', async () => {
    const session = await open();
    session.text = 'unsaved';
    Object.freeze(session);
    await update(session, { more: 1 });
    expect(session.text).to.equal('unsaved');
    await session.save();
    expect(store.record(sessionId)).to.include({ text: 'unsaved', more: 1 });
  });

  it('saves after an update what it could not save before', async () => {
    const session = await open();
    session.text = 'mine';
    store.failing.add('set');
    await rejection(Promise.resolve(session.save()));
    store.failing.clear();
    await update(session, { more: 1 });
    expect(store.record(sessionId)).to.include({ text: 'x', more: 1 });
    await session.save();
    expect(store.record(sessionId)).to.include({ text: 'mine', more: 1 });
  });

  it('keeps the cookie of its record, though it was deleted', async () => {
    const session = await open();
    delete session.cookie;
    session.more = 1;
    await session.save();
    expect(store.record(sessionId)).to.deep.equal({ ...record, more: 1 });
  });

  it('saves a cookie that was changed once', async () => {
    const session = await open();
    (session.cookie as { path: string }).path = '/changed';
    await session.save();
    expect(store.record(sessionId)?.cookie).to.have.property('path', '/changed');
    await session.save();
    expect(store.count('set')).to.equal(1);
  });

  it('saves no defaults that its cookie has and that of the record does not', async () => {
    store.records.set(sessionId, JSON.stringify({ cookie: {} }));
    const session = await open();
    expect(session.cookie).to.have.property('path', '/');
    await session.save();
    expect(store.count('set')).to.equal(0);
  });

  it('saves a cookie that was replaced by a plain object once', async () => {
    const session = await open();
    session.cookie = { path: '/replaced' };
    await session.save();
    expect(store.record(sessionId)?.cookie).to.have.property('path', '/replaced');
    await session.save();
    expect(store.count('set')).to.equal(1);
  });

  it('cannot have its id or request replaced', async () => {
    const session = await open();
    const { req } = session;
    session.id = 'another';
    session.req = 'another';
    expect(session.id).to.equal(sessionId);
    expect(session.req).to.equal(req);
    expect(Reflect.defineProperty(session, 'id', { value: 'another' })).to.equal(false);
  });

  it('takes no prototype from data', async () => {
    store.records.set(sessionId, JSON.stringify(record).replace('"cart"', '"__proto__"'));
    const session = await open();
    expect(Object.keys(session)).not.to.include('__proto__');
    expect(session).not.to.have.property('items');
    session.text = 1;
    await session.save();
    expect(Object.prototype).not.to.have.property('items');
  });

  it('saves no data under the name of a method that is as it was, though others changed it', async () => {
    const live = new LiveStore();
    const data = { n: 1 };
    live.sessions.set(sessionId, { cookie: record.cookie, save: data } as never);
    const another = new Engine(live);
    const session = await another.open(sessionId);
    const { save } = session ?? {};
    Object.assign(session ?? {}, { save: { n: 1 } });
    data.n = 2;
    await save?.call(session);
    another.close();
    expect(live.sessions.get(sessionId)).to.have.nested.property('save.n', 2);
  });

  it('tells of a value that throws by the name of its key', async () => {
    const session = await open();
    Object.defineProperty(session, 'broken', {
      get() {
        throw new Error('no');
      },
      enumerable: true,
      configurable: true,
    });
    const error = await rejection(Promise.resolve(session.save()));
    expect(error).to.have.property('code', 'ERR_SESSION_STORE');
    expect(error).to.have.property('message').that.includes('session.broken');
  });
});
