import { expect } from 'chai';
import type { SocketSession } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { holdNext, SlowStore } from '../../support/slow-store.js';
import { codeOf, Visits } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

const maxPending = 10;

describe('A flood of writes', () => {
  let store: SlowStore;
  let app: App;
  let visits: Visits;
  let reported: unknown[];

  beforeEach(async () => {
    reported = [];
    store = new SlowStore();
    app = await App.start({
      store,
      options: { maxPending, touch: false, onError: (error) => reported.push(error) },
    });
    visits = new Visits(app);
  });
  afterEach(() => app.stop());
  expectNoCrash();

  const increment = (session: SocketSession): Promise<unknown> =>
    codeOf(
      session.update((fresh) => {
        fresh.n = (fresh.n ?? 0) + 1;
      }),
    );

  const floods: Readonly<Record<string, (session: SocketSession) => Promise<unknown>>> = {
    'update()': increment,
    'save()': (session) => {
      session['test:value'] = Math.random();
      return codeOf(session.save());
    },
    'expressionIO.update()': ({ id }) =>
      codeOf(
        app.expressionIO.update(id, (fresh) => {
          fresh.n = (fresh.n ?? 0) + 1;
        }),
      ),
  };

  for (const [what, write] of Object.entries(floods)) {
    it(`of ${what} is refused with ERR_SESSION_OVERLOAD at once, and works again`, async () => {
      const { go } = await visits.visitor();
      await go(async (session) => {
        const gate = holdNext(store, 'get');
        const outcomes: unknown[] = [];
        const writes = Array.from({ length: 100 }, async () => {
          outcomes.push(await write(session));
        });
        await gate.reached;
        await until(() => outcomes.length > 0);
        // The store has not answered anything.
        expect(outcomes).to.have.length(100 - maxPending - 1);
        expect(new Set(outcomes)).to.deep.equal(new Set(['ERR_SESSION_OVERLOAD']));
        gate.open();
        await Promise.all(writes);
        expect(outcomes.filter((outcome) => outcome === 'fulfilled')).to.have.length(
          maxPending + 1,
        );
        expect(await write(session)).to.equal('fulfilled');
      });
    });

    it(`of ignored ${what} is reported and ends no process`, async () => {
      const { go } = await visits.visitor();
      await go((session) => {
        for (let count = 0; count < 50; count++) void write(session);
      });
      expect(await go((session) => write(session))).to.be.oneOf([
        'fulfilled',
        'ERR_SESSION_OVERLOAD',
      ]);
    });
  }

  it('counts no update twice, and loses none that it did not refuse', async () => {
    const { go, sessionId } = await visits.visitor();
    const outcomes = (await go((session) =>
      Promise.all(Array.from({ length: 200 }, () => increment(session))),
    )) as unknown[];
    const count = outcomes.filter((outcome) => outcome === 'fulfilled').length;
    expect(store.record(sessionId)).to.have.property('n', count);
  });

  it('of one visitor does not affect the others', async () => {
    const [one, other] = [await visits.visitor(), await visits.visitor()];
    await one.go(async (session) => {
      const gate = holdNext(store, 'get');
      const writes = Array.from({ length: 100 }, () => increment(session));
      await gate.reached;
      expect(await other.go(increment)).to.equal('fulfilled');
      gate.open();
      await Promise.all(writes);
    });
  });

  it('of many visitors is bounded in total, and does not affect writes that need not wait', async () => {
    const floods: Promise<unknown>[] = [];
    const gates: { open(): void }[] = [];
    for (let visitor = 0; visitor < 12; visitor++) {
      const { sessionId } = await app.login();
      const gate = holdNext(store, 'get');
      gates.push(gate);
      for (let count = 0; count < 20; count++) {
        floods.push(
          codeOf(
            app.expressionIO.update(sessionId, (session) => {
              session.n = 1;
            }),
          ),
        );
      }
      await gate.reached;
    }
    const { go } = await visits.visitor();
    expect(await go(increment)).to.equal('fulfilled');
    for (const gate of gates) gate.open();
    const outcomes = await Promise.all(floods);
    // Twelve have the turn, and ten times as many wait as may for one session.
    expect(outcomes.filter((outcome) => outcome === 'fulfilled')).to.have.length(
      12 + 10 * maxPending,
    );
  });

  it('is bounded in what its changes hold, too', async () => {
    const { go } = await visits.visitor();
    await go(async (session) => {
      const gate = holdNext(store, 'get');
      const outcomes: unknown[] = [];
      const writes = Array.from({ length: 5 }, async (_, n) => {
        session['test:large'] = { n, text: 'x'.repeat(7_000_000) };
        outcomes.push(await codeOf(session.save()));
      });
      await gate.reached;
      // One has the turn, one waits for it as one may always, and two have all the room.
      await until(() => outcomes.length > 0);
      expect(outcomes).to.deep.equal(['ERR_SESSION_OVERLOAD']);
      gate.open();
      await Promise.all(writes);
      expect(outcomes.slice(1)).to.deep.equal(Array(4).fill('fulfilled'));
      session['test:large'] = 'small again';
      expect(await codeOf(session.save())).to.equal('fulfilled');
    });
  });

  it('keeps only the changes while it waits, and none of those that are refused', async () => {
    const { go } = await visits.visitor();
    await go(async (session) => {
      session['test:large'] = 'x'.repeat(1_000_000);
      await session.save();
      const gate = holdNext(store, 'get');
      const before = process.memoryUsage().heapUsed;
      const writes = Array.from({ length: 2_000 }, () => {
        session.n = Math.random();
        return codeOf(session.save());
      });
      await gate.reached;
      expect(process.memoryUsage().heapUsed - before).to.be.below(100_000_000);
      gate.open();
      await Promise.all(writes);
    });
  });
});

describe('A flood of events', () => {
  let store: SlowStore;
  let app: App;

  afterEach(() => app.stop());
  expectNoCrash();

  it('is bounded in number and in bytes while the store hangs, and none of them is lost', async () => {
    store = new SlowStore();
    app = await App.start({
      store,
      options: { maxPending, touch: false },
      server: { maxHttpBufferSize: 30_000_000 },
    });
    const told: unknown[] = [];
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('large', (err, _session, bytes) => {
        told.push(err ? err.code : bytes.length);
      });
      socket.sessOn('small', (err, _session, n) => {
        told.push(err ? err.code : n);
      });
    });
    const client = await app.connect({ cookie: (await app.login()).cookie });
    const gate = holdNext(store, 'get');
    const large = Buffer.alloc(7_000_000);
    for (let count = 0; count < 4; count++) client.emit('large', large);
    for (let n = 0; n < 20; n++) client.emit('small', n);
    await until(() => told.length >= 2 + 12);
    // Two large ones and eight small ones wait.
    expect(new Set(told)).to.deep.equal(new Set(['ERR_SESSION_OVERLOAD']));
    gate.open();
    await until(() => told.length === 24);
    expect(told.slice(14)).to.deep.equal([7_000_000, 7_000_000, 0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('lets an event through that is larger than the bound', async () => {
    app = await App.start({ server: { maxHttpBufferSize: 40_000_000 } });
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('large', (err, _session, bytes, ack) => ack(err ? err.code : bytes.length));
    });
    const client = await app.connect({ cookie: (await app.login()).cookie });
    const length = 20_000_000;
    expect(await client.emitWithAck('large', Buffer.alloc(length))).to.equal(length);
  });
});
