import { expect } from 'chai';
import { MemoryStore, type SessionData } from 'express-session';
import type { SocketSession } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { SlowStore } from '../../support/slow-store.js';
import { codeOf, overHttp, type Visitor, Visits } from '../../support/visits.js';

/** As classes of decimals, dates and ids are: its state is its own, and JSON knows it. */
class Money {
  readonly #cents: number;

  constructor({ cents }: { readonly cents: number }) {
    this.#cents = cents;
  }

  toJSON(): string {
    return `${this.#cents} cents`;
  }
}

describe('session.save() of values of any kind', () => {
  let store: SlowStore;
  let app: App;
  let visitor: Visitor;

  beforeEach(async () => {
    store = new SlowStore();
    app = await App.start({ store, options: { touch: false } });
    visitor = await new Visits(app).visitor();
  });
  afterEach(() => app.stop());

  function record(): Record<string, unknown> {
    return { ...store.record(visitor.sessionId) };
  }

  const values: Record<string, readonly [unknown, unknown]> = {
    'a Date': [new Date(0), '1970-01-01T00:00:00.000Z'],
    'a Buffer': [Buffer.from('ab'), { type: 'Buffer', data: [97, 98] }],
    null: [null, null],
    false: [false, false],
    'an empty string': ['', ''],
    'an object without a prototype': [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    'a nested array': [
      [[1], [undefined]],
      [[1], [null]],
    ],
    'an instance of a class with state of its own': [new Money({ cents: 5 }), '5 cents'],
    'an instance of a class deep inside': [
      { price: new Money({ cents: 5 }) },
      { price: '5 cents' },
    ],
    'a URL': [new URL('http://a.example/'), 'http://a.example/'],
  };

  for (const [what, [value, stored]] of Object.entries(values)) {
    it(`stores ${what} as express-session does`, async () => {
      const outcome = await visitor.go((session) => {
        session['test:value'] = value;
        return codeOf(session.save());
      });
      expect(outcome).to.equal('fulfilled');
      expect(record()['test:value']).to.deep.equal(stored);
    });

    it(`stores another key as well, once ${what} was stored`, async () => {
      const outcome = await visitor.go(async (session) => {
        session['test:value'] = value;
        const codes = [await codeOf(session.save())];
        session['test:more'] = 1;
        codes.push(await codeOf(session.save()));
        return codes;
      });
      expect(outcome).to.deep.equal(['fulfilled', 'fulfilled']);
      expect(record()).to.include({ 'test:more': 1 });
      expect(record()['test:value']).to.deep.equal(stored);
    });
  }

  it('stores nothing of a function or of undefined', async () => {
    await visitor.go((session) => {
      session['test:function'] = () => {};
      session['test:undefined'] = undefined;
      return session.save();
    });
    expect(record()).not.to.have.any.keys('test:function', 'test:undefined');
  });

  it('fails with a code where the store cannot serialise a value', async () => {
    const outcome = await visitor.go((session) => {
      session['test:value'] = 1n;
      return codeOf(session.save());
    });
    expect(outcome).to.equal('ERR_SESSION_STORE');
  });

  it('notices a Date that was changed in place', async () => {
    await visitor.go(async (session) => {
      const date = new Date(0);
      session['test:value'] = date;
      await session.save();
      date.setTime(1_000);
      await session.save();
    });
    expect(record()).to.include({ 'test:value': '1970-01-01T00:00:01.000Z' });
  });

  it('gives a store that keeps objects a copy of its own', async () => {
    const kept: SessionData[] = [];
    const { set } = MemoryStore.prototype;
    store.set = (sessionId, session, callback) => {
      kept.push(session);
      set.call({ sessions: {} } as never, sessionId, session, callback);
    };
    await visitor.go(async (session) => {
      session.visitor = { name: 'Grace', tags: ['a'] };
      await session.save();
      session.visitor.tags.push('b');
    });
    expect(kept.at(-1)?.visitor).to.deep.equal({ name: 'Grace', tags: ['a'] });
  });
});

describe("session.save() and the record's expiry", () => {
  let store: SlowStore;
  let app: App;
  let visitor: Visitor;

  beforeEach(async () => {
    store = new SlowStore();
    app = await App.start({ store, options: { touch: false } });
    visitor = await new Visits(app).visitor();
    await live(60_000);
  });
  afterEach(() => app.stop());

  /** Says over HTTP how long the session lives. */
  function live(milliseconds: number): Promise<unknown> {
    return overHttp(app, visitor.cookie, (request) => {
      request.session.cookie.maxAge = milliseconds;
      request.session.touch();
      return new Promise<void>((resolve) => request.session.save(() => resolve()));
    });
  }

  function remaining(): number {
    return new Date(store.record(visitor.sessionId)?.cookie.expires ?? 0).getTime() - Date.now();
  }

  it('renews it, because a save is activity as a write over HTTP is', async () => {
    await live(60_000);
    const text = store.records.get(visitor.sessionId) ?? '';
    const record = JSON.parse(text);
    record.cookie.expires = new Date(Date.now() + 1_000);
    store.records.set(visitor.sessionId, JSON.stringify(record));
    await visitor.go((session) => {
      session.n = 1;
      return session.save();
    });
    expect(remaining()).to.be.within(50_000, 60_000);
    expect(store.record(visitor.sessionId)?.cookie.originalMaxAge).to.equal(60_000);
  });

  it('keeps it as HTTP has extended it meanwhile', async () => {
    await visitor.go(async (session: SocketSession) => {
      session.n = 1;
      await live(600_000);
      await session.save();
    });
    expect(remaining()).to.be.within(500_000, 600_000);
    expect(store.record(visitor.sessionId)).to.have.property('n', 1);
  });

  it('changes it where the listener did', async () => {
    await visitor.go((session) => {
      session.cookie.maxAge = 600_000;
      return session.save();
    });
    expect(remaining()).to.be.within(500_000, 600_000);
  });

  it('renews it in update()', async () => {
    const record = JSON.parse(store.records.get(visitor.sessionId) ?? '');
    record.cookie.expires = new Date(Date.now() + 1_000);
    store.records.set(visitor.sessionId, JSON.stringify(record));
    await visitor.go((session) =>
      session.update((fresh) => {
        fresh.n = 1;
      }),
    );
    expect(remaining()).to.be.within(50_000, 60_000);
  });
});
