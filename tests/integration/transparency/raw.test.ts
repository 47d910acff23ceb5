import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Server, Socket } from 'socket.io';
import { io as open } from 'socket.io-client';
import { App, useApps } from '../../support/app.js';
import { pair } from '../../support/pair.js';
import { barrier } from '../../support/waiting.js';

describe('Transparent: the raw socket given to other libraries is not changed', () => {
  const startApp = useApps();
  let app: App;
  let cookie: string;

  beforeEach(async () => {
    app = await App.start();
    ({ cookie } = await app.login());
  });

  afterEach(() => app.stop());

  it('has the keys and listeners that it has on a server without sessions', async () => {
    const { raw, client, socket } = await pair(app, { cookie });
    await barrier(client, socket);

    expect(portrait(raw)).to.deep.equal(await bareSocket(portrait));
  });

  it('has the same handshake, request and data as on a server without sessions', async () => {
    const { raw } = await pair(app, { cookie });
    const keys = ({ handshake, request, data }: Socket) =>
      [handshake, request, data].map((one) => Reflect.ownKeys(one).map(String).sort());

    expect(keys(raw)).to.deep.equal(await bareSocket(keys));
  });

  it('is what middlewares and `connection` listeners of Socket.IO get', async () => {
    const seen: Socket[] = [];
    app.io.use((raw, next) => {
      seen.push(raw);
      next();
    });
    app.io.on('connection', (raw) => seen.push(raw));
    const { raw } = await pair(app, { cookie });

    expect(seen).to.have.lengthOf(2);
    for (const one of seen) expect(one).to.equal(raw);
    expect('sessOn' in raw).to.equal(false);
  });

  it('keeps its own `on` also with `alwaysSession`', async () => {
    const always = await startApp({ options: { alwaysSession: true } });
    const { raw, client, socket } = await pair(always, await always.login());
    const seen: unknown[] = [];
    raw.on('vote', (...args) => seen.push(args));
    client.emit('vote', 'yes');
    await barrier(client, socket);

    expect(raw.on).to.equal(Socket.prototype.on);
    expect(seen).to.deep.equal([['yes']]);
  });

  it('has one listener more for each of `sessOn`, and none when they are gone', async () => {
    const { raw, client, socket } = await pair(app, { cookie });
    const before = portrait(raw);
    const listener = (): void => {};
    socket.sessOn('vote', listener).sessOnce('once', listener);
    const during = portrait(raw);
    client.emit('once');
    await barrier(client, socket);
    socket.off('vote', listener);

    expect(during.listeners).to.deep.equal([...before.listeners, ['vote', 1], ['once', 1]]);
    expect(during.keys).to.deep.equal(before.keys);
    expect(portrait(raw)).to.deep.equal(before);
  });

  it('is of the same shape to whoever looks at the prototyped one', async () => {
    const { raw, socket } = await pair(app, { cookie });

    expect(Reflect.ownKeys(socket)).to.deep.equal(Reflect.ownKeys(raw));
    expect(Object.keys(socket)).to.deep.equal(Object.keys(raw));
    expect(Object.prototype.isPrototypeOf.call(Socket.prototype, socket)).to.equal(true);
  });

  it('shows the prototyped socket what another library put on it', async () => {
    const { raw, socket } = await pair(app, { cookie });
    const helper = function (this: unknown): unknown {
      return this;
    };
    Object.assign(raw, { note: 'theirs', helper });

    expect(Reflect.get(socket, 'note')).to.equal('theirs');
    expect(Reflect.get(socket, 'helper')).to.equal(helper);
  });

  it('runs what another library put in the place of a method, as its own', async () => {
    const { raw, socket } = await pair(app, { cookie });
    const seen: unknown[] = [];
    const { emit } = raw;
    raw.emit = function (this: unknown, ...args) {
      seen.push(this, args[0]);
      return emit.apply(raw, args);
    };
    socket.emit('news');

    expect(seen[0]).to.equal(socket);
    expect(seen[1]).to.equal('news');
  });

  it('is announced if another library made `join` chainable', async () => {
    app.io.use((raw, next) => {
      const join: (room: string | string[]) => unknown = raw.join.bind(raw);
      Object.assign(raw, {
        join: (room: string): unknown => {
          join(room);
          return raw;
        },
      });
      next();
    });
    const { raw } = await pair(app, { cookie });
    // Its own room, and that of its session.
    expect(raw.rooms.size).to.equal(2);
  });
});

/** What there is of a raw socket: its own keys, and how many listeners it has to what. */
function portrait(raw: Socket): { keys: string[]; listeners: [string | symbol, number][] } {
  const listeners = raw
    .eventNames()
    .map((event): [string | symbol, number] => [event, raw.rawListeners(String(event)).length]);
  return { keys: Reflect.ownKeys(raw).map(String).sort(), listeners };
}

/** Asks about a raw socket of a server that knows nothing of sessions. */
async function bareSocket<Answer>(ask: (raw: Socket) => Answer): Promise<Answer> {
  const http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  const io = new Server(http);
  const connection: Promise<[Socket]> = once(io, 'connection') as Promise<never>;
  const { port } = http.address() as AddressInfo;
  const client = open(`http://127.0.0.1:${port}`, { forceNew: true, transports: ['websocket'] });
  const [raw] = await connection;
  try {
    return ask(raw);
  } finally {
    client.disconnect();
    await io.close();
  }
}
