import { expect } from 'chai';
import * as msgpackParser from 'socket.io-msgpack-parser';
import type { SessionError } from '../../../source/index.js';
import { received, useApps } from '../../support/app.js';
import { ProcessEvents } from '../../support/process-events.js';
import { ControlledStore } from '../../support/stores.js';
import { until } from '../../support/waiting.js';

describe('The store may be slow or down', () => {
  const startApp = useApps();
  let store: ControlledStore;

  beforeEach(() => {
    store = new ControlledStore();
  });

  it('gives every read a deadline', async () => {
    const app = await startApp({ store, options: { storeTimeout: 20 } });
    app.expressionIO.sockets.on('connection', (err, _session, socket) => {
      socket.emit('connected', err?.code);
    });
    const { cookie } = await app.login();
    store.onGet = () => {};
    expect(await received(app.client({ cookie }), 'connected')).to.deep.equal([
      'ERR_SESSION_STORE_TIMEOUT',
    ]);
  });

  it('works again by itself when the store is back', async () => {
    const app = await startApp({ store, options: { storeTimeout: 20 } });
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('tell', (err, session, ack) => ack(err ? err.code : session.n));
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    store.onGet = () => {};
    expect(await client.emitWithAck('tell')).to.equal('ERR_SESSION_STORE_TIMEOUT');
    store.onGet = (_id, callback) => callback(new Error('refused'));
    expect(await client.emitWithAck('tell')).to.equal('ERR_SESSION_STORE');
    store.onGet = undefined;
    expect(await client.emitWithAck('tell')).to.equal(0);
  });

  it('bounds the events of one socket that wait, and gives the others an error at once', async () => {
    const app = await startApp({ store, options: { maxPending: 3 } });
    const answers: unknown[] = [];
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('tell', (err, session, ack) => ack(err ? err.code : session.n));
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    const other = await app.connect({ cookie });
    let answer = (): void => {};
    store.onGet = (_id, _callback, read) => {
      store.onGet = undefined;
      answer = read;
    };
    const waiting = [1, 2, 3].map(() => client.emitWithAck('tell'));
    answers.push(await client.emitWithAck('tell'));
    const unaffected = other.emitWithAck('tell');
    answer();
    answers.push(...(await Promise.all(waiting)), await unaffected);
    expect(answers).to.deep.equal(['ERR_SESSION_OVERLOAD', 0, 0, 0, 0]);
  });

  it('counts an event once, however many listeners it has, and decides for all of them', async () => {
    const app = await startApp({ store, options: { maxPending: 2 } });
    const told: unknown[] = [];
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      for (const name of ['a', 'b', 'c']) {
        socket.sessOn('tell', (err, _session, number) => told.push([number, name, err?.code]));
      }
      socket.on('bare', (ack) => ack());
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    let answer = (): void => {};
    store.onGet = (_id, _callback, read) => {
      store.onGet = undefined;
      answer = read;
    };
    for (const number of [1, 2, 3]) client.emit('tell', number);
    await client.emitWithAck('bare');
    const overloaded = ['a', 'b', 'c'].map((name) => [3, name, 'ERR_SESSION_OVERLOAD']);
    expect(told).to.deep.equal(overloaded);
    answer();
    await until(() => told.length >= 9);
    await client.emitWithAck('bare');
    expect(told).to.have.length(9);
    expect(told.slice(3).map((one) => String(one))).to.deep.equal(
      [1, 2].flatMap((number) => ['a', 'b', 'c'].map((name) => `${number},${name},`)),
    );
  });

  it('bounds also the events to which a client gives a reserved name', async () => {
    const app = await startApp({
      store,
      options: { maxPending: 2 },
      server: { parser: msgpackParser },
    });
    const codes: unknown[] = [];
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('disconnect', (err) => codes.push(err?.code));
      socket.on('bare', (ack) => ack());
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie, parser: msgpackParser });
    store.onGet = () => {};
    // The client's own `emit` would not send an event of that name.
    const packet = { type: 2, nsp: '/', data: ['disconnect', 'faked'], options: {} };
    for (let count = 0; count < 5; count++)
      Reflect.get(client.io, '_packet').call(client.io, packet);
    await client.emitWithAck('bare');
    expect(codes).to.deep.equal(Array(3).fill('ERR_SESSION_OVERLOAD'));
  });

  it('lets events of a socket wait again once the earlier ones were answered', async () => {
    const app = await startApp({ store, options: { maxPending: 1 } });
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('tell', (err, session, ack) => ack(err ? err.code : session.n));
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    for (let round = 0; round < 5; round++) expect(await client.emitWithAck('tell')).to.equal(0);
  });

  it('calls the `disconnect` listener also of a socket with as many waiting events as may wait', async () => {
    const app = await startApp({ store, options: { maxPending: 1 } });
    let tell = (_answer: unknown): void => {};
    const told = new Promise((resolve) => {
      tell = resolve;
    });
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('tell', () => {});
      socket.sessOn('disconnect', (err, session) => tell(err ? err.code : session.n));
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    let answer = (): void => {};
    const isAsked = new Promise<void>((resolve) => {
      store.onGet = (_id, _callback, read) => {
        store.onGet = undefined;
        answer = read;
        resolve();
      };
    });
    client.emit('tell');
    await isAsked;
    client.disconnect();
    await until(() => app.io.of('/').sockets.size === 0);
    answer();
    expect(await told).to.equal(0);
  });

  describe('with autoErrManager', () => {
    it('drops the event, reports it to `onError`, and leaves the client connected', async () => {
      const reported: unknown[] = [];
      const app = await startApp({
        store,
        options: {
          autoErrManager: true,
          onError: (error, { event }) => reported.push((error as SessionError).code, event),
        },
      });
      app.expressionIO.sockets.on('connection', (_session, socket) => {
        socket.sessOn('tell', (session, ack) => ack(session.n));
        socket.on('bare', (ack) => ack());
      });
      const { cookie } = await app.login();
      const client = await app.connect({ cookie });
      await new Promise<void>((resolve) => {
        store.onGet = (_id, callback) => {
          store.onGet = undefined;
          callback(new Error('refused'));
          resolve();
        };
        client.emit('tell', () => expect.fail('the event was not dropped'));
      });
      expect(await client.emitWithAck('tell')).to.equal(0);
      expect(reported).to.deep.equal(['ERR_SESSION_STORE', 'tell']);
      expect(client.connected).to.equal(true);
    });

    it('announces a client that came while the store was down once it is back', async () => {
      const reported: unknown[] = [];
      const app = await startApp({
        store,
        options: { autoErrManager: true, onError: (_error, { event }) => reported.push(event) },
      });
      app.io.on('connection', (raw) => raw.on('bare', (ack) => ack('at once')));
      app.expressionIO.sockets.on('connection', (session, socket) => {
        socket.emit('welcome', session.visitor?.name);
        socket.sessOn('tell', (session, ack) => ack(session.n));
      });
      const { cookie } = await app.login();
      store.onGet = (_id, callback) => callback(new Error('refused'));
      const client = app.client({ cookie });
      const welcome = received(client, 'welcome');
      expect(await client.emitWithAck('bare')).to.equal('at once');
      store.onGet = undefined;
      expect(await welcome).to.deep.equal(['Ada']);
      expect(await client.emitWithAck('tell')).to.equal(0);
      expect(reported).to.deep.equal(['connection']);
    });
  });

  describe('without `onError`', () => {
    it('is a process warning, once per kind, and never ends the process', async () => {
      const app = await startApp({ store, options: { autoErrManager: true } });
      app.expressionIO.sockets.on('connection', (_session, socket) => {
        socket.sessOn('tell', (session, ack) => ack(session.n));
      });
      const { cookie, sessionId } = await app.login();
      const client = await app.connect({ cookie });
      const warnings = new ProcessEvents('warning');
      try {
        for (const _failure of [1, 2]) {
          await new Promise<void>((resolve) => {
            store.onGet = (_id, callback) => {
              callback(new Error(`no ${sessionId}`));
              resolve();
            };
            client.emit('tell');
          });
        }
        store.onGet = undefined;
        expect(await client.emitWithAck('tell')).to.equal(0);
        expect(warnings.values).to.have.length(1);
        expect(warnings.values[0]).to.include({
          name: 'SessionWarning',
          code: 'ERR_SESSION_STORE',
        });
        expect(String(warnings.values[0])).not.to.contain(sessionId);
      } finally {
        warnings.stop();
      }
    });
  });
});
