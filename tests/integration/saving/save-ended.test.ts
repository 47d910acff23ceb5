import { expect } from 'chai';
import type { SocketSession } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { holdNext, randomPace, SlowStore } from '../../support/slow-store.js';
import { codeOf, overHttp, Visits } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

describe('session.save() of a session that has ended meanwhile', () => {
  let store: SlowStore;
  let app: App;
  let visits: Visits;

  beforeEach(async () => {
    store = new SlowStore();
    app = await App.start({
      store,
      options: { touch: false, onSessionEnd: 'ignore', onError: () => {} },
    });
    visits = new Visits(app);
  });
  afterEach(() => app.stop());

  /** Changes the session, and tells how the save went. */
  function save(session: SocketSession): Promise<unknown> {
    session.n = 1;
    return codeOf(session.save());
  }

  const endings: Record<string, (cookie: string) => Promise<unknown>> = {
    'logged out over HTTP': (cookie) => app.logout(cookie),
    'logged out over HTTP without a callback': (cookie) =>
      overHttp(app, cookie, (request) => void request.session.destroy(undefined as never)),
    'logged in anew over HTTP': (cookie) =>
      overHttp(
        app,
        cookie,
        (request) => new Promise<void>((resolve) => request.session.regenerate(() => resolve())),
      ),
    'removed from the store itself': (cookie) =>
      overHttp(app, cookie, (request) => void store.records.delete(request.sessionID)),
  };

  for (const [what, end] of Object.entries(endings)) {
    it(`fails with ERR_SESSION_ENDED where it was ${what}`, async () => {
      const { cookie, sessionId, go } = await visits.visitor();
      const outcome = await go(async (session) => {
        await end(cookie);
        return save(session);
      });
      expect(outcome).to.equal('ERR_SESSION_ENDED');
      expect(store.record(sessionId)).to.equal(undefined);
    });
  }

  it('fails with ERR_SESSION_ENDED where the listener itself ended it', async () => {
    const { sessionId, go } = await visits.visitor();
    const outcome = await go(async (session) => {
      await session.destroy();
      return save(session);
    });
    expect(outcome).to.equal('ERR_SESSION_ENDED');
    expect(store.record(sessionId)).to.equal(undefined);
  });

  it('fails with ERR_SESSION_ENDED where it has expired', async () => {
    const { sessionId, go } = await visits.visitor();
    const outcome = await go(async (session) => {
      session.cookie.maxAge = 30;
      await session.save();
      await until(() => store.record(sessionId) === undefined);
      return save(session);
    });
    expect(outcome).to.equal('ERR_SESSION_ENDED');
    expect(store.record(sessionId)).to.equal(undefined);
  });

  it('fails also where nothing was changed', async () => {
    const { cookie, go } = await visits.visitor();
    const outcome = await go(async (session) => {
      await app.logout(cookie);
      return codeOf(session.save());
    });
    expect(outcome).to.equal('ERR_SESSION_ENDED');
  });

  it('calls a callback with the error as well', async () => {
    const { cookie, go } = await visits.visitor();
    const outcome = await go(async (session) => {
      await app.logout(cookie);
      return new Promise((resolve) => session.save((error) => resolve(error?.code)));
    });
    expect(outcome).to.equal('ERR_SESSION_ENDED');
  });

  for (const [when, operation, stage] of [
    ['before its look', 'get', 'before'],
    ['after its look was answered by the store', 'get', 'after'],
    ['before its own write', 'set', 'before'],
    ['after its own write, and before it was told so', 'set', 'after'],
  ] as const) {
    it(`leaves the store without the session where the logout comes ${when}`, async () => {
      const { cookie, sessionId, go } = await visits.visitor();
      await go(async (session) => {
        const gate = holdNext(store, operation, stage);
        const saved = save(session);
        await gate.reached;
        await app.logout(cookie);
        expect(store.record(sessionId)).to.equal(undefined);
        gate.open();
        expect(await saved).to.equal('ERR_SESSION_ENDED');
      });
      expect(store.record(sessionId)).to.equal(undefined);
    });
  }

  for (const stage of ['before', 'after'] as const) {
    it(`does not write while a logout is under way (${stage} its effect)`, async () => {
      const { cookie, sessionId, go } = await visits.visitor();
      await go(async (session) => {
        const gate = holdNext(store, 'destroy', stage);
        const loggedOut = app.logout(cookie);
        await gate.reached;
        const saved = save(session);
        gate.open();
        await loggedOut;
        expect(await saved).to.equal('ERR_SESSION_ENDED');
      });
      expect(store.record(sessionId)).to.equal(undefined);
    });
  }

  it('leaves no gap between its read and its write, not even a microtask', async () => {
    const revived: number[] = [];
    for (let microtasks = 0; microtasks < 30; microtasks++) {
      const { sessionId, go } = await visits.visitor();
      await go(async (session) => {
        const gate = holdNext(store, 'get', 'after');
        const saved = save(session);
        await gate.reached;
        gate.open();
        // The store answers in a later turn than this.
        await new Promise<void>((resolve) => process.nextTick(resolve));
        for (let count = 0; count < microtasks; count++) await undefined;
        await new Promise<void>((resolve) => store.destroy(sessionId, () => resolve()));
        await saved;
      });
      if (store.record(sessionId)) revived.push(microtasks);
    }
    expect(revived).to.deep.equal([]);
  });

  it('leaves the store without it whatever the latency of the two', async function () {
    this.timeout(60_000);
    for (let round = 0; round < 60; round++) {
      const { cookie, sessionId, go } = await visits.visitor();
      store.pace = randomPace(8);
      await go(async (session) => {
        const [outcome] = await Promise.all([save(session), app.logout(cookie), save(session)]);
        expect(outcome).to.be.oneOf(['fulfilled', 'ERR_SESSION_ENDED']);
        expect(await save(session)).to.equal('ERR_SESSION_ENDED');
      });
      store.pace = () => undefined;
      expect(store.record(sessionId), `round ${round}`).to.equal(undefined);
    }
  });

  it('saves where the logout did not work', async () => {
    const { sessionId, go } = await visits.visitor();
    store.failing.add('destroy');
    const outcome = await go(async (session) => [
      await codeOf(session.destroy()),
      await save(session),
    ]);
    expect(outcome).to.deep.equal(['ERR_SESSION_STORE', 'fulfilled']);
    expect(store.record(sessionId)).to.have.property('n', 1);
  });

  for (const operation of ['get', 'set'] as const) {
    it(`saves where a logout came and failed during its \`${operation}\``, async () => {
      const { sessionId, go } = await visits.visitor();
      store.failing.add('destroy');
      await go(async (session) => {
        const gate = holdNext(store, operation, 'after');
        const saved = save(session);
        await gate.reached;
        await new Promise<void>((resolve) => store.destroy(sessionId, () => resolve()));
        gate.open();
        expect(await saved).to.equal('fulfilled');
      });
      expect(store.record(sessionId)).to.have.property('n', 1);
    });
  }
});
