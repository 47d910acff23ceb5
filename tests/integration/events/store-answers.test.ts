/**
 * @module Stores that misbehave: nothing crashes, no visitor is let in without a session, and everything
 * works again once the store does.
 */

import { inspect } from 'node:util';
import { expect } from 'chai';
import type { SessionData } from 'express-session';
import { stub } from 'sinon';
import type { SessionErrorCode } from '../../../source/index.js';
import { App, refused, secret } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { type Arrival, arrive } from '../../support/outcomes.js';
import { ControlledStore } from '../../support/stores.js';

type Read = NonNullable<ControlledStore['onGet']>;

const failure = new Error('connection lost');

/** A store that calls back with what is no session, whatever its types say. */
const giving =
  (record: unknown): Read =>
  (_id, callback) =>
    callback(null, record as SessionData);

const bad: Readonly<Record<string, readonly [SessionErrorCode, Read]>> = {
  throws: [
    'ERR_SESSION_STORE',
    () => {
      throw failure;
    },
  ],
  'throws undefined': [
    'ERR_SESSION_STORE',
    () => {
      throw undefined;
    },
  ],
  rejects: ['ERR_SESSION_STORE', () => Promise.reject(failure)],
  'rejects with nothing': ['ERR_SESSION_STORE', () => Promise.reject()],
  'calls back with an error': ['ERR_SESSION_STORE', (_id, callback) => callback(failure)],
  'calls back with a string for an error': ['ERR_SESSION_STORE', (_id, callback) => callback('no')],
  'calls back with an error and a session': [
    'ERR_SESSION_STORE',
    (_id, callback) => callback(failure, { cookie: {} } as SessionData),
  ],
  'calls back with an error, and then with a session': [
    'ERR_SESSION_STORE',
    (_id, callback, read) => {
      callback(failure);
      read();
    },
  ],
  hangs: ['ERR_SESSION_STORE_TIMEOUT', () => {}],
  'hangs in a promise': ['ERR_SESSION_STORE_TIMEOUT', () => new Promise(() => {})],
  'resolves in place of calling back': ['ERR_SESSION_STORE_TIMEOUT', async () => ({ cookie: {} })],
  'says ENOENT, as file stores do': [
    'ERR_SESSION_NOT_FOUND',
    (_id, callback) => callback(Object.assign(new Error('no such file'), { code: 'ENOENT' })),
  ],
  'finds undefined': ['ERR_SESSION_NOT_FOUND', giving(undefined)],
  'finds null': ['ERR_SESSION_NOT_FOUND', giving(null)],
  'finds false': ['ERR_SESSION_NOT_FOUND', giving(false)],
  'finds a string': ['ERR_SESSION_STORE', giving('{"cookie":{}}')],
  'finds a number': ['ERR_SESSION_STORE', giving(7)],
  'finds true': ['ERR_SESSION_STORE', giving(true)],
  'finds an array': ['ERR_SESSION_STORE', giving([{ cookie: {} }])],
  'finds a function': ['ERR_SESSION_STORE', giving(() => ({ cookie: {} }))],
  'finds an empty object': ['ERR_SESSION_STORE', giving({})],
  'finds a record without a cookie': ['ERR_SESSION_STORE', giving({ n: 1 })],
  'finds a record whose cookie is null': ['ERR_SESSION_STORE', giving({ cookie: null, n: 1 })],
  'finds a record whose cookie is a string': ['ERR_SESSION_STORE', giving({ cookie: 'a=b' })],
  'finds a record whose cookie is a number': ['ERR_SESSION_STORE', giving({ cookie: 7 })],
  'finds a record whose cookie has a wrong maxAge': [
    'ERR_SESSION_STORE',
    giving({ cookie: { maxAge: 'soon' } }),
  ],
  'finds a record whose cookie throws': [
    'ERR_SESSION_STORE',
    giving({
      get cookie() {
        throw failure;
      },
    }),
  ],
};

