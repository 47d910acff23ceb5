import { once } from 'node:events';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import type { Socket } from 'socket.io';
import { ExpressionSocket, type ExpressionSocketOptions } from '../../../source/index.js';
import { App, received, secret } from '../../support/app.js';
import { holdReads } from '../../support/held-reads.js';
import { type Pair, pair } from '../../support/pair.js';
import {
  disconnection,
  loseConnection,
  packets,
  reconnect,
  recovering,
} from '../../support/recovery.js';
import { ControlledStore } from '../../support/stores.js';
import { barrier } from '../../support/waiting.js';

describe('Connection state recovery keeps working', () => {
  let app: App;
  let store: ControlledStore;
  let cookie: string;

  beforeEach(() => start());

  afterEach(() => app.stop());

  it('gives the client the same id, rooms and data', async () => {
    const { client, raw, socket } = await pair(app, { cookie });
    socket.join('red');
    socket.data = { nickname: 'Ada' };
    await loseConnection(client, raw);
    const again = announcement();
    await reconnect(client);
    const { socket: recovered } = await again;

    expect([client.recovered, recovered.recovered]).to.deep.equal([true, true]);
    expect(recovered.id).to.equal(socket.id);
    expect([...recovered.rooms]).to.include.members([socket.id, 'red']);
    expect(recovered.data).to.deep.equal({ nickname: 'Ada' });
  });

  it('sends the client what it missed, in order', async () => {
    const { client, raw, socket } = await pair(app, { cookie });
    socket.join('red');
    await loseConnection(client, raw);
    const seen: unknown[][] = [];
    client.onAny((...message: unknown[]) => seen.push(message));
    app.io.emit('news', 1);
    app.io.to('red').emit('news', 2);
    app.io.to('blue').emit('news', 'not for this one');
    const last = received(client, 'last');
    await reconnect(client);
    app.io.emit('last');
    await last;

    const news = seen.filter(([event]) => event === 'news');
    expect(news.map(([, n]) => n)).to.deep.equal([1, 2]);
  });

  it('gives events their session again', async () => {
    const { client, raw } = await pair(app, { cookie });
    await loseConnection(client, raw);
    const again = announcement();
    await reconnect(client);
    const { socket } = await again;
    socket.sessOn('who', (_err, session, ack) => ack(session?.visitor?.name));

    expect(await client.emitWithAck('who')).to.equal('Ada');
  });

  it('announces the connection once, and never the socket that was before', async () => {
    const { client, raw, socket } = await pair(app, { cookie });
    const sockets: unknown[] = [];
    app.expressionIO.sockets.on('connection', (_err, _session, one) => sockets.push(one));
    await loseConnection(client, raw);
    const again = announcement();
    await reconnect(client);
    const { socket: recovered } = await again;

    expect(sockets).to.have.lengthOf(1);
    expect(sockets[0]).to.equal(recovered).and.not.equal(socket);
  });

  it('announces the connection once also where `skipMiddlewares` is off', async () => {
    await app.stop();
    await start({}, { connectionStateRecovery: { skipMiddlewares: false } });
    const { client, raw } = await pair(app, { cookie });
    const calls: string[] = [];
    app.expressionIO.sockets
      .authorization(() => Boolean(calls.push('authorization')))
      .on('connection', () => calls.push('connection'));
    await loseConnection(client, raw);
    const again = announcement();
    await reconnect(client);
    await again;

    expect(client.recovered).to.equal(true);
    expect(calls).to.deep.equal(['authorization', 'connection']);
  });

  it('works for a client that has a session of each of two `ExpressionSocket`s', async () => {
    const other = new ExpressionSocket(app.io, store, cookieParser(secret), { key: 'staff' });
    try {
      const staff = (await app.login()).cookie.replace('connect.sid', 'staff');
      const wrappers = [app.expressionIO.sockets, other.sockets];
      const { client, raw } = await pair(app, { cookie: `${cookie}; ${staff}` });
      await loseConnection(client, raw);
      const announced = Promise.all(
        wrappers.map(
          (wrapper) =>
            new Promise((resolve) => {
              wrapper.on('connection', (err) => resolve(err));
            }),
        ),
      );
      const disconnected = disconnection(client);
      await reconnect(client);

      expect(await Promise.race([announced, disconnected])).to.deep.equal([null, null]);
      expect(client.recovered).to.equal(true);
    } finally {
      other.close();
    }
  });

  it('works for clients that never had a session', async () => {
    const { client, raw } = await pair(app);
    await loseConnection(client, raw);
    const again = announcement();
    await reconnect(client);
    const { err } = await again;

    expect(client.recovered).to.equal(true);
    expect(err).to.have.property('code', 'ERR_SESSION_COOKIE_MISSING');
  });

  describe('when the client sends events before its session was read again', () => {
    let client: Pair['client'];
    let seen: unknown[];

    beforeEach(async () => {
      seen = [];
      const ends = await pair(app, { cookie });
      ({ client } = ends);
      await loseConnection(client, ends.raw);
    });

    it('holds them for the `connection` listener, in order and with all arguments', async () => {
      const release = holdReads(store);
      app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        seen.push('connection');
        socket.sessOn('vote', (_e, session, ...args) => seen.push([session?.n, ...args]));
        socket.on('plain', (...args) => seen.push(args));
      });
      const came = packets(app, 3);
      client.emit('vote', 0, null, '');
      client.emit('vote', Buffer.from([1]));
      client.emit('plain', 2);
      await reconnect(client);
      await came;
      expect(seen).to.deep.equal([]);
      const again = announcement();
      release();
      await barrier(client, (await again).socket);

      expect(seen).to.have.lengthOf(4);
      expect(seen[0]).to.equal('connection');
      expect(seen.filter((one) => Array.isArray(one) && one[0] === 0)).to.deep.equal([
        [0, 0, null, ''],
        [0, Buffer.from([1])],
      ]);
      expect(seen).to.deep.include([2]);
    });

    it('shows them to `onAny` and `use` of the `connection` listener', async () => {
      const release = holdReads(store);
      app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.onAny((event: string) => seen.push(`any ${event}`));
        socket.use(([event], next) => {
          seen.push(`use ${event}`);
          next();
        });
      });
      const came = packets(app, 1);
      client.emit('vote');
      await reconnect(client);
      await came;
      const again = announcement();
      release();
      await barrier(client, (await again).socket);

      expect(seen.slice(0, 2)).to.deep.equal(['any vote', 'use vote']);
    });

    it('acknowledges them', async () => {
      const release = holdReads(store);
      app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('vote', (_e, session, option, ack) => ack(session?.visitor?.name, option));
      });
      const came = packets(app, 1);
      const answer = new Promise((resolve) => {
        client.emit('vote', 'yes', (...args: unknown[]) => resolve(args));
      });
      await reconnect(client);
      await came;
      release();

      expect(await answer).to.deep.equal(['Ada', 'yes']);
    });

    it('leaves nothing on the raw socket afterwards', async () => {
      const again = announcement();
      await reconnect(client);
      const { socket } = await again;
      await barrier(client, socket);

      expect(Object.hasOwn(socket, 'onevent')).to.equal(false);
    });

    it('leaves another library’s `onevent` in its place', async () => {
      app.io.prependListener('connection', (raw: Socket) => {
        const onevent: (packet: { data: unknown[] }) => void = Reflect.get(raw, 'onevent');
        Object.assign(raw, {
          onevent(packet: { data: unknown[] }) {
            seen.push(packet.data[0]);
            Reflect.apply(onevent, raw, [packet]);
          },
        });
      });
      const again = announcement();
      await reconnect(client);
      await barrier(client, (await again).socket);

      expect(seen).to.deep.equal(['test:barrier']);
    });

    for (const when of ['before', 'after']) {
      it(`shows them once to an \`onevent\` of another library that came ${when} it`, async () => {
        const release = holdReads(store);
        const wrap = (raw: Socket): void => {
          const onevent: (packet: { data: unknown[] }) => void = Reflect.get(raw, 'onevent');
          Object.assign(raw, {
            onevent(packet: { data: unknown[] }) {
              seen.push(packet.data[0]);
              Reflect.apply(onevent, raw, [packet]);
            },
          });
        };
        if (when === 'before') app.io.prependListener('connection', wrap);
        else app.io.on('connection', wrap);
        app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
          socket.on('vote', (n) => seen.push(n));
        });
        const came = packets(app, 2);
        client.emit('vote', 1);
        client.emit('vote', 2);
        await reconnect(client);
        await came;
        const again = announcement();
        release();
        await barrier(client, (await again).socket);

        expect(seen.filter((one) => typeof one === 'number')).to.deep.equal([1, 2]);
        expect(seen.filter((one) => one === 'vote')).to.have.lengthOf(2);
      });
    }

    it('never announces a client that leaves meanwhile', async () => {
      const release = holdReads(store);
      app.expressionIO.sockets.on('connection', () => seen.push('connection'));
      const connection = once(app.io, 'connection') as Promise<unknown> as Promise<[Socket]>;
      await reconnect(client);
      const [raw] = await connection;
      const left = once(raw, 'disconnect');
      client.disconnect();
      await left;
      release();
      // A connection of the same session that comes later is announced after the first one would be.
      await pair(app, { cookie });

      expect(seen).to.deep.equal(['connection']);
    });
  });

  describe('when the client sends more events than `maxPending` before its session was read', () => {
    it('closes the connection', async () => {
      await app.stop();
      await start({ maxPending: 2 });
      const { client, raw } = await pair(app, { cookie });
      await loseConnection(client, raw);
      holdReads(store);
      const disconnected = disconnection(client);
      for (const n of [1, 2, 3]) client.emit('vote', n);
      await reconnect(client);

      expect(await disconnected).to.equal('transport close');
    });

    it('does not close it for as many as that', async () => {
      await app.stop();
      await start({ maxPending: 2 });
      const { client, raw } = await pair(app, { cookie });
      await loseConnection(client, raw);
      const release = holdReads(store);
      const votes: unknown[] = [];
      const voted = new Promise<void>((resolve) => {
        app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
          socket.sessOn('vote', (_e, _s, n) => votes.push(n) === 2 && resolve());
        });
      });
      const came = packets(app, 2);
      for (const n of [1, 2]) client.emit('vote', n);
      await reconnect(client);
      await came;
      release();
      await voted;

      expect(votes).to.deep.equal([1, 2]);
    });
  });

  async function start(options: ExpressionSocketOptions = {}, server = recovering): Promise<void> {
    store = new ControlledStore();
    app = await App.start({ store, server, options });
    ({ cookie } = await app.login());
  }

  /** Waits for the next connection that the listeners are told of. */
  function announcement(): Promise<{ err: unknown; session: unknown; socket: Pair['socket'] }> {
    return new Promise((resolve) => {
      app.expressionIO.sockets.on('connection', (err, session, socket) =>
        resolve({ err, session, socket }),
      );
    });
  }
});
