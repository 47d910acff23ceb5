import { expect } from 'chai';
import { App, received } from '../../support/app.js';
import { type Pair, pair, writable } from '../../support/pair.js';
import { barrier } from '../../support/waiting.js';

describe('What Socket.IO’s README shows works unchanged', () => {
  let app: App;
  let cookie: string;

  beforeEach(async () => {
    app = await App.start();
    ({ cookie } = await app.login());
  });

  afterEach(() => app.stop());

  it('sends and receives custom events', async () => {
    const { client, socket } = await pair(app, { cookie });
    const answer = received(client, 'this');
    socket.on('my other event', (data) => socket.emit('this', { will: 'be received', data }));
    client.emit('my other event', { my: 'data' });

    expect(await answer).to.deep.equal([{ will: 'be received', data: { my: 'data' } }]);
  });

  it('tells everybody through the wrapper', async () => {
    const { client } = await pair(app, { cookie });
    const news = received(client, 'news');
    app.expressionIO.sockets.emit('news', { hello: 'world' });

    expect(await news).to.deep.equal([{ hello: 'world' }]);
  });

  it('keeps data with a client', async () => {
    const { client, socket } = await pair(app, { cookie });
    socket.on('set nickname', (name) => {
      socket.data = { nickname: name };
      socket.emit('ready');
    });
    const ready = received(client, 'ready');
    client.emit('set nickname', 'Ada');
    await ready;
    const [remote] = await app.expressionIO.sockets.namespace.fetchSockets();

    expect(socket.data).to.deep.equal({ nickname: 'Ada' });
    expect(remote?.data).to.deep.equal({ nickname: 'Ada' });
  });

  it('multiplexes /chat and /news on one connection', async () => {
    const told: string[] = [];
    for (const name of ['/chat', '/news']) {
      app.expressionIO.of(name).on('connection', (_err, session, socket) => {
        told.push(`${name} ${session?.visitor?.name}`);
        socket.emit('a message', { that: 'only', [name]: 'will get' });
      });
    }
    const chat = app.client({ cookie, namespace: '/chat' });
    const messages = [received(chat, 'a message')];
    const news = chat.io.socket('/news');
    messages.push(received(news, 'a message'));
    news.connect();

    expect(await Promise.all(messages)).to.deep.equal([
      [{ that: 'only', '/chat': 'will get' }],
      [{ that: 'only', '/news': 'will get' }],
    ]);
    expect(told).to.have.members(['/chat Ada', '/news Ada']);
    expect(app.io.engine.clientsCount).to.equal(1);
    news.disconnect();
  });

  it('sends volatile messages', async () => {
    const { client, raw, socket } = await pair(app, { cookie });
    const tweet = received(client, 'bieber tweet');
    await writable(raw);
    socket.volatile.emit('bieber tweet', { text: 'hello' });

    expect(await tweet).to.deep.equal([{ text: 'hello' }]);
  });

  it('drops volatile messages that the client is not ready for, and no others', async () => {
    const { client, raw, socket } = await pair(app, { cookie });
    const seen: unknown[] = [];
    client.onAny((event: string) => seen.push(event));
    const last = received(client, 'last');
    await writable(raw);
    raw.conn.transport.writable = false;
    socket.volatile.emit('dropped');
    raw.conn.transport.writable = true;
    socket.emit('last');
    await last;

    expect(seen).to.deep.equal(['last']);
  });

  it('acknowledges the events of clients, with data', async () => {
    const { client, socket } = await pair(app, { cookie });
    socket.on('ferret', (name, ack) => ack(`woot ${name}`, 2));

    const answer = await new Promise<unknown[]>((resolve) => {
      client.emit('ferret', 'tobi', (...args: unknown[]) => resolve(args));
    });
    expect(answer).to.deep.equal(['woot tobi', 2]);
  });

  it('acknowledges events that come with a session, with data of the session', async () => {
    const { client, socket } = await pair(app, { cookie });
    socket.sessOn('ferret', (_err, session, name, ack) => ack(name, session?.visitor));

    const answer = await new Promise<unknown[]>((resolve) => {
      client.emit('ferret', 'tobi', (...args: unknown[]) => resolve(args));
    });
    expect(answer).to.deep.equal(['tobi', { name: 'Ada', tags: [] }]);
  });

  it('gets acknowledgements from clients', async () => {
    const { client, socket } = await pair(app, { cookie });
    client.on('question', (n: number, ack: (n: number) => void) => ack(n + 1));

    const answer = await new Promise((resolve) => socket.emit('question', 1, resolve));
    expect(answer).to.equal(2);
    expect(await socket.emitWithAck('question', 2)).to.equal(3);
    expect(await socket.timeout(10_000).emitWithAck('question', 3)).to.equal(4);
  });

  it('is just a cross-browser WebSocket with `send` and `message`', async () => {
    const { client, socket } = await pair(app, { cookie });
    const answer = received(client, 'message');
    socket.on('message', (text) => socket.send(`you said ${text}`));
    client.send('hi');

    expect(await answer).to.deep.equal(['you said hi']);
  });

  it('acknowledges `send`', async () => {
    const { client, socket } = await pair(app, { cookie });
    socket.sessOn('message', (_err, session, text, ack) => ack(session?.visitor?.name, text));

    const answer = await new Promise<unknown[]>((resolve) => {
      client.send('hi', (...args: unknown[]) => resolve(args));
    });
    expect(answer).to.deep.equal(['Ada', 'hi']);
  });

  it('hears everything with `onAny`, and checks everything with `use`', async () => {
    const { client, socket } = await pair(app, { cookie });
    const seen: unknown[] = [];
    socket.onAny((event: string, ...args: unknown[]) => {
      if (event !== 'test:barrier') seen.push(['any', event, ...args]);
    });
    socket.use(([event], next) => next(event === 'forbidden' ? new Error('no') : undefined));
    socket.sessOn('forbidden', () => seen.push('not to be seen'));
    socket.sessOn('vote', (_err, session, option) => seen.push([session?.n, option]));
    client.emit('forbidden');
    client.emit('vote', 'yes');
    await barrier(client, socket);

    expect(seen).to.deep.equal([
      ['any', 'forbidden'],
      ['any', 'vote', 'yes'],
      [0, 'yes'],
    ]);
  });

  describe('broadcasting and rooms', () => {
    let ada: Pair;
    let bob: Pair;
    let eve: Pair;
    let heardOf: string[];

    beforeEach(async () => {
      ada = await pair(app, { cookie });
      bob = await pair(app, { cookie });
      eve = await pair(app);
      heardOf = [];
      for (const [name, { client }] of Object.entries({ ada, bob, eve })) {
        client.on('news', () => heardOf.push(name));
      }
    });

    it('reach everybody but the sender', async () => {
      ada.socket.broadcast.emit('news');

      expect(await listeners()).to.deep.equal(['bob', 'eve']);
    });

    it('reach everybody but the sender on this node', async () => {
      ada.socket.local.emit('news');

      expect(await listeners()).to.deep.equal(['bob', 'eve']);
    });

    it('reach a room with `to` and `in`, and leave a room out with `except`', async () => {
      bob.socket.join('justin bieber fans');
      ada.socket.to('justin bieber fans').emit('news');
      ada.socket.in('justin bieber fans').emit('news');
      ada.socket.except('justin bieber fans').emit('news');

      expect(await listeners()).to.deep.equal(['bob', 'bob', 'eve']);
    });

    it('reach a room through the namespace of the wrapper', async () => {
      ada.socket.join('fans');
      eve.socket.join('fans');
      app.expressionIO.sockets.namespace.in('fans').emit('news');

      expect(await listeners()).to.deep.equal(['ada', 'eve']);
    });

    it('reach nobody who has left', async () => {
      bob.socket.join(['fans', 'others']);
      bob.socket.leave('fans');
      ada.socket.to('fans').emit('news');

      expect(await listeners()).to.deep.equal([]);
      expect([...bob.socket.rooms])
        .to.include('others')
        .and.not.include('fans');
    });

    /** Waits until every client has received all that was sent; returns those that got the news. */
    async function listeners(): Promise<string[]> {
      const last = [ada, bob, eve].map(({ client }) => received(client, 'last'));
      app.io.emit('last');
      await Promise.all(last);
      return heardOf.sort();
    }
  });
});