describe('Bad input by a store', () => {
  let app: App;
  let store: ControlledStore;
  let cookie: string;
  let sessionId: string;

  async function start(options: { storeTimeout?: number } = {}): Promise<void> {
    store = new ControlledStore();
    app = await App.start({ store, options: { onSessionEnd: 'ignore', ...options } });
    ({ cookie, sessionId } = await app.login());
  }

  afterEach(async () => {
    await app.stop();
  });

  expectNoCrash();

  for (const [how, [code, onGet]] of Object.entries(bad)) {
    describe(`that ${how}`, () => {
      beforeEach(() => start(code === 'ERR_SESSION_STORE_TIMEOUT' ? { storeTimeout: 400 } : {}));

      it(`gives a connection ${code} and no session`, async () => {
        store.onGet = onGet;
        const { err, session } = await arrive(app, { cookie });
        expect(session).to.equal(null);
        expect(err?.code).to.equal(code);
      });

      it(`gives an event ${code} and no session, and the next one its session again`, async () => {
        const { socket, client } = await arrive(app, { cookie });
        socket.sessOn('try', (err, session, answer) => answer(err?.code ?? session?.id));
        store.onGet = onGet;
        expect(await client.emitWithAck('try')).to.equal(code);
        store.onGet = undefined;
        expect(await client.emitWithAck('try')).to.equal(sessionId);
      });

      it('gives an error without the id and the secret', async () => {
        store.onGet = onGet;
        const { err } = await arrive(app, { cookie });
        const shown = inspect(err, { depth: Number.POSITIVE_INFINITY, showHidden: true });
        expect(shown).not.to.include(sessionId);
        expect(shown).not.to.include(secret);
      });

      it('lets no visitor in where a session is required', async () => {
        store.onGet = onGet;
        app.expressionIO.sockets.authorization((err, _session, _handshake, fn) => fn(err, !err));
        expect((await refused(app.client({ cookie }))).data).to.deep.equal({ code });
      });
    });
  }

  describe('whose record is no session', () => {
    for (const [shown, record] of [
      ['a string', 'a session'],
      ['an Array', [1]],
      ['an object', { n: 1 }],
    ] as const) {
      it(`has an error that says what it gave, and what was expected: ${shown}`, async () => {
        await start();
        store.onGet = giving(record);
        const { err } = await arrive(app, { cookie });
        expect(err?.message).to.include(
          `returned ${shown} that is not a session; expected an object with`,
        );
      });
    }
  });

  describe('that gives a good answer in a bad way', () => {
    beforeEach(() => start());

    for (const [how, onGet] of Object.entries({
      'calls back twice': (_id, _callback, read) => {
        read();
        read();
      },
      'calls back, and then with an error': (id, callback) =>
        give(id, callback, () => callback(failure)),
      'calls back, and then with nothing': (id, callback) =>
        give(id, callback, () => callback(null, null)),
      'calls back, and throws': (id, callback) =>
        give(id, callback, () => {
          throw failure;
        }),
      'calls back, and rejects': (_id, _callback, read) => {
        read();
        return new Promise((_resolve, reject) => setImmediate(reject, failure));
      },
      'calls back at once': (id, callback) => give(id, callback, () => {}),
    } satisfies Record<string, Read>)) {
      it(`calls the connection listener once, where it ${how}`, async () => {
        store.onGet = onGet;
        const listener = stub();
        app.expressionIO.sockets.on('connection', listener);
        const { session, socket } = await arrive(app, { cookie });
        expect(session?.id).to.equal(sessionId);
        // Whatever comes a second time has come before another client is there.
        store.onGet = undefined;
        const other = await arrive(app, { cookie });
        expect(listener.args.map(([, , given]) => given.id)).to.deep.equal([
          socket.id,
          other.socket.id,
        ]);
      });

      it(`calls an event listener once, where it ${how}`, async () => {
        const { socket, client } = await arrive(app, { cookie });
        const listener = stub().callsFake((_err, session, answer) => answer(session?.id));
        socket.sessOn('try', listener);
        store.onGet = onGet;
        expect(await client.emitWithAck('try')).to.equal(sessionId);
        store.onGet = undefined;
        expect(await client.emitWithAck('try')).to.equal(sessionId);
        expect(listener.callCount).to.equal(2);
      });
    }

    /** Calls back at once with the record that is there; then does something more. */
    function give(id: string, callback: Parameters<Read>[1], more: () => void): void {
      const { sessions } = store as unknown as { sessions: Record<string, string> };
      callback(null, JSON.parse(sessions[id] ?? 'null'));
      more();
    }
  });

  describe('that answers a read again while the next one is under way', () => {
    /** Emits an event that is answered with `session.n`; waits for its read, and tells both. */
    async function attempt({ client }: Arrival): Promise<{
      answer: Promise<unknown>;
      give: (n: number) => void;
    }> {
      const reading = new Promise<Parameters<Read>[1]>((resolve) => {
        store.onGet = (_id, callback) => resolve(callback);
      });
      const answer: Promise<unknown> = client.emitWithAck('try');
      const callback = await reading;
      return { answer, give: (n) => callback(null, { cookie: {}, n } as SessionData) };
    }

    async function connect(): Promise<Arrival> {
      const arrival = await arrive(app, { cookie });
      arrival.socket.sessOn('try', (err, session, answer) => answer(err?.code ?? session?.n));
      return arrival;
    }

    it('is not taken as the answer to that one', async () => {
      await start();
      const arrival = await connect();
      const first = await attempt(arrival);
      first.give(1);
      expect(await first.answer).to.equal(1);
      const second = await attempt(arrival);
      first.give(2);
      second.give(3);
      expect(await second.answer).to.equal(3);
    });

    it('is not taken as the answer to that one after its own deadline', async () => {
      await start({ storeTimeout: 400 });
      const arrival = await connect();
      const first = await attempt(arrival);
      expect(await first.answer).to.equal('ERR_SESSION_STORE_TIMEOUT');
      const second = await attempt(arrival);
      first.give(1);
      second.give(2);
      expect(await second.answer).to.equal(2);
    });
  });

  describe('whose records try to be more than data', () => {
    beforeEach(() => start());

    it('give no object a property through its prototype', async () => {
      store.onGet = giving(JSON.parse('{"cookie":{},"__proto__":{"isAdmin":true}}'));
      const { session } = await arrive(app, { cookie });
      expect(session).not.to.equal(null);
      expect(session).not.to.have.property('isAdmin');
      expect({}).not.to.have.property('isAdmin');
    });

    it('do not replace the methods of a session, nor its id', async () => {
      store.onGet = giving({ cookie: {}, save: 'x', reload: 'x', id: 'another', req: 'x', n: 7 });
      const { session } = await arrive(app, { cookie });
      expect(session?.save).to.be.a('function');
      expect(session?.reload).to.be.a('function');
      expect(session?.id).to.equal(sessionId);
      expect(session?.n).to.equal(7);
    });
  });
});
