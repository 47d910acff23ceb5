import { expect } from 'chai';
import { MemoryStore } from 'express-session';
import type { SessionError, SocketSession } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { rejection } from '../../support/outcomes.js';
import { overHttp, Visits } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

/** What JSON makes of so many brackets. */
function nested(depth: number): unknown {
  return JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
}

function circular(): object {
  const value: Record<string, unknown> = { a: { b: [] } };
  value.a = { b: [value] };
  return value;
}

function throwing(): object {
  return Object.defineProperty({}, 'secret', {
    get() {
      throw new Error('a getter throws');
    },
    enumerable: true,
  });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

class Unserialisable {
  toJSON(): never {
    throw new Error('toJSON throws');
  }
}

/** What no store can write as JSON. */
const hopeless: Readonly<Record<string, () => unknown>> = {
  'an array nested 5,000 deep': () => nested(5_000),
  'an array nested 1,000,000 deep': () => nested(1_000_000),
  'an object nested 5,000 deep': () => JSON.parse(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`),
  'a circular value': circular,
  'a list that holds itself': () => {
    const list: unknown[] = [];
    list.push(list, list);
    return list;
  },
  'a BigInt': () => 1n,
  'a BigInt deep inside': () => ({ a: [{ b: 2n }] }),
  'an object whose getter throws': throwing,
  'a revoked proxy': revoked,
  'a proxy whose traps throw': () =>
    new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('a trap throws');
        },
      },
    ),
  'an instance whose toJSON throws': () => new Unserialisable(),
  'an instance whose toJSON throws, deep inside': () => [{ a: new Unserialisable() }],
  'a map that holds itself, and something hopeless': () => {
    const map = new Map<string, unknown>();
    map.set('self', map);
    return [map, 1n];
  },
};

/** What a store can write, though it may look as if not. */
const harmless: Readonly<Record<string, () => unknown>> = {
  'an array nested 900 deep': () => nested(900),
  'a proxy of plain data': () => new Proxy({ a: [1] }, {}),
  'an instance with private fields': () => new URL('http://a.example/'),
  'an object with a key __proto__': () => JSON.parse('{"__proto__":{"polluted":true},"a":1}'),
  'a map that holds itself': () => {
    const map = new Map<string, unknown>();
    map.set('self', map);
    return map;
  },
  'a sparse array': () => Object.assign([], { 5: 1 }),
  'a symbol': () => Symbol('s'),
  'a function': () => () => {},
  'a WeakMap': () => new WeakMap(),
  'an invalid date': () => new Date(Number.NaN),
};

describe('What a listener puts into a session', () => {
  let app: App;
  let visits: Visits;
  let reported: unknown[];

  beforeEach(async () => {
    reported = [];
    app = await App.start({
      store: new MemoryStore(),
      options: { touch: false, onError: (error) => reported.push(error) },
    });
    visits = new Visits(app);
  });
  afterEach(() => app.stop());
  expectNoCrash();

  function expectNamed(error: unknown): void {
    expect(error).to.have.property('code', 'ERR_SESSION_STORE');
    expect(error).to.have.property('message').that.includes('session.test:value');
    expect((error as SessionError).cause).to.be.an.instanceOf(Error);
  }

  const ways: Readonly<
    Record<string, (session: SocketSession, value: unknown) => Promise<unknown>>
  > = {
    'save()': (session, value) => {
      session['test:value'] = value;
      return session.save();
    },
    'save() with a callback': (session, value) => {
      session['test:value'] = value;
      return new Promise<void>((resolve, reject) => {
        session.save((error) => (error ? reject(error) : resolve()));
      });
    },
    'update()': (session, value) =>
      session.update((fresh) => {
        fresh['test:value'] = value;
      }),
    'expressionIO.update()': (session, value) =>
      app.expressionIO.update(session.id, (fresh) => {
        fresh['test:value'] = value;
      }),
    'save() over what was there before': async (session, value) => {
      session['test:value'] = { a: [1], secret: 1 };
      await session.save();
      session['test:value'] = value;
      return session.save();
    },
  };

  for (const [what, make] of Object.entries(hopeless)) {
    for (const [way, store] of Object.entries(ways)) {
      it(`fails with an error that names the key in ${way} where it is ${what}`, async () => {
        const { go, cookie } = await visits.visitor();
        await go(async (session) => {
          expectNamed(await rejection(store(session, make())));
          // The session is of use all the same.
          session['test:value'] = 'fine';
          session.n = 5;
          await session.save();
        });
        const { result } = await overHttp(app, cookie, ({ session }) => ({ ...session }));
        expect(result).to.include({ n: 5, 'test:value': 'fine' });
      });
    }

    it(`is reported where it is ${what}, and the save is ignored`, async () => {
      const { go } = await visits.visitor();
      await go((session) => {
        session['test:value'] = make();
        void session.save();
      });
      await until(() => reported.length > 0);
      expect(reported).to.have.length(1);
      expectNamed(reported[0]);
    });

    it(`is reported where it is ${what}, and the update is ignored`, async () => {
      const { go } = await visits.visitor();
      await go((session) => {
        void session.update((fresh) => {
          fresh['test:value'] = make();
        });
      });
      await until(() => reported.length > 0);
      expect(reported).to.have.length(1);
      expectNamed(reported[0]);
    });
  }

  for (const [what, make] of Object.entries(harmless)) {
    for (const [way, store] of Object.entries(ways)) {
      it(`is saved by ${way} where it is ${what}, and HTTP goes on`, async () => {
        const { go, cookie } = await visits.visitor();
        await go((session) => store(session, make()));
        const { result } = await overHttp(app, cookie, ({ session }) => {
          session.n = 9;
          return session.n;
        });
        expect(result).to.equal(9);
        const n = await go((session) => session.n);
        expect(n).to.equal(9);
        expect(reported).to.deep.equal([]);
      });
    }
  }

  it('does not become a prototype, whatever its keys are', async () => {
    const { go } = await visits.visitor();
    await go((session) => {
      session['test:value'] = JSON.parse('{"a":{"__proto__":{"polluted":1}}}');
      Object.assign(session, JSON.parse('{"__proto__":{"polluted":1}}'));
      return session.save();
    });
    expect(await go((session) => Reflect.get(session, 'polluted') ?? 'clean')).to.equal('clean');
    expect(Object.prototype).not.to.have.property('polluted');
  });

  it('stays unsaved where an update of something else succeeds', async () => {
    const { go } = await visits.visitor();
    await go(async (session) => {
      session['test:value'] = throwing();
      await session.save().catch(() => {});
      await session.update((fresh) => {
        fresh.n = 3;
      });
      expect(session.n).to.equal(3);
      expectNamed(await rejection(session.save()));
    });
  });
});
