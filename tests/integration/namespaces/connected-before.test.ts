import { once } from 'node:events';
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import type { Socket as Client } from 'socket.io-client';
import { type App, useApps } from '../../support/app.js';
import { SlowStore } from '../../support/slow-store.js';
import { until } from '../../support/waiting.js';

describe('A socket that connected before its namespace was wrapped', () => {
  const start = useApps();
  let app: App;
  let store: SlowStore;
  let raw: Socket;
  let client: Client;
  const calls: unknown[] = [];

  beforeEach(async () => {
    calls.length = 0;
    store = new SlowStore();
    app = await start({ store });
    const connected = once(app.io.of('/old'), 'connection');
    client = await app.connect({ cookie: (await app.login()).cookie, namespace: '/old' });
    [raw] = await connected;
  });

  function listen(): void {
    const socket = app.expressionIO.of('/old').socketOf(raw);
    socket.sessOn('test:event', (err, session, n) => {
      calls.push([n, err?.code ?? session?.visitor?.name]);
    });
  }

  it('calls the listeners of `sessOn` with its session, in the order of the events', async () => {
    listen();
    for (let n = 0; n < 20; n++) client.emit('test:event', n);
    await until(() => calls.length === 20);
    expect(calls).to.deep.equal(Array.from({ length: 20 }, (_, n) => [n, 'Ada']));
  });

  it('may be silent until `close()`, and stays connected', () => {
    app.expressionIO.of('/old');
    app.expressionIO.close();
    expect(raw.connected).to.equal(true);
  });

  it('ends with the session that its first event has read', async () => {
    listen();
    const left = new Promise((resolve) => client.once('disconnect', resolve));
    client.emit('test:event', 0);
    await until(() => calls.length === 1);
    await app.logout(String(raw.handshake.headers.cookie));
    expect(await left).to.equal('io server disconnect');
  });
});

describe('A socket that is connecting while its namespace is wrapped', () => {
  const start = useApps();

  it('is announced with its session, and loses no early event', async () => {
    const store = new SlowStore();
    const app = await start({ store });
    const { cookie } = await app.login();
    const calls: unknown[] = [];
    app.io.of('/new').use((raw, next) => {
      const sent = once(raw.conn, 'test:sent');
      store.pace = () => sent;
      let left = 2;
      raw.conn.on('data', () => {
        left--;
        if (left === 0) setImmediate(() => raw.conn.emit('test:sent'));
      });
      queueMicrotask(() => {
        app.expressionIO.of('/new').on('connection', (_err, session, socket) => {
          calls.push(['connection', session?.visitor?.name]);
          socket.onAny((_event, n) => calls.push(['any', n]));
          socket.sessOn('test:event', (_err, session, n) => {
            calls.push([n, session?.visitor?.name]);
          });
        });
        next();
      });
    });
    const client = await app.connect({ cookie, namespace: '/new' });
    client.emit('test:event', 0).emit('test:event', 1);
    await until(() => calls.length === 5);
    expect(calls).to.deep.equal([
      ['connection', 'Ada'],
      ['any', 0],
      ['any', 1],
      [0, 'Ada'],
      [1, 'Ada'],
    ]);
  });
});
