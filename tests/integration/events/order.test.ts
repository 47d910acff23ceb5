import { expect } from 'chai';
import fc from 'fast-check';
import { App, useApps } from '../../support/app.js';
import { ControlledStore } from '../../support/stores.js';

/** What the store may do with one read. */
const reading = fc.record({
  latency: fc.integer({ min: 0, max: 4 }),
  fails: fc.boolean(),
});

/** One event: which socket sends it, under which name. */
const sending = fc.record({
  client: fc.integer({ min: 0, max: 2 }),
  event: fc.constantFrom('a', 'b', 'c'),
  pause: fc.boolean(),
});

describe('In order: listeners of one session are called in the order in which the events arrived', () => {
  const startApp = useApps();
  let store: ControlledStore;
  let app: App;
  let arrived: number[];
  let called: number[];

  beforeEach(async () => {
    store = new ControlledStore();
    app = await App.start({ store });
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.use(([, number], next) => {
        arrived.push(number);
        next();
      });
      for (const event of ['a', 'b', 'c']) {
        socket.sessOn(event, (_err, _session, number, ack) => {
          called.push(number);
          ack();
        });
      }
    });
  });
  afterEach(() => app.stop());

  it('keeps the order over all event names and sockets, whatever the latency and failures of the store', async () => {
    const { cookie } = await app.login();
    const clients = await Promise.all([0, 1, 2].map(() => app.connect({ cookie })));

    await fc.assert(
      fc.asyncProperty(
        fc.array(sending, { minLength: 1, maxLength: 30 }),
        fc.infiniteStream(reading),
        async (sendings, readings) => {
          arrived = [];
          called = [];
          store.onGet = (_id, callback, read) => {
            const { latency, fails } = readings.next().value;
            const answer = (): void => (fails ? callback(new Error('refused')) : read());
            if (latency === 0) answer();
            else setTimeout(answer, latency);
          };
          const acknowledgements: Promise<unknown>[] = [];
          for (const [number, { client, event, pause }] of sendings.entries()) {
            acknowledgements.push(clients[client]?.emitWithAck(event, number) as Promise<unknown>);
            if (pause) await new Promise(setImmediate);
          }
          await Promise.all(acknowledgements);
          expect(called).to.deep.equal(arrived);
          expect(called).to.have.length(sendings.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('does not wait for what an earlier listener promises', async () => {
    const order: string[] = [];
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('slow', async () => {
        order.push('slow called');
        await new Promise<void>((resolve) => socket.once('go on', resolve));
        order.push('slow done');
      });
      socket.sessOn('quick', (_err, _session, ack) => {
        order.push('quick called');
        ack();
      });
    });
    arrived = [];
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    client.emit('slow');
    await client.emitWithAck('quick');
    expect(order).to.deep.equal(['slow called', 'quick called']);
  });

  it('keeps the order when a read misses its deadline and answers after all', async () => {
    const late = await startApp({ store, options: { storeTimeout: 20 } });
    const calls: unknown[] = [];
    late.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('count', (err, _session, number, ack) => {
        calls.push([number, err?.code ?? null]);
        ack();
      });
    });
    const { cookie } = await late.login();
    const client = await late.connect({ cookie });
    let answerLate = (): void => {};
    const isAsked = new Promise<void>((resolve) => {
      store.onGet = (_id, _callback, read) => {
        answerLate = read;
        store.onGet = undefined;
        resolve();
      };
    });
    const first = client.emitWithAck('count', 1);
    await isAsked;
    const second = client.emitWithAck('count', 2);
    await Promise.all([first, second]);
    answerLate();
    await client.emitWithAck('count', 3);
    expect(calls).to.deep.equal([
      [1, 'ERR_SESSION_STORE_TIMEOUT'],
      [2, null],
      [3, null],
    ]);
  });
});
