import { expect } from 'chai';
import { Cookie, MemoryStore } from 'express-session';
import { useFakeTimers } from 'sinon';
import {
  changesBetween,
  expiryOf,
  isRecord,
  isSameCookie,
  lifetimeOf,
  plainCookie,
  recordOf,
  withChanges,
  withRenewedLifetime,
} from '../../source/session/record.js';

const cookie = { path: '/', httpOnly: true, originalMaxAge: 60_000 };

describe('A record', () => {
  it('is an object with a cookie', () => {
    const records: unknown[] = [{ cookie: {} }, { cookie, n: 1 }, Object.create({ cookie })];
    expect(records.map(isRecord)).to.deep.equal([true, true, true]);
    const others: unknown[] = [
      null,
      undefined,
      'text',
      1,
      [],
      {},
      { cookie: null },
      { cookie: 'text' },
      { cookie: [] },
    ];
    expect(others.map(isRecord)).to.deep.equal(others.map(() => false));
  });

  it('is made of a session as it would be stored', () => {
    const store = new MemoryStore();
    const session = store.createSession(
      { sessionID: 'one' } as never,
      { cookie: { ...cookie, expires: '2030-01-01T00:00:00.000Z' }, list: [1] } as never,
    );
    Reflect.set(session, 'none', undefined);
    const record = recordOf(session);
    expect(record).to.have.all.keys('cookie', 'list');
    expect(record.list).to.deep.equal([1]);
    expect(record.list).not.to.equal(Reflect.get(session, 'list'));
    expect(JSON.parse(JSON.stringify(record))).to.deep.equal(JSON.parse(JSON.stringify(session)));
  });

  it('tells what has changed, by top-level keys', () => {
    const before = { cookie, same: [1], changed: { a: { b: 1 } }, gone: 1, toString: 1 };
    const after = { cookie, same: [1], changed: { a: { b: 2 } }, added: 2, toString: 1 };
    expect([...changesBetween(before, after)]).to.deep.equal([
      ['changed', { a: { b: 2 } }],
      ['gone', undefined],
      ['added', 2],
    ]);
  });

  it('does not take a later date of the cookie for a change', () => {
    const dated = (expires: string, rest = {}) => ({ cookie: { ...cookie, expires, ...rest } });
    const before = dated('2030-01-01T00:00:00.000Z');
    expect([...changesBetween(before, dated('2031-01-01T00:00:00.000Z'))]).to.deep.equal([]);
    const other = dated('2031-01-01T00:00:00.000Z', { originalMaxAge: 5 });
    expect([...changesBetween(before, other).keys()]).to.deep.equal(['cookie']);
    const strict = dated('2031-01-01T00:00:00.000Z', { sameSite: 'strict' });
    expect([...changesBetween(before, strict).keys()]).to.deep.equal(['cookie']);
  });

  it('takes a date for a change where there is no lifetime', () => {
    const one = { path: '/', expires: '2030-01-01T00:00:00.000Z' };
    expect(isSameCookie(one, { ...one })).to.equal(true);
    expect(isSameCookie(one, { ...one, expires: '2031-01-01T00:00:00.000Z' })).to.equal(false);
    expect(isSameCookie(one, { ...one, originalMaxAge: 5 })).to.equal(false);
    expect(isSameCookie(undefined, undefined)).to.equal(true);
  });

  it('has changes applied, and stays as it was', () => {
    const record = Object.freeze({ cookie, a: 1, b: 2 });
    const changes = new Map<string, unknown>([
      ['a', undefined],
      ['c', null],
      ['cookie', undefined],
    ]);
    expect(withChanges(record, changes)).to.deep.equal({ cookie, b: 2, c: null });
    const other = { path: '/app' };
    expect(withChanges(record, new Map([['cookie', other]]))).to.deep.equal({
      cookie: other,
      a: 1,
      b: 2,
    });
  });

  it('is never without a cookie', () => {
    const record = { a: 1 } as never;
    expect(withChanges(record, new Map())).to.deep.equal({ a: 1, cookie: {} });
  });

  it('is renewed to its whole lifetime, where it has one', () => {
    const clock = useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
    try {
      const old = { cookie: { ...cookie, expires: new Date(5) }, n: 1 };
      expect(withRenewedLifetime(old)).to.deep.equal({
        cookie: { ...cookie, expires: new Date(1_060_000) },
        n: 1,
      });
      expect(old.cookie.expires).to.deep.equal(new Date(5));
      const endless = { cookie: { path: '/', originalMaxAge: null, expires: null } };
      expect(withRenewedLifetime(endless)).to.equal(endless);
    } finally {
      clock.restore();
    }
  });

  it('has a lifetime where its cookie has an `originalMaxAge` that is one', () => {
    const lifetimes = [60_000, 0, -5, null, '5', undefined].map((originalMaxAge) =>
      lifetimeOf({ cookie: { originalMaxAge } }),
    );
    expect(lifetimes).to.deep.equal([60_000, ...Array.from({ length: 5 }, () => undefined)]);
    expect(lifetimeOf({})).to.equal(undefined);
  });

  it('expires when its cookie says, or never', () => {
    const date = new Date(5_000);
    const expiries = [date, date.toISOString(), 5_000, null, undefined, 'soon', {}].map((expires) =>
      expiryOf({ cookie: { expires } }),
    );
    const never = Number.POSITIVE_INFINITY;
    expect(expiries).to.deep.equal([5_000, 5_000, 5_000, never, never, never, never]);
    expect(expiryOf({})).to.equal(never);
  });

  it('has its date also where a serialiser stored the fields of the cookie', () => {
    const source = Object.assign(new Cookie(), { path: '/app', expires: new Date(5_000) });
    const fields: Record<string, unknown> = { ...source };
    expect(fields).to.have.property('_expires');
    expect(expiryOf({ cookie: fields })).to.equal(5_000);
    const { originalMaxAge } = fields;
    expect(plainCookie(fields)).to.deep.equal({
      path: '/app',
      httpOnly: true,
      expires: new Date(5_000),
      originalMaxAge,
    });
  });

  it('stores of a cookie what it says itself', () => {
    expect(plainCookie({ toJSON: () => ({ path: '/app' }), more: 1 })).to.deep.equal({
      path: '/app',
    });
    expect(plainCookie({ path: '/' })).to.deep.equal({ path: '/' });
    expect(plainCookie(undefined)).to.equal(undefined);
  });
});
