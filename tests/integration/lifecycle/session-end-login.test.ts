import { once } from 'node:events';
import { expect } from 'chai';
import { App, connected, received } from '../../support/app.js';
import { recovering } from '../../support/recovery.js';
import { watch } from '../../support/session-ends.js';
import { Gate, holdNext, SlowStore } from '../../support/slow-store.js';
import { overHttp, Visits } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

describe('A login that regenerates the session', () => {
  let store: SlowStore;
  let app: App;
  let cookie: string;

  beforeEach(async () => {
    store = new SlowStore();
    app = await App.start({ store });
    ({ cookie } = await app.login());
  });
  afterEach(() => app.stop());

  /** Logs in as somebody else, as an application does against session fixation. */
  async function loginAnew(beforeTheAnswer = async (): Promise<void> => {}): Promise<void> {
    const answer = await overHttp(app, cookie, async (request) => {
      await new Promise<void>((resolve) => request.session.regenerate(() => resolve()));
      await beforeTheAnswer();
      request.session.n = 42;
    });
    cookie = answer.cookie ?? '';
  }

  /** A client that takes its cookie where a browser does: from where it is now, at each connection. */
  function browser(transports: string[]): ReturnType<App['client']> {
    const headers = {
      get cookie() {
        return cookie;
      },
    };
    const client = app.client({
      autoConnect: false,
      transports,
      reconnection: true,
      reconnectionDelay: 10,
      reconnectionDelayMax: 10,
    });
    client.io.opts.extraHeaders = headers;
    return client.connect();
  }

  it('brings nothing of the old session back by connection state recovery', async () => {
    await app.stop();
    app = await App.start({ store, server: recovering });
    const visits = new Visits(app);
    const client = browser(['websocket']);
    await connected(client);
    await visits.go(client, (_session, socket) => {
      socket.join('a room of the old session');
      socket.emit('something to recover');
    });
    const back = received(client, 'connect');
    await loginAnew();
    await back;
    const [n, rooms] = (await visits.go(client, (session, socket) => [
      session.n,
      [...socket.rooms],
    ])) as [number, string[]];
    expect(n).to.equal(42);
    expect(rooms).to.include(client.id).and.not.include('a room of the old session');
  });

  for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
    it(`brings the client back by itself, with its new session (${transports})`, async () => {
      const visits = new Visits(app);
      const client = browser(transports);
      await connected(client);
      const before = await visits.go(client, (session) => session.n);
      const left = received(client, 'disconnect');
      const back = received(client, 'connect');
      await loginAnew();
      expect((await left)[0]).to.be.oneOf(['transport close', 'transport error']);
      await back;
      expect([before, await visits.go(client, (session) => session.n)]).to.deep.equal([0, 42]);
    });
  }

  it('lets the response with the new cookie arrive first', async () => {
    const { client, left } = await watch(app, { cookie });
    const order: string[] = [];
    const parted = left.then(() => order.push('disconnect'));
    await loginAnew();
    order.push('answer');
    await parted;
    expect(order).to.deep.equal(['answer', 'disconnect']);
    expect(client.connected).to.equal(false);
  });

  for (const operation of ['set', 'touch'] as const) {
    it(`has the reason 'regenerated' also where a \`${operation}\` is under way`, async () => {
      const { ended, left } = await watch(app, { cookie });
      const gate = holdNext(store, operation);
      const other = overHttp(app, cookie, (request) => {
        if (operation === 'set') request.session['test:other'] = 1;
      });
      await gate.reached;
      await loginAnew(async () => {
        gate.open();
        await other;
      });
      expect(await ended).to.equal('regenerated');
      expect(await left).to.be.oneOf(['transport close', 'transport error']);
    });
  }

  it("has the reason 'regenerated' where an event finds the session gone before the store says so", async () => {
    const visits = new Visits(app);
    const { client, ended, told } = await watch(app, { cookie });
    const gate = holdNext(store, 'destroy', 'after');
    const login = loginAnew();
    await gate.reached;
    expect(await visits.go(client, () => {})).to.equal('ERR_SESSION_NOT_FOUND');
    expect(told).to.deep.equal([]);
    gate.open();
    await login;
    expect(await ended).to.equal('regenerated');
  });

  it("has the reason 'regenerated' where a save is under way, which fails", async () => {
    const visits = new Visits(app);
    const { client, ended } = await watch(app, { cookie });
    const outcome = await visits.go(client, async (session) => {
      const gate = holdNext(store, 'set');
      session.n = 1;
      const saved = session.save().then(
        () => 'fulfilled',
        (error) => error.code,
      );
      await gate.reached;
      await loginAnew(async () => {
        gate.open();
        await saved;
      });
      return saved;
    });
    expect(outcome).to.equal('ERR_SESSION_ENDED');
    expect(await ended).to.equal('regenerated');
  });
});

describe('A session that ends while a socket connects', () => {
  let store: SlowStore;
  let app: App;

  beforeEach(async () => {
    store = new SlowStore();
    app = await App.start({ store });
  });
  afterEach(() => app.stop());

  for (const [how, reason] of [
    ['logout', 'destroyed'],
    ['regenerate', 'regenerated'],
    ['end', 'destroyed'],
  ] as const) {
    async function end({
      cookie,
      sessionId,
    }: {
      cookie: string;
      sessionId: string;
    }): Promise<void> {
      if (how === 'end') app.expressionIO.end(sessionId);
      else if (how === 'logout') await app.logout(cookie);
      else {
        await overHttp(
          app,
          cookie,
          ({ session }) => new Promise<void>((resolve) => session.regenerate(() => resolve())),
        );
      }
    }

    it(`ends that one too: during its first read (${how})`, async () => {
      const visitor = await app.login();
      const told = toldOf(app);
      const gate = holdNext(store, 'get', 'after');
      const client = app.client(visitor);
      await gate.reached;
      await end(visitor);
      gate.open();
      await connected(client).catch(() => {});
      if (client.connected) await received(client, 'disconnect');
      if (told.length > 0) await until(() => told.includes('disconnect'));
      expect(told).to.be.deep.oneOf([[], [`sessionend: ${reason}`, 'disconnect']]);
      expect(app.io.of('/').sockets.size).to.equal(0);
    });

    it(`ends that one too: between its first read and its connection (${how})`, async () => {
      const visitor = await app.login();
      const told = toldOf(app);
      const gate = new Gate();
      app.io.use((_socket, next) => {
        void gate.pass().then(() => next());
      });
      const client = app.client(visitor);
      await gate.reached;
      await end(visitor);
      gate.open();
      await connected(client).catch(() => {});
      if (client.connected) await received(client, 'disconnect');
      await until(() => told.includes('disconnect'));
      expect(told).to.deep.equal([`sessionend: ${reason}`, 'disconnect']);
    });
  }

  it('lets a socket stay that connects after `end()`', async () => {
    const visitor = await app.login();
    app.expressionIO.end(visitor.sessionId);
    const { client, told } = await watch(app, visitor);
    const [raw] = app.io.of('/').sockets.values();
    await app.logout(visitor.cookie);
    await once(raw as never, 'disconnect');
    expect(told).to.deep.equal(['sessionend: destroyed', 'disconnect']);
    client.disconnect();
  });
});

/** What the sockets of an application are told from their connection on. */
function toldOf({ expressionIO }: App): string[] {
  const told: string[] = [];
  expressionIO.sockets.on('connection', (_err, _session, socket) => {
    socket.on('sessionend', (reason) => told.push(`sessionend: ${reason}`));
    socket.on('disconnect', () => told.push('disconnect'));
  });
  return told;
}
