import { deepStrictEqual, deepEqual as nodeDeepEqual } from 'node:assert';
import { AsyncLocalStorage } from 'node:async_hooks';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { Cookie, type Store as ExpressStore, Session, Store } from 'express-session';
import sinon from 'sinon';
import { Engine } from '../support/engine.js';
import { rejection } from '../support/outcomes.js';
import { SlowStore } from '../support/slow-store.js';

const sessionId = 'one';

type AnySession = Record<string, unknown> & Record<'save' | 'touch' | 'reload', () => unknown>;

/** What express-session makes of a record. */
function plainOf(store: ExpressStore, record: object): AnySession {
  const { createSession } = Store.prototype;
  const request = { sessionID: sessionId };
  return createSession.call(store, request as never, record as never) as never;
}

/** What may be done with a session: it looks the same as with one of express-session. */
const looks: Readonly<Record<string, (session: AnySession) => unknown>> = {
  'Object.keys': (session) => Object.keys(session),
  'Object.entries': (session) => Object.entries(session).map(([key]) => key),
  'Object.values': (session) => JSON.stringify(Object.values(session)),
  'Object.getOwnPropertyNames': (session) => Object.getOwnPropertyNames(session).sort(),
  'Reflect.ownKeys': (session) => Reflect.ownKeys(session).map(String).sort(),
  'for-in': (session) => {
    const keys: string[] = [];
    for (const key in session) keys.push(key);
    return keys;
  },
  'a spread': (session) => ({ ...session }),
  'rest properties': ({ cart, ...rest }) => [JSON.stringify(cart), Object.keys(rest)],
  'JSON.stringify': (session) => JSON.stringify(session),
  'util.inspect': (session) => inspect(session),
  'util.inspect, nested': (session) => inspect({ session }, { depth: 9 }),
  'util.inspect, after a change': (session) => {
    session.more = { a: 1 };
    delete session.text;
    return inspect(session);
  },
  'String()': (session) => String(session),
  'Object.prototype.toString': (session) => Object.prototype.toString.call(session),
  'the name of its class': (session) => (session.constructor as { name?: string }).name,
  instanceof: (session) => [session instanceof Session, session.cookie instanceof Cookie],
  in: (session) => ['cart', 'text', 'save', 'id', 'req', 'none'].map((key) => key in session),
  'Object.hasOwn': (session) =>
    ['cart', 'text', 'save', 'id', 'req', 'none', 'toString'].map((key) =>
      Object.hasOwn(session, key),
    ),
  'its own hasOwnProperty': (session) => Reflect.apply({}.hasOwnProperty, session, ['cart']),
  'a descriptor': (session) => Object.getOwnPropertyDescriptor(session, 'text'),
  'all descriptors': (session) => Object.keys(Object.getOwnPropertyDescriptors(session)).sort(),
  delete: (session) => [
    delete session.cart,
    delete session.none,
    'cart' in session,
    Object.keys(session),
  ],
  'Object.assign': (session) => ({ ...Object.assign(session, { a: 1, cart: 2 }) }),
  'a value of undefined': (session) => {
    session.text = undefined;
    return ['text' in session, Object.keys(session), JSON.stringify(session)];
  },
  'the order of keys': (session) => {
    delete session.text;
    session.text = 1;
    return Object.keys(session);
  },
  'defineProperty, hidden': (session) => {
    const descriptor = { value: 1, enumerable: false, configurable: true };
    Object.defineProperty(session, 'hidden', descriptor);
    return [session.hidden, Object.keys(session), JSON.stringify(session)];
  },
  'defineProperty, read-only': (session) => {
    Object.defineProperty(session, 'fixed', { value: 1 });
    return [session.fixed, Reflect.set(session, 'fixed', 2), session.fixed, Object.keys(session)];
  },
  'defineProperty, of what there is': (session) => {
    Object.defineProperty(session, 'cart', { enumerable: false });
    return [JSON.stringify(session.cart), Object.keys(session)];
  },
  'defineProperty, for good': (session) => {
    Object.defineProperty(session, 'cart', { configurable: false, writable: false });
    return [JSON.stringify(session.cart), Reflect.deleteProperty(session, 'cart')];
  },
  'a getter and a setter': (session) => {
    const heard: unknown[] = [];
    Object.defineProperty(session, 'double', {
      get() {
        return this === session && heard.length;
      },
      set(value) {
        heard.push(this === session, value);
      },
      enumerable: true,
      configurable: true,
    });
    session.double = 5;
    return [session.double, heard];
  },
  'Object.freeze': (session) => {
    Object.freeze(session);
    return [
      Object.isFrozen(session),
      Reflect.set(session, 'text', 3),
      Reflect.set(session, 'more', 3),
      Reflect.deleteProperty(session, 'text'),
      JSON.stringify(session),
      Object.getOwnPropertyNames(session).sort(),
    ];
  },
  'Object.seal': (session) => {
    Object.seal(session);
    session.text = 'new';
    return [Object.isSealed(session), Reflect.set(session, 'more', 3), JSON.stringify(session)];
  },
  'Object.preventExtensions': (session) => {
    Object.preventExtensions(session);
    session.text = 'new';
    return [Object.isExtensible(session), Reflect.set(session, 'more', 3), Object.keys(session)];
  },
  'Object.isFrozen': (session) => [Object.isFrozen(session), Object.isSealed(session)],
  'a method that is replaced': (session) => {
    const mine = (): string => 'mine';
    session.touch = mine;
    const seen = [session.touch === mine, Object.hasOwn(session, 'touch')];
    return [seen, Reflect.deleteProperty(session, 'touch'), session.touch === mine];
  },
  symbols: (session) => {
    const symbol = Symbol('of the application');
    Reflect.set(session, symbol, 1);
    Reflect.set(session, symbol, 2);
    return [
      Reflect.get(session, symbol),
      symbol in session,
      Object.getOwnPropertySymbols(session).length,
      Reflect.deleteProperty(session, symbol),
      symbol in session,
    ];
  },
  'an object derived from it': (session) => {
    const derived = Object.create(session);
    derived.own = 1;
    derived.text = 'derived';
    return [Object.keys(derived), derived.cart, session.text, 'own' in session];
  },
  'a proxy around it': (session) => {
    const proxy = new Proxy(session, {});
    proxy.more = 1;
    return [session.more, Object.keys(proxy), JSON.stringify(proxy)];
  },
  'another prototype': (session) => {
    Object.setPrototypeOf(session, Object.prototype);
    return typeof session.save;
  },
  'a WeakMap and a WeakSet': (session) => [
    new WeakMap([[session, 1]]).get(session),
    new WeakSet([session]).has(session),
  ],
  'structuredClone of a spread': (session) => JSON.stringify(structuredClone({ ...session })),
  'a value asked for twice': (session) => {
    const { cart, cookie } = session;
    const values = Object.values(session);
    return [session.cart === cart, session.cookie === cookie, values.includes(cart)];
  },
  'chaining of methods': (session) => session.touch() === session,
  'the cookie': ({ cookie }) => [Object.keys(Object(cookie)), JSON.stringify(cookie)],
};

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
    await (session as never as { update(change: (fresh: AnySession) => void): unknown }).update(
      (fresh) => {
        fresh.more = 1;
      },
    );
    await session.save();
    expect(store.record(sessionId)).to.include({ text: 'unsaved', more: 1 });
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
