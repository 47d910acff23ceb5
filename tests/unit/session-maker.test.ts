import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { MemoryStore, Session } from 'express-session';
import fc from 'fast-check';
import sinon from 'sinon';
import type { SessionRecord } from '../../source/session/record.js';
import { type SessionHolder, SessionMaker } from '../../source/session/session-maker.js';

const holder = (): SessionHolder => ({ sessionID: 'an id' });
const derive = (prototype: object): object => Object.create(prototype, { added: { value: true } });
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

describe('SessionMaker', () => {
  it('makes what `createSession` of express-session makes', () => {
    const store = new MemoryStore();
    const maker = new SessionMaker(store, derive);
    maker.make(holder(), plain);
    const createSession = sinon.spy(store, 'createSession');

    fc.assert(
      fc.property(records, ({ cookie, rest }) => {
        const record: SessionRecord = Object.assign(Object.create(null), rest, { cookie });
        createSession.resetHistory();
        const made = maker.make(holder(), { ...record });
        expect(createSession.called).to.equal(false);
        const expected = store.createSession(
          holder() as never,
          structuredClone({ ...record }) as never,
        );
        expect(isDeepStrictEqual({ ...made }, { ...expected })).to.equal(true);
        expect(JSON.stringify(made)).to.equal(JSON.stringify(expected));
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  for (const which of ['the first', 'a later']) {
    describe(`${which} session`, () => {
      function make(record: object): {
        session: Session & Record<string, never>;
        on: SessionHolder;
      } {
        const maker = new SessionMaker(new MemoryStore(), derive);
        if (which === 'a later') maker.make(holder(), plain);
        const on = holder();
        return { session: maker.make(on, record as SessionRecord) as never, on };
      }

      it('is a Session with its id, its request, and the methods that were added', () => {
        const { session, on } = make(plain);
        expect(session).to.be.instanceOf(Session);
        expect(session.constructor).to.equal(Session);
        expect(session.id).to.equal('an id');
        expect(session.req).to.equal(on);
        expect(on.session).to.equal(session);
        expect(session.added).to.equal(true);
        expect(Object.keys(session)).to.deep.equal(['cookie']);
      });

      it('shares nothing with the record', () => {
        const expires = new Date();
        const nested = { a: 1 };
        const cookie = { expires, originalMaxAge: 5, nested };
        const record = { cookie, deep: { list: [{ n: 1 }] } };
        const { session } = make(record);
        expect(session.cookie).not.to.equal(record.cookie);
        expect(session.cookie.expires).not.to.equal(expires);
        expect(Reflect.get(session.cookie, 'nested')).to.deep.equal(nested);
        expect(Reflect.get(session.cookie, 'nested')).not.to.equal(nested);
        expect(session.deep).to.deep.equal(record.deep);
        expect(session.deep).not.to.equal(record.deep);
        expect(Reflect.get(session.deep ?? {}, 'list')[0]).not.to.equal(record.deep.list[0]);
      });

      it('shows its id and request through a Proxy, and through what is derived from it', () => {
        const { session, on } = make(plain);
        for (const seen of [new Proxy(session, {}), Object.create(session)]) {
          expect(seen.id).to.equal('an id');
          expect(seen.req).to.equal(on);
        }
      });

      it('does not let a record reach a prototype', () => {
        const { session } = make(JSON.parse('{"cookie":{},"__proto__":{"polluted":1},"save":1}'));
        expect(session.polluted).to.equal(undefined);
        expect(Object.prototype).not.to.have.property('polluted');
        expect(session.save).to.be.a('function');
      });

      it('is not made of a cookie that express-session does not take', () => {
        expect(() => make({ cookie: { maxAge: 'soon' } })).to.throw(TypeError);
      });
    });
  }

  it('leaves every session to a store that has a `createSession` of its own', () => {
    class OwnStore extends MemoryStore {
      override createSession(...args: Parameters<MemoryStore['createSession']>) {
        return Object.assign(super.createSession(...args), { own: true });
      }
    }
    const maker = new SessionMaker(new OwnStore(), derive);
    for (const _time of [1, 2, 3])
      expect(maker.make(holder(), plain)).to.have.property('own', true);
  });
});
