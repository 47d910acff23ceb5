import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import type { Socket } from 'socket.io';
import { ExpressionSocket } from '../../../source/index.js';
import { App, secret } from '../../support/app.js';
import { pair } from '../../support/pair.js';

describe('A raw socket and its prototyped socket', () => {
  let app: App;

  beforeEach(async () => {
    app = await App.start();
  });

  afterEach(() => app.stop());

  it('are two objects, to `===` and to a `WeakMap` that a middleware fills', async () => {
    const seen = new WeakMap<object, string>();
    app.io.use((raw, next) => {
      seen.set(raw, 'the raw socket');
      next();
    });
    const { raw, socket } = await pair(app);

    expect(Object.is(socket, raw)).to.equal(false);
    expect([seen.get(raw), seen.get(socket)]).to.deep.equal(['the raw socket', undefined]);
  });

  it('are found from one to the other', async () => {
    const { raw, socket } = await pair(app);

    expect(app.expressionIO.sockets.socketOf(raw)).to.equal(socket);
    expect(app.expressionIO.sockets.socketOf(socket)).to.equal(socket);
    expect(socket.nsp.sockets.get(socket.id)).to.equal(raw);
  });

  it('are found from the prototyped socket of another `ExpressionSocket`', async () => {
    const other = new ExpressionSocket(app.io, app.store, cookieParser(secret));
    try {
      const { raw, socket } = await pair(app);
      const theirs = other.sockets.socketOf(raw);

      expect(theirs === socket).to.equal(false);
      expect(app.expressionIO.sockets.socketOf(theirs) === socket).to.equal(true);
      expect(other.sockets.socketOf(socket) === theirs).to.equal(true);
    } finally {
      other.close();
    }
  });

  it('are found in every namespace, and after the connection as well', async () => {
    const wrapper = app.expressionIO.of('/news');
    const { raw, socket } = await pair(app, { namespace: '/news' });
    raw.disconnect();

    expect(wrapper.socketOf(raw)).to.equal(socket);
    expect(app.expressionIO.sockets.socketOf(raw)).to.equal(socket);
  });

  it('are found in `io.use`, before the session is read', async () => {
    const startedAt = new WeakMap<object, number>();
    app.io.use((raw, next) => {
      startedAt.set(app.expressionIO.sockets.socketOf(raw), 1);
      next();
    });
    const { cookie } = await app.login();
    const found = new Promise((resolve) => {
      app.expressionIO.sockets.on('connection', (err, session, socket) => {
        resolve([err, session?.n, startedAt.get(socket)]);
      });
    });
    await app.connect({ cookie });

    expect(await found).to.deep.equal([null, 0, 1]);
  });

  it('are told apart from a socket of another node, as `fetchSockets` gives it', async () => {
    const { adapter } = app.io.sockets;
    // As adapters of a cluster answer for the sockets of other nodes.
    const details = { id: 'remote', handshake: {}, rooms: new Set(['remote']), data: {} };
    Reflect.set(adapter, 'fetchSockets', async () => [details]);
    const [remote] = await app.io.fetchSockets();

    expect(() => app.expressionIO.sockets.socketOf(remote as unknown as Socket))
      .to.throw(TypeError, '`socketOf`: expected a socket of the server')
      .with.property('message')
      .that.includes('got a RemoteSocket');
  });

  it('are told apart from what is no socket', () => {
    for (const [value, shown] of [
      [undefined, 'undefined'],
      ['an id', 'a string'],
      [{}, 'an object'],
      [{ handshake: {} }, 'an object'],
    ] as const) {
      expect(() => app.expressionIO.sockets.socketOf(value as unknown as Socket))
        .to.throw(TypeError, '`socketOf`: expected a socket of the server')
        .with.property('message')
        .that.includes(`got ${shown}`);
    }
  });
});

describe('An object that is derived from a prototyped socket', () => {
  let app: App;
  let raw: Socket;
  let derived: Socket & { note?: unknown };

  beforeEach(async () => {
    app = await App.start();
    const ends = await pair(app);
    raw = ends.raw;
    derived = Object.create(ends.socket);
  });

  afterEach(() => app.stop());

  it('keeps what is put on it', () => {
    Object.assign(derived, { note: 'mine', data: { its: 'own' } });

    expect(Object.keys(derived)).to.deep.equal(['note', 'data']);
    expect('note' in raw).to.equal(false);
    expect(raw.data).to.deep.equal({});
  });

  it('is what its own methods send with, and leaves no flag', () => {
    const sent: unknown[] = [];
    const { emit } = derived;
    derived.emit = function (this: Socket, ...args: Parameters<typeof emit>) {
      sent.push([this === derived, args[0]]);
      return emit.apply(this, args);
    };
    derived.volatile.emit('news');
    derived.send('hello');
    derived.volatile.broadcast.emit('others');
    raw.emit('raw');

    expect(sent).to.deep.equal([
      [true, 'news'],
      [true, 'message'],
    ]);
    expect(Reflect.get(raw, 'flags')).to.deep.equal({});
    expect(Object.keys(derived)).to.deep.equal(['emit']);
  });

  it('disconnects the socket', () => {
    expect(derived.disconnect()).to.equal(derived);
    expect([raw.connected, derived.connected]).to.deep.equal([false, false]);
    expect(Object.keys(derived)).to.deep.equal([]);
  });
});
