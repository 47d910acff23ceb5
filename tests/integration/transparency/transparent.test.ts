import { deepStrictEqual } from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { expect } from 'chai';
import { Socket } from 'socket.io';
import { App, received } from '../../support/app.js';
import { type Pair, pair, writable } from '../../support/pair.js';
import { barrier } from '../../support/waiting.js';

const promise =
  'Transparent: the prototyped socket is a `Socket`, and every property, flag, method and event of the raw one works through it';

describe(promise, () => {
  let app: App;
  let client: Pair['client'];
  let raw: Pair['raw'];
  let socket: Pair['socket'];

  beforeEach(async () => {
    app = await App.start();
    ({ client, raw, socket } = await pair(app));
  });

  afterEach(() => app.stop());

  describe('its class', () => {
    it('is `Socket`, though it is not the raw socket', () => {
      expect(socket).to.be.an.instanceOf(Socket);
      expect(socket).to.be.an.instanceOf(EventEmitter);
      expect(socket.constructor).to.equal(Socket);
      expect(socket).to.not.equal(raw);
    });

    it('leaves no member out', () => {
      const missing = memberNames(raw).filter(
        (name) =>
          !(name in socket) || typeof Reflect.get(socket, name) !== typeof Reflect.get(raw, name),
      );

      expect(missing).to.deep.equal([]);
    });
  });

  describe('its properties', () => {
    const names = [
      'id',
      'data',
      'handshake',
      'nsp',
      'client',
      'conn',
      'request',
      'server',
      'adapter',
      'connected',
      'disconnected',
      'recovered',
    ] as const;
    for (const name of names) {
      it(`include \`${name}\``, () => {
        expect(Reflect.get(socket, name)).to.equal(Reflect.get(raw, name)).and.not.equal(undefined);
      });
    }

    it('include `rooms`, without the room of the session', async () => {
      const { raw, socket } = await pair(app, await app.login());
      const rooms = [...raw.rooms].filter((room) => !room.startsWith('expression.socket.io:'));
      expect(raw.rooms.size).to.equal(rooms.length + 1);
      expect([...socket.rooms]).to.deep.equal(rooms);
    });

    it('show later changes in the same `rooms`', async () => {
      const { raw, socket } = await pair(app, await app.login());
      const { rooms } = socket;
      socket.join(['red', 'blue']);
      socket.leave('blue');

      // It calls no method.
      deepStrictEqual(structuredClone(socket.rooms), new Set([raw.id, 'red']));
      expect(socket.rooms).to.equal(rooms);
      expect(rooms.size).to.equal(2);
      deepStrictEqual(rooms, new Set([raw.id, 'red']));
      const seen: unknown[] = [];
      rooms.forEach((room, _again, all) => {
        seen.push(room, all === rooms);
      });
      expect(seen).to.deep.equal([raw.id, true, 'red', true]);
      raw.disconnect();
      expect([...socket.rooms]).to.deep.equal([]);
    });

    it('show each later change in a `rooms` that was read before', async () => {
      const { raw, socket } = await pair(app, await app.login());
      const { rooms } = socket;
      raw.join('red');
      expect(rooms.size).to.equal(2);
      raw.join('blue');
      expect([...rooms]).to.deep.equal([raw.id, 'red', 'blue']);
      raw.leave('red');
      expect([rooms.has('red'), rooms.has('blue')]).to.deep.equal([false, true]);
    });

    it('have a `rooms` whose methods are those of a set', async () => {
      const { raw, socket } = await pair(app, await app.login());
      const { rooms } = socket;
      raw.join('red');
      const seen: string[] = [];
      for (const room of rooms) {
        seen.push(room);
        // Nothing is visited again because it was looked up.
        if (!rooms.has(room) || seen.length > 2) break;
      }
      expect(seen).to.deep.equal([raw.id, 'red']);
      expect(rooms.has.call(new Set(['green']), 'green')).to.equal(true);
      expect(rooms.constructor).to.equal(Set);
    });

    it('change the `rooms` of the raw socket where theirs are changed', async () => {
      const { raw, socket } = await pair(app, await app.login());
      const { rooms } = socket;
      expect(rooms.add('red').add('blue')).to.equal(rooms);
      expect(rooms.delete('blue')).to.equal(true);
      expect(raw.rooms.has('red')).to.equal(true);
      expect(raw.rooms.has('blue')).to.equal(false);
      rooms.clear();
      expect(raw.rooms.size).to.equal(0);
    });

    it('show whatever a plugin puts in the place of `rooms`', async () => {
      const { raw, socket } = await pair(app, await app.login());
      const rooms = ['red'];
      Object.defineProperty(raw, 'rooms', { value: rooms, configurable: true });
      expect(socket.rooms).to.equal(rooms);
    });

    it('hide the room of the session in a `rooms` that was read before the socket joined it', async () => {
      const { cookie } = await app.login();
      let rooms: ReadonlySet<string> = new Set();
      app.io.of('/news').on('connection', (one) => {
        rooms = app.expressionIO.of('/news').socketOf(one).rooms;
      });
      app.expressionIO.of('/news');
      await app.connect({ cookie, namespace: '/news' });
      const [one] = app.io.of('/news').sockets.values();

      expect(one?.rooms.size).to.equal(2);
      expect([...rooms]).to.deep.equal([one?.id]);
    });

    it('change as those of the raw socket do', () => {
      raw.join('a room');
      raw.data = { name: 'Ada' };
      raw.disconnect();

      expect(socket.data).to.deep.equal({ name: 'Ada' });
      expect([socket.connected, socket.disconnected]).to.deep.equal([false, true]);
      expect([...socket.rooms]).to.deep.equal([]);
    });
  });

  describe('its flags', () => {
    it('make the next message `volatile`', async () => {
      const message = received(client, 'news');
      await writable(raw);
      socket.volatile.emit('news', 1);

      expect(await message).to.deep.equal([1]);
    });

    it('make an acknowledgement that does not come within `timeout` an error', async () => {
      const error = await new Promise<Error | null>((resolve) => {
        socket.timeout(5).emit('question', resolve);
      });

      expect(error).to.be.an.instanceOf(Error);
    });

    it('make `emitWithAck` fail after `timeout`, and resolve within it', async () => {
      client.on('answered', (ack: (answer: number) => void) => ack(42));

      expect(await socket.timeout(10_000).emitWithAck('answered')).to.equal(42);
      expect(await failureOf(socket.timeout(5).emitWithAck('unanswered'))).to.be.an('error');
    });

    it('are used up by the next emit, on the raw socket', () => {
      socket.volatile.compress(false).timeout(50).emit('news');

      expect(flagsOf(raw)).to.deep.equal({});
    });

    it('are kept for the next emit of whichever of the two sockets', () => {
      socket.compress(false);
      expect(flagsOf(raw)).to.deep.equal({ compress: false });

      raw.volatile.emit('news');
      expect(flagsOf(socket)).to.deep.equal({});
    });

    it('are used up by a broadcast', () => {
      socket.volatile.compress(true).broadcast.emit('news');

      expect(flagsOf(raw)).to.deep.equal({});
    });
  });

  describe('its methods', () => {
    it('send to the client with `emit`, `send` and `write`', async () => {
      const messages: unknown[] = [];
      client.onAny((...message: unknown[]) => messages.push(message));
      const last = received(client, 'last');
      socket.emit('first', 0, null);
      socket.send('second');
      socket.write('third');
      socket.emit('last');
      await last;

      expect(messages).to.deep.equal([
        ['first', 0, null],
        ['message', 'second'],
        ['message', 'third'],
        ['last'],
      ]);
    });

    it('get an acknowledgement with `emitWithAck`', async () => {
      client.on('double', (n: number, ack: (n: number) => void) => ack(2 * n));

      expect(await socket.emitWithAck('double', 21)).to.equal(42);
    });

    it('`join` and `leave` rooms', () => {
      socket.join(['red', 'blue']);
      socket.leave('blue');

      expect([...raw.rooms]).to.deep.equal([raw.id, 'red']);
    });

    it('`use` a middleware for events', async () => {
      const seen: unknown[] = [];
      socket.use(([event], next) => {
        seen.push(event);
        next();
      });
      await barrier(client, socket);

      expect(seen).to.deep.equal(['test:barrier']);
    });

    it('hear every event with `onAny` and `prependAny`, until `offAny`', async () => {
      const seen: unknown[] = [];
      const late = (event: string) => seen.push(`late ${event}`);
      socket.onAny(late);
      socket.prependAny((event: string) => seen.push(`early ${event}`));
      await barrier(client, socket);
      socket.offAny(late);
      await barrier(client, socket);

      expect(seen).to.deep.equal(['early test:barrier', 'late test:barrier', 'early test:barrier']);
      expect(socket.listenersAny()).to.equal(socket.listenersAny()).and.have.lengthOf(1);
      expect(raw.listenersAny()).to.have.lengthOf(1);
    });

    it('hear every event that is sent with `onAnyOutgoing` and its kind', () => {
      const seen: unknown[] = [];
      const late = (event: string) => seen.push(`late ${event}`);
      socket.onAnyOutgoing(late);
      socket.prependAnyOutgoing((event: string) => seen.push(`early ${event}`));
      socket.emit('one');
      socket.offAnyOutgoing(late);
      raw.emit('two');

      expect(seen).to.deep.equal(['early one', 'late one', 'early two']);
      expect(socket.listenersAnyOutgoing()).to.have.lengthOf(1);
      expect(raw.listenersAnyOutgoing()).to.have.lengthOf(1);
    });

    it('limit the number of listeners with `setMaxListeners`', () => {
      socket.setMaxListeners(77);

      expect(raw.getMaxListeners()).to.equal(77);
      expect(socket.getMaxListeners()).to.equal(77);
    });

    it('`disconnect` from the namespace', async () => {
      const reason = received(client, 'disconnect');
      socket.disconnect();

      expect([raw.connected, raw.conn.readyState]).to.deep.equal([false, 'open']);
      expect((await reason)[0]).to.equal('io server disconnect');
    });

    it('`disconnect(true)` closes the connection', async () => {
      const closed = once(raw.conn, 'close');
      socket.disconnect(true);

      await closed;
    });
  });

  it('is an emitter to Node.js', async () => {
    const arguments_ = once(socket, 'vote');
    client.emit('vote', 'yes', 1);

    expect(await arguments_).to.deep.equal(['yes', 1]);
    expect(EventEmitter.getEventListeners(socket, 'vote')).to.deep.equal([]);
  });
});

/** The names of all members: the socket's own, and those of its classes. */
function memberNames(socket: object): string[] {
  const names = new Set<string>();
  for (let link = socket; link !== Object.prototype; link = Object.getPrototypeOf(link)) {
    for (const name of Object.getOwnPropertyNames(link)) names.add(name);
  }
  return [...names];
}

/** `flags` is private in the types of Socket.IO. */
function flagsOf(socket: object): unknown {
  return Reflect.get(socket, 'flags');
}

function failureOf(task: Promise<unknown>): Promise<unknown> {
  return task.then(
    () => undefined,
    (error: unknown) => error,
  );
}
