import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { MemoryStore, Session } from 'express-session';
import fc from 'fast-check';
import sinon from 'sinon';
import { HeldSession, type SessionStore } from '../../source/session/held-session.js';
import type { SessionRecord } from '../../source/session/record.js';
import {
  type CreateSession,
  hasStandardSessions,
  SessionFactory,
} from '../../source/session/session-factory.js';
import { Snapshot } from '../../source/session/snapshot.js';

const owner = { report: () => {}, endsSession: () => {} };
const plain = { cookie: { originalMaxAge: null, httpOnly: true, path: '/' } };

/** What a store may hold: JSON, and what express-session makes of a cookie. */
const records = fc.record({
  cookie: fc.record(
    {
      originalMaxAge: fc.option(fc.integer({ min: 1, max: 1e9 })),
      expires: fc.option(fc.date({ noInvalidDate: true }).map((date) => date.toISOString())),
      httpOnly: fc.boolean(),
      path: fc.constantFrom('/', '/app'),
      domain: fc.constant('example.com'),
      secure: fc.boolean(),
      sameSite: fc.constantFrom<unknown>('lax', 'strict', true),
      data: fc.constant('what no cookie takes'),
    },
    { requiredKeys: ['originalMaxAge', 'expires'] },
  ),
  rest: fc.dictionary(
    fc.oneof(fc.string(), fc.constantFrom('id', 'req', 'save', '__proto__', 'constructor')),
    fc.jsonValue(),
  ),
});

type AnySession = Session & Record<string, unknown>;

function factoryOf(store: MemoryStore): SessionFactory {
  const createSession: CreateSession = (holder, record) =>
    store.createSession(holder as never, record as never);
  const isStandard = hasStandardSessions(store);
  return new SessionFactory({ createSession, isStandard });
}

function open(record: object, store = new MemoryStore(), isOwn = false): AnySession {
  const shape = factoryOf(store);
  const snapshot = new Snapshot(record as SessionRecord, { isOwn });
  const held = new HeldSession('an id', snapshot, {
    store: {} as SessionStore,
    owner,
    shape,
  });
  return shape.open(held) as AnySession;
}

describe('SessionFactory', () => {
  it('makes what `createSession` of express-session makes', () => {
    const store = new MemoryStore();
    fc.assert(
      fc.property(records, ({ cookie, rest }) => {
        const record: SessionRecord = Object.assign(Object.create(null), rest, { cookie });
        // It has a method `update` that express-session has not.
        delete record.update;
        const made = open({ ...record });
        const expected = store.createSession(
          { sessionID: 'an id' } as never,
          structuredClone({ ...record }) as never,
        );
        expect(Object.keys(made)).to.deep.equal(Object.keys(expected));
        expect(isDeepStrictEqual({ ...made }, { ...expected })).to.equal(true);
        expect(JSON.stringify(made)).to.equal(JSON.stringify(expected));
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it('does not call `createSession` for each session', () => {
    const store = new MemoryStore();
    const factory = factoryOf(store);
    const createSession = sinon.spy(store, 'createSession');
    const snapshot = new Snapshot(plain);
    factory.open(
      new HeldSession('an id', snapshot, {
        store: {} as SessionStore,
        owner,
        shape: factory,
      }),
    );
    expect(createSession.called).to.equal(false);
  });

  it('makes a Session with its id, its request, and the methods that were added', () => {
    const session = open(plain);
    expect(session).to.be.instanceOf(Session);
    expect(session.constructor).to.equal(Session);
    expect(session.id).to.equal('an id');
    expect(session.req).to.be.instanceOf(HeldSession);
    expect(session.update).to.be.a('function');
    expect(Object.keys(session)).to.deep.equal(['cookie']);
  });

  it('shows its id and request through a Proxy, and through what is derived from it', () => {
    const session = open(plain);
    for (const seen of [new Proxy(session, {}), Object.create(session)]) {
      expect(seen.id).to.equal('an id');
      expect(seen.req).to.equal(session.req);
    }
  });

  it('does not let a record reach a prototype', () => {
    const session = open(JSON.parse('{"cookie":{},"__proto__":{"polluted":1},"save":1}'));
    expect(session.polluted).to.equal(undefined);
    expect(Object.prototype).not.to.have.property('polluted');
    expect(session.save).to.be.a('function');
  });

  it('makes none of a cookie that express-session does not take', () => {
    expect(() => open({ cookie: { maxAge: 'soon' } })).to.throw(/no session can be made/);
  });

  it('leaves every session to a store that has a `createSession` of its own', () => {
    class OwnStore extends MemoryStore {
      override createSession(...args: Parameters<MemoryStore['createSession']>) {
        return Object.assign(super.createSession(...args), { own: true });
      }
    }
    const session = open(plain, new OwnStore());
    expect(session).to.have.property('own', true);
    expect(session.update).to.be.a('function');
  });
});
