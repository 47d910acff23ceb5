import { expect } from 'chai';
import { App, connected, received, refused, useApps } from '../../support/app.js';
import { ControlledStore } from '../../support/stores.js';

describe('authorization', () => {
  const startApp = useApps();
  let store: ControlledStore;
  let app: App;

  beforeEach(async () => {
    store = new ControlledStore();
    app = await App.start({ store });
  });
  afterEach(() => app.stop());

  it('is given the session and the handshake, and admits the client if it accepts', async () => {
    const given: unknown[] = [];
    app.expressionIO.of('/chat').authorization((err, session, handshake, fn) => {
      given.push(err, session?.visitor?.name, handshake.auth);
      fn(null, true);
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie, namespace: '/chat', auth: { room: 'lobby' } });
    expect(client.connected).to.equal(true);
    expect(given).to.deep.equal([null, 'Ada', { room: 'lobby' }]);
  });

  it('is given the reason why there is no session, and may pass it on', async () => {
    app.expressionIO.sockets.authorization((err, session, _handshake, fn) => {
      fn(err, session !== null);
    });
    const refusal = await refused(app.client());
    expect(refusal.data).to.deep.equal({ code: 'ERR_SESSION_COOKIE_MISSING' });
  });

  it('may admit a visitor without a session', async () => {
    app.expressionIO.sockets.authorization((err, _session, _handshake, fn) => {
      fn(null, err?.code === 'ERR_SESSION_COOKIE_MISSING');
    });
    await app.connect();
  });

  for (const answer of [false, 1, 'yes', {}, undefined, null]) {
    it(`refuses where fn is given ${JSON.stringify(answer) ?? 'undefined'}: only true accepts`, async () => {
      app.expressionIO.sockets.authorization((_err, _session, _handshake, fn) => {
        fn(null, answer as boolean);
      });
      const refusal = await refused(app.client());
      expect(refusal.data).to.deep.equal({ code: 'ERR_SESSION_REFUSED' });
    });
  }

  it('refuses where fn is given an error and true', async () => {
    app.expressionIO.sockets.authorization((_err, _session, _handshake, fn) => {
      fn(new Error('no'), true);
    });
    expect((await refused(app.client())).message).to.equal('no');
  });

  it("passes an application's own error on, as `next(err)` would", async () => {
    app.expressionIO.sockets.authorization((_err, _session, _handshake, fn) => {
      fn(Object.assign(new Error('banned'), { data: { until: 2030 } }));
    });
    const refusal = await refused(app.client());
    expect(refusal.message).to.equal('banned');
    expect(refusal.data).to.deep.equal({ until: 2030 });
  });

  it('passes on a string that is given instead of an error', async () => {
    app.expressionIO.sockets.authorization((_err, _session, _handshake, fn) => fn('banned', false));
    const refusal = await refused(app.client());
    expect(refusal.message).to.equal('banned');
    expect(refusal.data).to.deep.equal({ code: 'ERR_SESSION_REFUSED' });
  });

  for (const [how, listener] of [
    ['returns', (_err: unknown, session: unknown) => session !== null],
    ['resolves to', async (_err: unknown, session: unknown) => session !== null],
  ] as const) {
    it(`may be a listener that ${how} a boolean`, async () => {
      app.expressionIO.sockets.authorization(listener);
      const { cookie } = await app.login();
      await connected(app.client({ cookie }));
      expect((await refused(app.client())).data?.code).to.equal('ERR_SESSION_REFUSED');
    });
  }

  it('takes the first answer only', async () => {
    app.expressionIO.sockets.authorization((_err, _session, _handshake, fn) => {
      fn(null, false);
      fn(null, true);
      return true;
    });
    expect((await refused(app.client())).data?.code).to.equal('ERR_SESSION_REFUSED');
  });

  it('asks several listeners in their order, until one refuses', async () => {
    const asked: string[] = [];
    app.expressionIO.sockets
      .authorization(async () => {
        await new Promise(setImmediate);
        asked.push('first');
        return true;
      })
      .authorization((_err, _session, _handshake, fn) => {
        asked.push('second');
        fn(null, false);
      })
      .authorization(() => {
        asked.push('third');
        return true;
      });
    await refused(app.client());
    expect(asked).to.deep.equal(['first', 'second']);
  });

  it('admits a client that all of them accept', async () => {
    app.expressionIO.sockets.authorization(() => true).authorization(async () => true);
    await app.connect();
  });

  it('applies to its own namespace only', async () => {
    app.expressionIO.of('/closed').authorization(() => false);
    app.expressionIO.of('/open');
    await app.connect({ namespace: '/open' });
    await refused(app.client({ namespace: '/closed' }));
  });

  it('announces no refused client to the `connection` listeners', async () => {
    let announced = 0;
    app.expressionIO.sockets
      .authorization((err) => err === null)
      .on('connection', () => {
        announced++;
      });
    await refused(app.client());
    const { cookie } = await app.login();
    await app.connect({ cookie });
    expect(announced).to.equal(1);
  });

  it('costs one store read, and the connection one more', async () => {
    app.expressionIO
      .of('/gated')
      .authorization(() => true)
      .authorization(() => true);
    app.expressionIO.of('/open');
    const { cookie } = await app.login();
    store.reads.length = 0;
    await app.connect({ cookie, namespace: '/open' });
    expect(store.reads).to.have.length(1);
    await app.connect({ cookie, namespace: '/gated' });
    expect(store.reads).to.have.length(3);
  });

  describe('when it never answers', () => {
    it('refuses at the deadline, and tells `onError`', async () => {
      const reported: unknown[] = [];
      const impatient = await startApp({
        options: { storeTimeout: 20, onError: (error, { event }) => reported.push(error, event) },
      });
      impatient.expressionIO.sockets.authorization(() => {});
      const refusal = await refused(impatient.client());
      expect(refusal.data).to.deep.equal({ code: 'ERR_SESSION_REFUSED' });
      expect(reported[0]).to.have.property('message').that.contains('did not answer within 20 ms');
      expect(reported[0]).to.have.property('code', 'ERR_SESSION_REFUSED');
      expect(reported[1]).to.equal('authorization');
    });
  });

  describe('with autoErrManager', () => {
    it('refuses a client without a session by itself, and is called with a session only', async () => {
      const auto = await startApp({ options: { autoErrManager: true } });
      const asked: unknown[] = [];
      auto.expressionIO.sockets
        .authorization((session, handshake, fn) => {
          asked.push(session.visitor?.name, handshake.query.EIO);
          fn(null, true);
        })
        .on('connection', (session, socket) => socket.emit('welcome', session.visitor?.name));
      expect((await refused(auto.client())).data?.code).to.equal('ERR_SESSION_COOKIE_MISSING');
      const { cookie } = await auto.login();
      expect(await received(auto.client({ cookie }), 'welcome')).to.deep.equal(['Ada']);
      expect(asked).to.deep.equal(['Ada', '4']);
    });
  });
});
