import { expect } from 'chai';
import type { SessionData } from 'express-session';
import { useFakeTimers } from 'sinon';
import type { ExpressionSocketOptions } from '../../../source/index.js';
import { App, received } from '../../support/app.js';
import { stopClock, withoutPings } from '../../support/clock.js';
import { watch } from '../../support/session-ends.js';
import { down, holdNext, SlowStore } from '../../support/slow-store.js';
import { codeOf, overHttp, type Visitor, Visits } from '../../support/visits.js';
import { barrier, until } from '../../support/waiting.js';

describe('Activity', () => {
  let store: SlowStore;
  let app: App;
  let visits: Visits;
  let visitor: Visitor;
  let errors: unknown[];
  /** How often the library touched since the visitor came. */
  let touches: () => number;

  beforeEach(() => start({}));
  afterEach(() => app.stop());

  async function start(options: ExpressionSocketOptions): Promise<void> {
    if (app) await app.stop();
    errors = [];
    store = new SlowStore();
    app = await App.start({
      store,
      options: { ...options, onError: (error) => errors.push(error) },
    });
    visits = new Visits(app);
    visitor = await visits.visitor();
    const before = store.count('touch');
    touches = () => store.count('touch') - before;
  }

  it('touches the session, and sets nothing, also where the listener only reads', async () => {
    const sets = store.count('set');
    await visitor.go((session) => session.n);
    await until(() => touches() === 1);
    expect(store.count('set')).to.equal(sets);
  });

  it('touches it once per `touch` milliseconds, however many events come', async () => {
    for (let count = 0; count < 20; count++) await visitor.go(() => {});
    expect(touches()).to.equal(1);
  });

  it('touches it once for all of its sockets', async () => {
    app.expressionIO.of('/news').on('connection', (_err, _session, socket) => {
      socket.sessOn('read', (_err, _session, ack) => ack());
    });
    const news = await app.connect({ cookie: visitor.cookie, namespace: '/news' });
    const other = await app.connect({ cookie: visitor.cookie });
    await Promise.all([visitor.go(() => {}), visits.go(other, () => {}), news.emitWithAck('read')]);
    await visitor.go(() => {});
    expect(touches()).to.equal(1);
  });

  it('touches it again once the time of `touch` is over, and not before', async () => {
    await start({ touch: 60_000 });
    const clock = useFakeTimers({ toFake: ['performance'] });
    try {
      await visitor.go(() => {});
      await until(() => touches() === 1);
      clock.tick(59_000);
      await visitor.go(() => {});
      await visitor.go(() => {});
      expect(touches()).to.equal(1);
      clock.tick(2_000);
      await visitor.go(() => {});
      await until(() => touches() === 2);
    } finally {
      clock.restore();
    }
  });

  it('touches it at each event with `touch: 0`', async () => {
    await start({ touch: 0 });
    for (let count = 1; count <= 3; count++) {
      await visitor.go(() => {});
      await until(() => touches() === count);
    }
  });

  it('touches nothing with `touch: false`, nor does a save without changes', async () => {
    await start({ touch: false });
    await visitor.go((session) => session.save());
    await visitor.go(() => {});
    expect(touches()).to.equal(0);
  });

  it('is neither a push, nor an event without a session, nor a connection or disconnection', async () => {
    const before = store.count('touch');
    const { client, raw, socket } = await watch(app, { cookie: visitor.cookie });
    socket.sessOn('disconnect', () => {});
    const pushed = received(client, 'push');
    app.io.emit('push');
    socket.emit('push');
    await pushed;
    await barrier(client, raw);
    const gone = new Promise((resolve) => socket.sessOn('disconnect', resolve));
    client.disconnect();
    await gone;
    expect(store.count('touch')).to.equal(before);
  });

  it('is not a heartbeat', async () => {
    await app.stop();
    app = await App.start({ store, server: { pingInterval: 5 } });
    const before = store.count('touch');
    const { client, raw } = await watch(app, { cookie: visitor.cookie });
    let beats = 0;
    client.io.on('ping', () => beats++);
    await until(() => beats >= 3);
    await barrier(client, raw);
    expect(store.count('touch')).to.equal(before);
  });

  it('extends the expiry by the age of the cookie, and changes nothing else', async () => {
    await overHttp(app, visitor.cookie, (request) => {
      request.session.cookie.maxAge = 600_000;
      return new Promise<void>((resolve) => request.session.save(() => resolve()));
    });
    const before = store.record(visitor.sessionId);
    await until(() => Date.now() > new Date(before?.cookie.expires ?? 0).getTime() - 600_000);
    await visitor.go(() => {});
    await until(() => touches() > 0);
    await visitor.go(() => {});
    const after = store.record(visitor.sessionId);
    expect(new Date(after?.cookie.expires ?? 0)).to.be.above(new Date(before?.cookie.expires ?? 0));
    expect({ ...after, cookie: undefined }).to.deep.equal({ ...before, cookie: undefined });
    expect(after?.cookie.originalMaxAge).to.equal(600_000);
  });

  it('keeps a session alive that lives for less than `touch`', async () => {
    const lifetime = 40_000;
    await overHttp(app, visitor.cookie, (request) => {
      request.session.cookie.maxAge = lifetime;
      return new Promise<void>((resolve) => request.session.save(() => resolve()));
    });
    // One without timers yet.
    await app.stop();
    app = await App.start({ store, server: withoutPings });
    visits = new Visits(app);
    const clock = stopClock();
    try {
      const watched = await watch(app, { cookie: visitor.cookie });
      for (let time = 0; time < 3 * lifetime; time += lifetime / 4) {
        expect(await visits.go(watched.client, ({ n }) => n)).to.equal(0);
        clock.tick(lifetime / 4);
      }
      await barrier(watched.client, watched.raw);
      expect(watched.told).to.deep.equal([]);
      // And once it is over, it is over.
      clock.tick(2 * lifetime);
      expect(await watched.ended).to.equal('expired');
    } finally {
      clock.restore();
    }
  });

  it('leaves the touch to an HTTP write that came meanwhile', async () => {
    const gate = holdNext(store, 'get', 'after');
    const gone = visitor.go(() => {});
    await gate.reached;
    const sent = touches();
    await overHttp(app, visitor.cookie, (request) => {
      request.session.n = 3;
    });
    gate.open();
    await gone;
    await visitor.go(() => {});
    expect(touches() - sent).to.equal(0);
    expect(store.record(visitor.sessionId)).to.have.property('n', 3);
  });

  for (const when of ['before', 'after'] as const) {
    it(`revives nothing where the logout comes ${when} its read is answered`, async () => {
      // Many a store makes a record of what it is to touch.
      store.touch = (sessionId: string, session: SessionData, callback?: () => void): void => {
        store.calls.push('touch');
        store.records.set(sessionId, JSON.stringify(session));
        setImmediate(() => callback?.());
      };
      await app.stop();
      app = await App.start({ store, options: { onSessionEnd: 'ignore' } });
      visits = new Visits(app);
      const client = await app.connect({ cookie: visitor.cookie });
      const gate = holdNext(store, 'get', when === 'before' ? 'after' : 'before');
      const gone = visits.go(client, () => {});
      await gate.reached;
      if (when === 'before') await app.logout(visitor.cookie);
      gate.open();
      await gone;
      if (when === 'after') await app.logout(visitor.cookie);
      await visits.go(client, () => {});
      expect(store.record(visitor.sessionId)).to.equal(undefined);
    });
  }

  it('reports a touch that failed to `onError`, and not to the listener', async () => {
    store.failing.add('touch');
    expect(await visitor.go(({ n }) => n)).to.equal(0);
    await until(() => errors.length > 0);
    expect(errors[0]).to.include({ code: 'ERR_SESSION_STORE', cause: down });
  });

  it('is a save without changes, too', async () => {
    await start({ touch: 0 });
    await visitor.go(() => {});
    await until(() => touches() === 1);
    await visitor.go((session) => codeOf(session.save()));
    await until(() => touches() === 3);
  });

  it('touches it once per `touch` milliseconds also for a client that reconnects', async () => {
    for (let count = 0; count < 5; count++) {
      const client = await app.connect({ cookie: visitor.cookie });
      await visits.go(client, () => {});
      visitor.client.disconnect();
      client.disconnect();
      await until(() => app.io.of('/').sockets.size === 0);
    }
    expect(touches()).to.equal(1);
  });
});
