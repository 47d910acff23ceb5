import { once } from 'node:events';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import sinon from 'sinon';
import { ExpressionSocket, type SessionEndReason } from '../../../source/index.js';
import { App, received, secret } from '../../support/app.js';
import { stopClock, withoutPings } from '../../support/clock.js';
import { pair } from '../../support/pair.js';
import { leavesInTime, watch } from '../../support/session-ends.js';
import { holdNext, SlowStore } from '../../support/slow-store.js';
import { overHttp, Visits } from '../../support/visits.js';
import { barrier, until } from '../../support/waiting.js';

describe('When a session ends', () => {
  let store: SlowStore;
  let app: App;

  beforeEach(async () => {
    store = new SlowStore();
    app = await App.start({ store, server: withoutPings });
  });
  afterEach(() => app.stop());

  const endings: Record<
    string,
    readonly [SessionEndReason, (visitor: { cookie: string; sessionId: string }) => unknown]
  > = {
    'by destroy() over HTTP': ['destroyed', ({ cookie }) => app.logout(cookie)],
    'by destroy() over HTTP without a callback': [
      'destroyed',
      ({ cookie }) =>
        overHttp(app, cookie, (request) => void request.session.destroy(undefined as never)),
    ],
    'by regenerate() over HTTP': [
      'regenerated',
      ({ cookie }) =>
        overHttp(
          app,
          cookie,
          (request) => new Promise<void>((resolve) => request.session.regenerate(() => resolve())),
        ),
    ],
    'by a destroy() of the store': ['destroyed', ({ sessionId }) => store.destroy(sessionId)],
    'by expressionIO.end()': ['destroyed', ({ sessionId }) => app.expressionIO.end(sessionId)],
  };

  for (const [how, [reason, end]] of Object.entries(endings)) {
    it(`${how}, its idle sockets emit sessionend, and are disconnected then`, async () => {
      const visitor = await app.login();
      const watched = await watch(app, visitor);
      const isInTime = leavesInTime(watched);
      await end(visitor);
      const { ended, left, told } = watched;
      expect(await ended).to.equal(reason);
      expect(await isInTime).to.equal(true);
      await left;
      expect(told).to.deep.equal([`sessionend: ${reason}`, 'disconnect']);
    });
  }

  it('its sockets end that connected while the store was down, once they have had an event', async () => {
    const visitor = await app.login();
    store.failing.add('get');
    const { client, socket, ended } = await watch(app, visitor);
    store.failing.delete('get');
    socket.sessOn('go', (err, _session, ack) => ack(err));
    expect(await client.emitWithAck('go')).to.equal(null);
    await app.logout(visitor.cookie);
    expect(await ended).to.equal('destroyed');
  });

  it('its idle sockets end that connected while the store was down, once the store is back', async () => {
    const visitor = await app.login();
    store.failing.add('get');
    const { client, ended, left } = await watch(app, visitor);
    store.failing.delete('get');
    const told = received(client, 'told');
    const tell = setInterval(() => app.expressionIO.to(visitor.sessionId).emit('told'), 50);
    await told;
    clearInterval(tell);
    await app.logout(visitor.cookie);
    expect(await ended).to.equal('destroyed');
    expect(await left).to.equal('io server disconnect');
  });

  it('its idle sockets read the store less and less often while it is down', async () => {
    const visitor = await app.login();
    store.failing.add('get');
    const get = sinon.spy(store, 'get');
    const clock = stopClock();
    try {
      const { client, raw } = await watch(app, visitor);
      for (let second = 0; second < 60; second++) {
        clock.tick(1_000);
        await barrier(client, raw);
      }
      // At once, and after 1, 3, 7, 15, 25, 35, 45 and 55 seconds.
      expect(get.callCount).to.equal(9);
    } finally {
      clock.restore();
    }
  });

  it('its sockets of all namespaces end, also of those that are made as clients ask', async () => {
    app.expressionIO.of('/news');
    app.expressionIO.of(/^\/room-\d+$/);
    app.expressionIO.of((name, _auth, next) => next(null, name === '/by-function'));
    const visitor = await app.login();
    const watched = [
      await watch(app, visitor),
      await watch(app, { ...visitor, namespace: '/news' }),
      await watch(app, { ...visitor, namespace: '/room-7' }),
      await watch(app, { ...visitor, namespace: '/by-function' }),
      await watch(app, { ...visitor, transports: ['polling'] }),
    ];
    await app.logout(visitor.cookie);
    for (const { ended, left } of watched) {
      expect(await ended).to.equal('destroyed');
      expect(await left).to.equal('io server disconnect');
    }
  });

  it('the sockets of others stay', async () => {
    const visitor = await app.login();
    const other = await watch(app, await app.login());
    const anonymous = await watch(app, {});
    const { left } = await watch(app, visitor);
    await app.logout(visitor.cookie);
    await left;
    await barrier(other.client, other.raw);
    await barrier(anonymous.client, anonymous.raw);
    expect([...other.told, ...anonymous.told]).to.deep.equal([]);
  });

  it('a destroy() that the store fails in ends nobody', async () => {
    const visitor = await app.login();
    const { go, client } = await new Visits(app).visitor();
    const watched = await watch(app, visitor);
    store.failing.add('destroy');
    await app.logout(visitor.cookie);
    await go(async (session) => {
      await session.destroy().catch(() => {});
    });
    await barrier(watched.client, watched.raw);
    expect(await go((session) => session.n)).to.equal(0);
    expect(watched.told).to.deep.equal([]);
    expect(client.connected).to.equal(true);
  });

  it('its socket ends though it left all of its rooms', async () => {
    const visitor = await app.login();
    const { socket, ended, left } = await watch(app, visitor);
    const raw = app.io.of('/').sockets.get(socket.id);
    for (const room of [...socket.rooms]) socket.leave(room);
    for (const room of [...(raw?.rooms ?? [])]) raw?.leave(room);
    app.io.socketsLeave([...socket.rooms]);
    await app.logout(visitor.cookie);
    expect(await ended).to.equal('destroyed');
    await left;
  });

  it('its socket ends though all of its listeners were removed', async () => {
    const visitor = await app.login();
    const { socket, left } = await watch(app, visitor);
    const raw = app.io.of('/').sockets.get(socket.id);
    socket.removeAllListeners();
    raw?.removeAllListeners();
    app.io.of('/').removeAllListeners('connection');
    await app.logout(visitor.cookie);
    expect(await left).to.equal('io server disconnect');
  });

  it('a listener of `once()` is called once, and one that was removed is not', async () => {
    const visitor = await app.login();
    const { socket, left } = await watch(app, visitor);
    const told: string[] = [];
    const off = (): void => void told.push('off');
    socket.on('sessionend', off);
    socket.once('sessionend', (reason) => told.push(`once: ${reason}`));
    socket.off('sessionend', off);
    socket.sessOn('sessionend', (reason) => told.push(`sessOn: ${reason}`));
    await app.logout(visitor.cookie);
    await left;
    expect(told).to.deep.equal(['once: destroyed', 'sessOn: destroyed']);
  });

  it('a listener of sessionend that throws does not keep its socket', async () => {
    await app.stop();
    const errors: unknown[] = [];
    app = await App.start({
      store,
      options: { onError: (error) => errors.push(error) },
    });
    const visitor = await app.login();
    const { socket, left } = await watch(app, visitor);
    const mistake = new Error('a mistake');
    socket.prependListener('sessionend', () => {
      throw mistake;
    });
    await app.logout(visitor.cookie);
    expect(await left).to.equal('io server disconnect');
    expect(errors).to.deep.equal([mistake]);
  });

  it('a disconnect listener with a session runs, and has none', async () => {
    const visitor = await app.login();
    const { socket } = await watch(app, visitor);
    const told = new Promise((resolve) => {
      socket.sessOn('disconnect', (err, session) => resolve([err?.code, session]));
    });
    await app.logout(visitor.cookie);
    expect(await told).to.deep.equal(['ERR_SESSION_NOT_FOUND', null]);
  });

  it('the listener that ended it can answer, though it takes its time', async () => {
    const { cookie, go } = await new Visits(app).visitor();
    const other = await watch(app, { cookie });
    const answer = await go(async (session) => {
      const left = once(other.raw, 'disconnect');
      await session.destroy();
      // Longer than a socket stays connected for which no listener is running.
      await left;
      return 'logged out';
    });
    expect(answer).to.equal('logged out');
  });

  it('nobody but the server emits sessionend', async () => {
    const { client, raw, told } = await watch(app, await app.login());
    client.emit('sessionend', 'destroyed');
    await barrier(client, raw);
    expect(told).to.deep.equal([]);
  });

  it('nothing is emitted on the raw socket', async () => {
    const visitor = await app.login();
    const { raw, client } = await pair(app, visitor);
    const seen: unknown[] = [];
    raw.on('sessionend', (reason) => seen.push(reason));
    raw.onAny((event) => seen.push(event));
    raw.onAnyOutgoing((event) => seen.push(event));
    const left = received(client, 'disconnect');
    await app.logout(visitor.cookie);
    await left;
    expect(seen).to.deep.equal([]);
  });

  it('end() leaves the store alone, and later connections work', async () => {
    const visitor = await app.login();
    const { left } = await watch(app, visitor);
    app.expressionIO.end(visitor.sessionId);
    await left;
    expect(store.record(visitor.sessionId)).to.have.property('n', 0);
    const visits = new Visits(app);
    expect(await visits.go(await app.connect(visitor), (session) => session.n)).to.equal(0);
  });

  it('end() ends the sockets of other instances on the same store, too', async () => {
    const other = new ExpressionSocket(app.io, store, cookieParser(secret));
    try {
      other.of('/other').on('connection', () => {});
      const visitor = await app.login();
      const left = received(await app.connect({ ...visitor, namespace: '/other' }), 'disconnect');
      app.expressionIO.end(visitor.sessionId);
      await left;
    } finally {
      other.close();
    }
  });

  it('end() takes a session id, and nothing else', () => {
    for (const bad of [undefined, null, '', 5, {}]) {
      expect(() => app.expressionIO.end(bad as never)).to.throw(TypeError);
    }
  });

  it('a client that connects later with its cookie has no session', async () => {
    const visitor = await app.login();
    const { left } = await watch(app, visitor);
    await app.logout(visitor.cookie);
    await left;
    const told = new Promise((resolve) => {
      app.expressionIO.sockets.on('connection', (err) => resolve(err?.code));
    });
    await app.connect(visitor);
    expect(await told).to.equal('ERR_SESSION_NOT_FOUND');
  });

  it('its socket emits `sessionend` once, also where an event waits for its session', async () => {
    const visits = new Visits(app);
    const visitor = await app.login();
    const { client, ended, left, told } = await watch(app, visitor);
    const gate = holdNext(store, 'get', 'after');
    const gone = visits.go(client, () => {});
    await gate.reached;
    await app.logout(visitor.cookie);
    await ended;
    gate.open();
    await gone;
    await left;
    await until(() => told.includes('disconnect'));
    expect(told).to.deep.equal(['sessionend: destroyed', 'disconnect']);
  });

  it('in several ways at once, its socket emits `sessionend` once', async () => {
    const visits = new Visits(app);
    const visitor = await app.login();
    const { client, left, told } = await watch(app, visitor);
    void visits.go(client, (session) => session.destroy()).catch(() => {});
    app.expressionIO.end(visitor.sessionId);
    await Promise.all([app.logout(visitor.cookie), app.logout(visitor.cookie)]);
    store.records.clear();
    void visits.go(client, () => {}).catch(() => {});
    await left;
    await until(() => told.includes('disconnect'));
    expect(told).to.deep.equal(['sessionend: destroyed', 'disconnect']);
  });
});
