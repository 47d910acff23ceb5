import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { ServerOptions } from 'socket.io';
import { type Socket as Client, io as open } from 'socket.io-client';
import { App, connected } from '../support/app.js';
import { expectNoCrash } from '../support/crashes.js';
import { TroubledProxy } from '../support/troubled-proxy.js';
import { latencies, TroubledStore } from '../support/troubled-store.js';
import { until } from '../support/waiting.js';

describe('On a network that misbehaves', () => {
  let app: App;
  let store: TroubledStore;
  let proxy: TroubledProxy;
  let clients: Client[];
  let arrived: string[];
  let called: string[];
  let left: number;

  beforeEach(() => start());
  afterEach(() => stop());
  expectNoCrash();

  async function start(server: Partial<ServerOptions> = {}): Promise<void> {
    store = new TroubledStore(1);
    app = await App.start({ store, options: { onError: () => {} }, server });
    proxy = await TroubledProxy.start((app.http.address() as AddressInfo).port);
    [clients, arrived, called, left] = [[], [], [], 0];
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.on('tell', (key: string) => arrived.push(key));
      socket.sessOn('tell', (err, session, key: string, ack?: (n: unknown) => void) => {
        called.push(key);
        ack?.(err ? err.code : session.n);
      });
      socket.sessOn('disconnect', () => left++);
    });
  }

  async function stop(): Promise<void> {
    for (const client of clients) client.disconnect();
    await proxy.stop();
    store.close();
    await app.stop();
  }

  async function visit(count: number, transports = ['websocket']): Promise<Client[]> {
    const { cookie } = await app.login();
    const made = Array.from({ length: count }, () =>
      open(proxy.url, {
        forceNew: true,
        transports,
        // As a proxy that passes the browser's `Host` on.
        extraHeaders: { cookie },
        reconnectionDelay: 20,
        reconnectionDelayMax: 60,
      }),
    );
    clients.push(...made);
    await Promise.all(made.map(connected));
    return made;
  }

  /** Every event that Socket.IO delivered has been given to its listener, once, and in its order. */
  async function expectAllCalled(): Promise<void> {
    await until(() => called.length >= arrived.length);
    await new Promise(setImmediate);
    expect(called).to.deep.equal(arrived);
  }

  it('calls each listener once for clients whose connections are reset in the middle of their events', async () => {
    store.trouble({ latency: latencies.uniform(1, 15) });
    proxy.pieces = 3;
    const visitors = await visit(10);
    for (let at = 0; at < 300; at++) visitors[at % 10]?.emit('tell', String(at));
    await until(() => arrived.length > 20);
    proxy.cut();
    await until(() => left >= 10);
    await until(() => visitors.every((client) => client.connected));
    await visitors[0]?.emitWithAck('tell', 'again');
    await expectAllCalled();
  });

  it('loses nothing and keeps the order while transports are upgraded in the middle of a burst', async () => {
    store.trouble({ latency: latencies.uniform(1, 15) });
    proxy.delay = 5;
    const visiting = visit(1, ['polling', 'websocket']);
    await until(() => clients.length === 1);
    const [client] = clients;
    // It begins before the upgrade, and ends after it.
    const sent: string[] = [];
    for (let after = 0; after < 20; ) {
      sent.push(String(sent.length));
      client?.emit('tell', sent.at(-1));
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (client?.io.engine?.transport.name === 'websocket') after++;
    }
    await visiting;
    await until(() => called.length === sent.length);
    expect(called).to.deep.equal(sent);
  });

  it('tells of clients that went silent, and lets them come back when the network does', async () => {
    await stop();
    await start({ pingInterval: 150, pingTimeout: 150 });
    const visitors = await visit(5);
    proxy.silence();
    for (const client of visitors) client.emit('tell', 'unheard');
    await until(() => left >= 5 && app.io.of('/').sockets.size === 0);
    // Those that come back have more time for their answers: the machine may be busy.
    Object.assign(app.io.engine.opts, { pingInterval: 25_000, pingTimeout: 20_000 });
    proxy.heal();
    await until(() => visitors.every((client) => client.connected));
    expect(await visitors[0]?.emitWithAck('tell', 'heard')).to.equal(0);
  });

  it('tells of clients that closed one half of their connection', async () => {
    const visitors = await visit(5);
    for (const client of visitors) client.emit('tell', 'last');
    await until(() => arrived.length === 5);
    proxy.halfClose();
    await until(() => left >= 5);
    await expectAllCalled();
  });

  it('serves all of a reconnect storm with few reads of the store', async () => {
    const visitors = await visit(100);
    const before = store.calls.get;
    store.trouble({ latency: latencies.uniform(20, 40) });
    proxy.cut();
    await until(() => left >= 100);
    await until(() => visitors.every((client) => client.connected));
    // All are of one session, and share reads: those that leave, and those that come back.
    expect(store.calls.get - before).to.be.below(200);
    expect(await visitors[99]?.emitWithAck('tell', 'x')).to.equal(0);
  });
});
