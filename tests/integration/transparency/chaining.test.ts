import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { App, received } from '../../support/app.js';
import { type Pair, pair, writable } from '../../support/pair.js';
import { barrier } from '../../support/waiting.js';

function ignore(): void {}

const chains: Record<string, (socket: Pair['socket']) => unknown> = {
  volatile: (socket) => socket.volatile,
  compress: (socket) => socket.compress(true),
  timeout: (socket) => socket.timeout(1),
  send: (socket) => socket.send('hello'),
  write: (socket) => socket.write('hello'),
  use: (socket) => socket.use((_event, next) => next()),
  onAny: (socket) => socket.onAny(ignore),
  prependAny: (socket) => socket.prependAny(ignore),
  offAny: (socket) => socket.offAny(ignore),
  onAnyOutgoing: (socket) => socket.onAnyOutgoing(ignore),
  prependAnyOutgoing: (socket) => socket.prependAnyOutgoing(ignore),
  offAnyOutgoing: (socket) => socket.offAnyOutgoing(ignore),
  setMaxListeners: (socket) => socket.setMaxListeners(20),
  on: (socket) => socket.on('vote', ignore),
  once: (socket) => socket.once('vote', ignore),
  addListener: (socket) => socket.addListener('vote', ignore),
  prependListener: (socket) => socket.prependListener('vote', ignore),
  prependOnceListener: (socket) => socket.prependOnceListener('vote', ignore),
  off: (socket) => socket.off('vote', ignore),
  removeListener: (socket) => socket.removeListener('vote', ignore),
  removeAllListeners: (socket) => socket.removeAllListeners('vote'),
  sessOn: (socket) => socket.sessOn('vote', ignore),
  sessOnce: (socket) => socket.sessOnce('vote', ignore),
  disconnect: (socket) => socket.disconnect(),
};

describe('Transparent: chained calls return the prototyped socket where Socket.IO returns itself', () => {
  describe('without `alwaysSession`', () => returnItself(() => App.start()));

  describe('with `alwaysSession`', () => {
    returnItself(() => App.start({ options: { alwaysSession: true } }) as unknown as Promise<App>);
  });

  describe('in a chain', () => {
    let app: App;

    beforeEach(async () => {
      app = await App.start();
    });

    afterEach(() => app.stop());

    it('reach `sessOn` behind methods of Socket.IO', async () => {
      const { client, socket } = await pair(app);
      const votes: unknown[] = [];
      socket
        .use((_event, next) => next())
        .onAny(ignore)
        .on('other', ignore)
        .sessOn('vote', (_err, _session, option) => votes.push(option));
      client.emit('vote', 'yes');
      await barrier(client, socket);

      expect(votes).to.deep.equal(['yes']);
    });

    it('send what a chain of flags is for', async () => {
      const { client, raw, socket } = await pair(app);
      const message = received(client, 'news');
      await writable(raw);
      socket.volatile.compress(false).emit('news', 'sent');

      expect(await message).to.deep.equal(['sent']);
    });
  });
});

describe('Transparent: one raw socket has one prototyped socket, however many listeners ask for it', () => {
  let app: App;

  beforeEach(async () => {
    app = await App.start();
  });

  afterEach(() => app.stop());

  it('is the same for every `connection` listener', async () => {
    const sockets: unknown[] = [];
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => sockets.push(socket));
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => sockets.push(socket));
    const { socket } = await pair(app);

    expect(sockets).to.deep.equal([socket, socket]);
    expect(new Set(sockets).size).to.equal(1);
  });

  it('is the same for the wrappers of a parent namespace and of its child', async () => {
    const sockets: Socket[] = [];
    app.expressionIO
      .of(/^\/room-\d+$/)
      .on('connection', (_err, _session, socket) => sockets.push(socket));
    const { socket } = await pair(app, { namespace: '/room-1' });

    expect(sockets).to.have.lengthOf(1);
    expect(sockets[0]).to.equal(socket);
  });

  it('is another one for each client', async () => {
    const { socket } = await pair(app);

    expect((await pair(app)).socket).to.not.equal(socket);
  });

  it('is `this` of the listeners that get a session', async () => {
    const { client, socket } = await pair(app);
    const seen: unknown[] = [];
    socket.sessOn('vote', function (this: unknown) {
      seen.push(this);
    });
    client.emit('vote');
    await barrier(client, socket);

    expect(seen[0]).to.equal(socket);
  });
});

function returnItself(start: () => Promise<App>): void {
  let app: App;

  beforeEach(async () => {
    app = await start();
  });

  afterEach(() => app.stop());

  for (const [name, chain] of Object.entries(chains)) {
    it(`returns itself from \`${name}\``, async () => {
      const { socket } = await pair(app);

      expect(chain(socket)).to.equal(socket);
    });
  }
}
