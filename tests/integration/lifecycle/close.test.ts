import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import { ExpressionSocket, type SessionError } from '../../../source/index.js';
import { App, refused, secret } from '../../support/app.js';
import { ControlledStore } from '../../support/stores.js';

describe('expressionIO.close()', () => {
  let store: ControlledStore;
  let app: App;

  beforeEach(async () => {
    store = new ControlledStore();
    app = await App.start({ store });
  });
  afterEach(() => app.stop());

  it('leaves the sockets connected, and takes the session listeners off them', async () => {
    let listenersLeft = (): unknown => undefined;
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('tell', () => {});
      socket.sessOnce('tell', () => {});
      socket.on('bare', (ack) => ack());
      listenersLeft = () => [socket.listenerCount('tell'), socket.listenerCount('bare')];
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    app.expressionIO.close();
    await client.emitWithAck('bare');
    expect(listenersLeft()).to.deep.equal([0, 1]);
    expect(client.connected).to.equal(true);
  });

  it('announces no client afterwards', async () => {
    let announced = 0;
    const count = (): void => {
      announced++;
    };
    app.expressionIO.sockets.on('connection', count);
    app.expressionIO.of(/^\/room-\d+$/).on('connection', count);
    await app.connect({ namespace: '/room-1' });
    app.expressionIO.close();
    await app.connect();
    await app.connect({ namespace: '/room-1' });
    await app.connect({ namespace: '/room-2' });
    expect(announced).to.equal(1);
    expect(app.io.of('/').listenerCount('connection')).to.equal(0);
    expect(app.io.of('/room-1').listenerCount('connection')).to.equal(0);
  });

  it('refuses clients where there was an `authorization`, because a middleware cannot be removed', async () => {
    app.expressionIO.of('/gated').authorization(() => true);
    app.expressionIO.of('/open');
    app.expressionIO.close();
    const { cookie } = await app.login();
    const refusal = await refused(app.client({ cookie, namespace: '/gated' }));
    expect(refusal.data).to.deep.equal({ code: 'ERR_SESSION_REFUSED' });
    await app.connect({ cookie, namespace: '/open' });
  });

  it('removes its listener from the adapter', async () => {
    const { adapter } = app.io.of('/');
    const before = adapter.listenerCount('leave-room');
    app.expressionIO.sockets.on('connection', () => {});
    const { cookie } = await app.login();
    await app.connect({ cookie });
    expect(adapter.listenerCount('leave-room')).to.equal(before + 1);
    app.expressionIO.close();
    expect(adapter.listenerCount('leave-room')).to.equal(before);
  });

  it('takes its other listeners off the namespace', () => {
    const { sockets } = app.expressionIO;
    sockets.on('hello', () => {});
    expect(sockets.namespace.listenerCount('hello')).to.equal(1);
    app.expressionIO.close();
    expect(sockets.namespace.listenerCount('hello')).to.equal(0);
  });

  it('leaves a listener on the namespace that was taken off the wrapper before', () => {
    const { sockets } = app.expressionIO;
    const listener = (): void => {};
    sockets.on('hello', listener).off('hello', listener);
    sockets.namespace.on('hello', listener);
    app.expressionIO.close();
    expect(sockets.namespace.listeners('hello')).to.deep.equal([listener]);
  });

  it('lets a listener that is running save', async () => {
    let goOn = (): void => {};
    const isClosed = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let tell = (_error: unknown): void => {};
    const saved = new Promise((resolve) => {
      tell = resolve;
    });
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('work', async (_err, session) => {
        socket.emit('at work');
        await isClosed;
        await session?.save().then(tell, tell);
      });
    });
    const client = await app.connect(await app.login());
    const isAtWork = new Promise<void>((resolve) => client.once('at work', () => resolve()));
    client.emit('work');
    await isAtWork;
    app.expressionIO.close();
    goOn();
    expect(await saved).to.equal(undefined);
  });

  it('does nothing when it is called again', () => {
    app.expressionIO.close();
    app.expressionIO.close();
  });

  it('waits for no store that hangs, and gives what waits an error', async () => {
    let tell = (_code: unknown): void => {};
    const told = new Promise((resolve) => {
      tell = resolve;
    });
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('tell', (err) => tell(err));
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    const isAsked = new Promise<void>((resolve) => {
      store.onGet = () => resolve();
    });
    client.emit('tell');
    await isAsked;
    app.expressionIO.close();
    const error = (await told) as SessionError;
    expect(error.code).to.equal('ERR_SESSION_STORE_TIMEOUT');
    expect(error.message).to.contain('close()');
  });

  it('makes `of()` throw afterwards', () => {
    app.expressionIO.close();
    expect(() => app.expressionIO.of('/late')).to.throw('closed');
  });

  it('spares other instances on the same server and store', async () => {
    const other = new ExpressionSocket(app.io, store, cookieParser(secret));
    try {
      other.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('tell', (err, session, ack) => ack(err ? err.code : session.n));
      });
      app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('tell', () => {});
      });
      const { cookie } = await app.login();
      const client = await app.connect({ cookie });
      app.expressionIO.close();
      expect(await client.emitWithAck('tell')).to.equal(0);
      const later = await app.connect({ cookie });
      expect(await later.emitWithAck('tell')).to.equal(0);
    } finally {
      other.close();
    }
  });
});
