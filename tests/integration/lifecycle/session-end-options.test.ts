import { expect } from 'chai';
import { App, received, useApps } from '../../support/app.js';
import { leavesInTime, watch } from '../../support/session-ends.js';
import { barrier, until } from '../../support/waiting.js';

describe("When a session ends with onSessionEnd: 'ignore'", () => {
  const startApp = useApps();
  it('its sockets emit sessionend, and stay', async () => {
    const app = await startApp({ options: { onSessionEnd: 'ignore' } });
    const visitor = await app.login();
    const watched = await watch(app, visitor);
    const { ended, socket, client, told } = watched;
    socket.sessOn('tell', (err, _session, ack) => ack(err?.code));
    await app.logout(visitor.cookie);
    expect(await ended).to.equal('destroyed');
    expect(await client.emitWithAck('tell')).to.equal('ERR_SESSION_NOT_FOUND');
    // Another one, who was told later, is told and stays as well.
    const later = await app.login();
    const other = await watch(app, later);
    await app.logout(later.cookie);
    expect(await other.ended).to.equal('destroyed');
    await barrier(watched.client, watched.raw);
    expect(client.connected).to.equal(true);
    expect(told).to.deep.equal(['sessionend: destroyed']);
  });
});

describe('When a session ends with autoErrManager', () => {
  let app: App<{ autoErrManager: true }>;

  beforeEach(async () => {
    app = await App.start({ options: { autoErrManager: true } });
  });
  afterEach(() => app.stop());

  it('sessionend comes before the disconnect also for a socket with events on their way', async () => {
    const visitor = await app.login();
    const { client, socket, told } = await watch(app, visitor);
    (socket as unknown as { sessOn(event: string, listener: () => void): void }).sessOn(
      'busy',
      () => {},
    );
    const left = received(client, 'disconnect');
    const loggedOut = app.logout(visitor.cookie);
    const busy = setInterval(() => client.emit('busy'), 1);
    await loggedOut;
    await left;
    clearInterval(busy);
    await until(() => told.length >= 2);
    expect(told).to.deep.equal(['sessionend: destroyed', 'disconnect']);
  });

  it('a listener of sessionend is given the reason alone', async () => {
    const visitor = await app.login();
    const { ended, left } = await watch(app, visitor);
    await app.logout(visitor.cookie);
    expect(await ended).to.equal('destroyed');
    await left;
  });
});

describe('When a session ends with alwaysSession', () => {
  const startApp = useApps();
  it('a listener of sessionend is given the reason alone, and clients cannot fake it', async () => {
    const app = await startApp({ options: { alwaysSession: true } });
    const visitor = await app.login();
    const { client, ended, left, told } = await watch(app, visitor);
    client.emit('sessionend', 'expired');
    await app.logout(visitor.cookie);
    expect(await ended).to.equal('destroyed');
    await left;
    expect(told[0]).to.equal('sessionend: destroyed');
  });
});

describe('What a listener that ends its session sends', () => {
  const startApp = useApps();
  for (const transport of ['websocket', 'polling']) {
    it(`arrives before the disconnect, acknowledgements and events alike (${transport})`, async () => {
      const app = await startApp();
      app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('logout', async (_err, session, ack) => {
          socket.emit('before');
          await session?.destroy();
          // The connection still works in both directions.
          await socket.emitWithAck('question');
          socket.emit('after');
          ack('bye');
        });
      });
      const client = await app.connect({ ...(await app.login()), transports: [transport] });
      const seen: unknown[] = [];
      client.onAny((event) => seen.push(event));
      client.on('question', (answer) => answer());
      const left = received(client, 'disconnect').then(() => seen.push('disconnect'));
      seen.push(await client.emitWithAck('logout'));
      await left;
      expect(seen).to.deep.equal(['before', 'question', 'after', 'bye', 'disconnect']);
    });
  }

  it('arrives where it acknowledges first, and does not wait for the end', async () => {
    const app = await startApp();
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('logout', (_err, session, ack) => {
        session?.destroy(() => ack('bye'));
      });
    });
    const client = await app.connect(await app.login());
    const left = received(client, 'disconnect');
    expect(await client.emitWithAck('logout')).to.equal('bye');
    expect((await left)[0]).to.equal('io server disconnect');
  });

  it('does not keep its socket for longer than a second', async () => {
    const app = await startApp();
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('logout', async (_err, session) => {
        await session?.destroy();
        await new Promise(() => {});
      });
    });
    const watched = await watch(app, await app.login());
    const isInTime = leavesInTime(watched);
    watched.client.emit('logout');
    expect(await isInTime).to.equal(true);
  });
});
