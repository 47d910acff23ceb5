import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { expect } from 'chai';
import fc from 'fast-check';
import { App, received } from '../../support/app.js';
import { ControlledStore } from '../../support/stores.js';

const argument = fc.oneof(
  fc.constantFrom<unknown>(0, '', false, null, -0, 'x', true, [], {}),
  fc.integer(),
  fc.string(),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  fc.array(fc.integer(), { maxLength: 3 }),
);

describe('Nothing lost: every event reaches its listener exactly once', () => {
  let store: ControlledStore;
  let app: App;

  beforeEach(async () => {
    store = new ControlledStore();
    app = await App.start({ store });
  });
  afterEach(() => app.stop());

  for (const name of ['sessOn', 'sessOnce'] as const) {
    it(`passes on every argument and the acknowledgement, whatever they are (${name})`, async () => {
      const calls: unknown[][] = [];
      let register = (_event: string): void => {};
      app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        register = (event) => {
          socket[name](event, (err, _session, ...args) => {
            const ack = args.pop();
            calls.push(err ? [err.code] : args);
            ack(...args);
          });
        };
      });
      const { cookie } = await app.login();
      const client = await app.connect({ cookie });
      let count = 0;

      await fc.assert(
        fc.asyncProperty(fc.array(argument, { maxLength: 6 }), async (args) => {
          const event = `event ${count++}`;
          register(event);
          calls.length = 0;
          const acknowledged = await new Promise<unknown[]>((resolve) => {
            client.emit(event, ...args, (...back: unknown[]) => resolve(back));
          });
          // `-0` and `undefined` do not survive JSON; the bare socket shows what does.
          const expected = args.map((value) => (Object.is(value, -0) ? 0 : value));
          expect(calls).to.deep.equal([expected]);
          expect(acknowledged).to.deep.equal(expected);
        }),
        { numRuns: 100 },
      );
    });
  }

  it('passes on what a middleware has added, however it is built', async () => {
    const added: unknown[] = [];
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.use((event, next) => {
        const context: Record<string, unknown> = { socket };
        context.self = context;
        event.splice(1, 0, context);
        added.push(context);
        next();
      });
      socket.sessOn('go', (err, _session, context, ack) =>
        ack(err?.code ?? added.includes(context)),
      );
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    expect(await client.emitWithAck('go')).to.equal(true);
    expect(await client.emitWithAck('go')).to.equal(true);
  });

  it('passes on what arrives without an acknowledgement, including `undefined`', async () => {
    let tell = (_args: unknown[]): void => {};
    const called = new Promise<unknown[]>((resolve) => {
      tell = resolve;
    });
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('bare', (_err, _session, ...args) => tell(args));
      // What no parser transmits, a middleware may still put there.
      socket.use((event, next) => {
        event.push(undefined);
        next();
      });
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    client.emit('bare', 0);
    expect(await called).to.deep.equal([0, undefined]);
  });

  it('calls the listener also when the client leaves while its session loads', async () => {
    const calls: unknown[] = [];
    let left = (): void => {};
    const isGone = new Promise<void>((resolve) => {
      left = resolve;
    });
    let finish = (): void => {};
    const isCalled = new Promise<void>((resolve) => {
      finish = resolve;
    });
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.on('disconnect', () => left());
      socket.sessOn('last words', (err, session, words) => {
        calls.push(words, err ?? session.n, socket.connected);
        finish();
      });
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    let answer = (): void => {};
    const isAsked = new Promise<void>((resolve) => {
      store.onGet = (_id, _callback, read) => {
        answer = read;
        resolve();
      };
    });
    client.emit('last words', 'farewell');
    await isAsked;
    client.disconnect();
    await isGone;
    answer();
    await isCalled;
    expect(calls).to.deep.equal(['farewell', 0, false]);
  });

  it('loses no early event: `use` and `onAny` of the connection listener see them all', async () => {
    const seen: unknown[] = [];
    const calls: unknown[] = [];
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.onAny((event) => seen.push(['onAny', event]));
      socket.use(([event], next) => {
        seen.push(['use', event]);
        next();
      });
      socket.sessOn('early', (_err, _session, number) => calls.push(number));
      socket.sessOn('last', (_err, _session, ack) => ack());
    });
    const { cookie } = await app.login();
    store.onGet = (_id, _callback, read) => setImmediate(read);
    const client = app.client({ cookie });
    // Buffered by the client, and sent in the same packet run as its connection.
    for (const number of [1, 2, 3]) client.emit('early', number);
    await client.emitWithAck('last');

    expect(calls).to.deep.equal([1, 2, 3]);
    expect(seen.filter((entry) => String(entry) === 'onAny,early')).to.have.length(3);
    expect(seen.filter((entry) => String(entry) === 'use,early')).to.have.length(3);
  });

  it('never announces a client that leaves while its first session loads', async () => {
    let announced = 0;
    app.expressionIO.sockets.on('connection', () => {
      announced++;
    });
    const { cookie } = await app.login();
    let answer = (): void => {};
    const isAsked = new Promise<void>((resolve) => {
      store.onGet = (_id, _callback, read) => {
        answer = read;
        resolve();
      };
    });
    const [[engineSocket]] = await Promise.all([
      once(app.io.engine, 'connection'),
      (async () => {
        const client = app.client({ cookie });
        await isAsked;
        client.disconnect();
      })(),
    ]);
    if (engineSocket.readyState !== 'closed') await once(engineSocket, 'close');
    store.onGet = undefined;
    answer();
    const next = await app.connect({ cookie });
    expect(next.connected).to.equal(true);
    expect(announced).to.equal(1);
  });

  it('calls each connection listener once per connection', async () => {
    const calls: string[] = [];
    const socketIds: string[] = [];
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      calls.push('first');
      socketIds.push(socket.id);
    });
    app.expressionIO.sockets.on('connect', () => calls.push('second'));
    const { cookie } = await app.login();
    await app.connect({ cookie });
    await app.connect();
    await app.connect({ cookie });
    expect(calls).to.deep.equal(['first', 'second', 'first', 'second', 'first', 'second']);
    expect(new Set(socketIds).size).to.equal(3);
  });

  it('calls a listener once when a store calls back twice', async () => {
    let calls = 0;
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('count', (_err, _session, ack) => {
        calls++;
        ack();
      });
      socket.sessOn('after', (_err, _session, ack) => ack());
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    store.onGet = (_id, callback, read) => {
      read();
      setImmediate(() => callback(new Error('once more')));
      read();
    };
    await client.emitWithAck('count');
    await client.emitWithAck('after');
    expect(calls).to.equal(1);
  });

  it('answers in the asynchronous context of the event', async () => {
    const context = new AsyncLocalStorage<number>();
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.use(([, number], next) => context.run(number, next));
      socket.sessOn('context', (_err, _session, _number, ack) => ack(context.getStore()));
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    const answers = await Promise.all(
      [1, 2, 3].map((number) => client.emitWithAck('context', number)),
    );
    expect(answers).to.deep.equal([1, 2, 3]);
  });

  it('sends what a connection listener emits at once', async () => {
    app.expressionIO.sockets.on('connection', (err, session, socket) => {
      socket.emit('welcome', err ?? session.visitor?.name);
    });
    const { cookie } = await app.login();
    expect(await received(app.client({ cookie }), 'welcome')).to.deep.equal(['Ada']);
  });
});
