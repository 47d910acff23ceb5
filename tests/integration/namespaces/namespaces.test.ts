import { createServer } from 'node:http';
import { expect } from 'chai';
import { Server } from 'socket.io';
import { App, received, refused, useApps } from '../../support/app.js';

describe('`.of(name)`: the wrapper of a namespace: string, RegExp, function or a Namespace', () => {
  const startApp = useApps();
  let app: App;

  beforeEach(async () => {
    app = await App.start();
  });

  afterEach(() => app.stop());

  describe('same namespace, same wrapper', () => {
    it('is the same for the same name', () => {
      expect(app.expressionIO.of('/chat')).to.equal(app.expressionIO.of('/chat'));
      expect(app.expressionIO.of('/chat')).to.not.equal(app.expressionIO.of('/news'));
    });

    it('is the same with a leading slash and without', () => {
      expect(app.expressionIO.of('chat')).to.equal(app.expressionIO.of('/chat'));
    });

    it('is `sockets` for the main namespace', () => {
      expect(app.expressionIO.of('/')).to.equal(app.expressionIO.sockets);
      expect(app.expressionIO.sockets.namespace).to.equal(app.io.of('/'));
    });

    it('is the same for regular expressions of the same source and flags', () => {
      expect(app.expressionIO.of(/^\/room-\d+$/)).to.equal(app.expressionIO.of(/^\/room-\d+$/));
      expect(app.expressionIO.of(/^\/room$/i)).to.not.equal(app.expressionIO.of(/^\/room$/));
      expect(app.expressionIO.of(/^\/room$/)).to.not.equal(app.expressionIO.of(/^\/hall$/));
    });

    it('is the same for the same function', () => {
      const check = (_name: string, _auth: unknown, next: (err: null, ok: boolean) => void): void =>
        next(null, true);

      expect(app.expressionIO.of(check)).to.equal(app.expressionIO.of(check));
    });

    it('is the same for the Namespace and for its name', () => {
      expect(app.expressionIO.of(app.io.of('/chat'))).to.equal(app.expressionIO.of('/chat'));
    });

    it('is the same for a parent Namespace and for its regular expression', () => {
      const wrapper = app.expressionIO.of(/^\/room-\d+$/);

      expect(app.expressionIO.of(wrapper.namespace)).to.equal(wrapper);
    });

    it('is another one for another server', async () => {
      const other = await startApp();
      expect(other.expressionIO.of('/chat')).to.not.equal(app.expressionIO.of('/chat'));
    });
  });

  it('has Socket.IO’s own namespace as `namespace`', () => {
    expect(app.expressionIO.of('/chat').namespace).to.equal(app.io.of('/chat'));
  });

  describe('a wrong argument', () => {
    it('is a TypeError where it is a namespace of another server', async () => {
      const other = new Server(createServer());
      try {
        expect(() => app.expressionIO.of(other.of('/chat'))).to.throw(
          TypeError,
          'expected a namespace of this server',
        );
      } finally {
        await other.close();
      }
    });

    for (const wrong of [undefined, null, 1, {}, []]) {
      it(`is a TypeError where it is ${JSON.stringify(wrong)}`, () => {
        expect(() => app.expressionIO.of(wrong as unknown as string)).to.throw(
          TypeError,
          '`of`: expected a namespace, or its name',
        );
      });
    }
  });

  describe('`on` and `off`', () => {
    it('pass connections on with their session', async () => {
      const names: unknown[] = [];
      app.expressionIO.of('/chat').on('connection', (_err, session, socket) => {
        names.push(session?.visitor?.name, socket.nsp.name);
      });
      const { cookie } = await app.login();
      await app.connect({ cookie, namespace: '/chat' });
      await app.connect({ cookie });

      expect(names).to.deep.equal(['Ada', '/chat']);
    });

    it('understand `connect` as `connection`', async () => {
      const ids: unknown[] = [];
      app.expressionIO.sockets.on('connect', (_err, _session, socket) => ids.push(socket.id));
      const client = await app.connect();

      expect(ids).to.deep.equal([client.id]);
    });

    it('return the wrapper', () => {
      const wrapper = app.expressionIO.of('/chat');
      const listener = (): void => {};

      expect(wrapper.on('connection', listener)).to.equal(wrapper);
      expect(wrapper.off('connection', listener)).to.equal(wrapper);
      expect(wrapper.on('cluster', listener)).to.equal(wrapper);
      expect(wrapper.off('cluster', listener)).to.equal(wrapper);
    });

    it('remove a `connection` listener', async () => {
      const calls: string[] = [];
      const first = (): unknown => calls.push('first');
      const second = (): unknown => calls.push('second');
      app.expressionIO.sockets.on('connection', first).on('connection', second);
      app.expressionIO.sockets.off('connection', first);
      app.expressionIO.sockets.off('connection', () => {});
      await app.connect();

      expect(calls).to.deep.equal(['second']);
    });

    it('remove a listener that was added twice once', async () => {
      const calls: string[] = [];
      const listener = (): unknown => calls.push('called');
      app.expressionIO.sockets.on('connection', listener).on('connection', listener);
      app.expressionIO.sockets.off('connection', listener);
      await app.connect();

      expect(calls).to.deep.equal(['called']);
    });

    it('add a `connection` listener also after `removeAllListeners` of the namespace', async () => {
      const calls: string[] = [];
      app.expressionIO.sockets.on('connection', () => calls.push('removed'));
      app.io.of('/').removeAllListeners('connection');
      await app.connect();
      app.expressionIO.sockets.on('connection', () => calls.push('first'));
      app.expressionIO.sockets.on('connection', () => calls.push('second'));
      await app.connect();

      expect(calls).to.deep.equal(['first', 'second']);
    });

    it('call each listener once where another library has wrapped the function that calls it', async () => {
      const calls: string[] = [];
      const namespace = app.io.of('/');
      app.expressionIO.sockets.on('connection', () => calls.push('first'));
      const [own] = namespace.rawListeners('connection').slice(-1);
      namespace.removeAllListeners('connection');
      namespace.on('connection', (socket) => own?.(socket));
      await app.connect();
      const second = (): unknown => calls.push('second');
      app.expressionIO.sockets.on('connection', second);
      await app.connect();
      app.expressionIO.sockets.off('connection', second);
      await app.connect();
      app.expressionIO.close();
      await app.connect();

      expect(calls).to.deep.equal(['first', 'first', 'second', 'first']);
    });

    it('pass other events to the namespace', () => {
      const calls: unknown[] = [];
      const listener = (...args: unknown[]): unknown => calls.push(args);
      const { namespace } = app.expressionIO.of('/chat').on('cluster', listener);
      namespace._onServerSideEmit(['cluster', 1, 'two']);
      app.expressionIO.of('/chat').off('cluster', listener);
      namespace._onServerSideEmit(['cluster', 3]);

      expect(calls).to.deep.equal([[1, 'two']]);
      expect(namespace.listeners('cluster')).to.deep.equal([]);
    });

    it('refuse what is no function', () => {
      const wrong = 'no function' as unknown as () => void;

      expect(() => app.expressionIO.sockets.on('connection', wrong)).to.throw(TypeError, '`on`');
      expect(() => app.expressionIO.sockets.off('connection', wrong)).to.throw(TypeError, '`off`');
      expect(() => app.expressionIO.sockets.authorization(wrong)).to.throw(
        TypeError,
        '`authorization`',
      );
    });
  });

  describe('`emit`', () => {
    it('reaches every client of the namespace, and no other', async () => {
      const wrapper = app.expressionIO.of('/chat');
      const [first, second, elsewhere] = await Promise.all([
        app.connect({ namespace: '/chat' }),
        app.connect({ namespace: '/chat' }),
        app.connect(),
      ]);
      const heardElsewhere: unknown[] = [];
      elsewhere.onAny((event: string) => heardElsewhere.push(event));
      const news = [first, second].map((client) => received(client, 'news'));
      const last = received(elsewhere, 'last');

      expect(wrapper.emit('news', 1, null)).to.equal(true);
      app.expressionIO.sockets.emit('last');
      await last;

      expect(await Promise.all(news)).to.deep.equal([
        [1, null],
        [1, null],
      ]);
      expect(heardElsewhere).to.deep.equal(['last']);
    });

    it('reaches the clients of all children of a parent namespace', async () => {
      const wrapper = app.expressionIO.of(/^\/room-\d+$/);
      const clients = await Promise.all([
        app.connect({ namespace: '/room-1' }),
        app.connect({ namespace: '/room-2' }),
      ]);
      const news = clients.map((client) => received(client, 'news'));
      wrapper.emit('news', 'to all');

      expect(await Promise.all(news)).to.deep.equal([['to all'], ['to all']]);
    });
  });

  describe('with an `authorization`', () => {
    it('refuses the clients of this namespace, and of no other', async () => {
      app.expressionIO.of('/chat').authorization(() => false);

      expect((await refused(app.client({ namespace: '/chat' }))).data).to.deep.equal({
        code: 'ERR_SESSION_REFUSED',
      });
      await app.connect({ namespace: '/' });
    });
  });
});
