import { expect } from 'chai';
import type { SessionError } from '../../../source/index.js';
import { App, useApps } from '../../support/app.js';
import { ControlledStore } from '../../support/stores.js';

describe('readMany', () => {
  const startApp = useApps();
  let store: ControlledStore;
  let app: App;
  let calls: (readonly string[])[];
  let answer: (record: object | null | undefined, sessionId: string) => unknown;

  beforeEach(async () => {
    store = new ControlledStore();
    calls = [];
    answer = (record) => record;
    app = await App.start({
      store,
      options: {
        readMany: async (sessionIds: readonly string[]) => {
          calls.push(sessionIds);
          const all = await Promise.all(sessionIds.map(recordOf));
          // A test may answer what the types forbid.
          return all.map((record, at) => answer(record, sessionIds[at] ?? '')) as object[];
        },
      },
    });
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('tell', (err, session, ack) => ack(err ? err.code : session.n));
      socket.sessOn('why', (err, _session, ack) => ack(String(err?.cause ?? err?.message)));
    });
  });
  afterEach(() => app.stop());

  function recordOf(sessionId: string): Promise<object | null | undefined> {
    return new Promise((resolve, reject) => {
      ControlledStore.prototype.get.call(store, sessionId, (error, record) => {
        if (error) reject(error);
        else resolve(record);
      });
    });
  }

  async function visitors(count: number): Promise<Awaited<ReturnType<App['connect']>>[]> {
    return Promise.all(Array.from({ length: count }, async () => app.connect(await app.login())));
  }

  it('takes the place of `store.get` for connections and events', async () => {
    const [client] = await visitors(1);
    store.reads.length = 0;
    expect(await client?.emitWithAck('tell')).to.equal(0);
    expect(calls.length).to.equal(2);
  });

  it('reads many visitors in few calls', async () => {
    const clients = await visitors(20);
    calls.length = 0;
    await Promise.all(clients.map((client) => client.emitWithAck('tell')));
    expect(calls.flat()).to.have.length(20);
    expect(calls.length).to.be.lessThan(20);
  });

  it('fails for the one session that failed, and no other', async () => {
    const clients = await visitors(3);
    let broken = '';
    answer = (record, sessionId) => {
      broken ||= sessionId;
      return sessionId === broken ? new Error('malformed') : record;
    };
    const answers = await Promise.all(clients.map((client) => client.emitWithAck('tell')));
    expect(answers.sort()).to.deep.equal([0, 0, 'ERR_SESSION_STORE']);
  });

  for (const absent of [null, undefined]) {
    it(`takes ${absent} for a session that the store does not have`, async () => {
      const [client] = await visitors(1);
      answer = () => absent;
      expect(await client?.emitWithAck('tell')).to.equal('ERR_SESSION_NOT_FOUND');
    });
  }

  it('takes a hole in its list for a session that the store does not have', async () => {
    const sparse = await startApp({
      options: { readMany: async (sessionIds: readonly string[]) => new Array(sessionIds.length) },
    });
    sparse.expressionIO.sockets.on('connection', (err, _session, socket) => {
      socket.emit('told', err?.code);
    });
    const client = sparse.client(await sparse.login());
    const code = await new Promise((resolve) => client.once('told', resolve));
    expect(code).to.equal('ERR_SESSION_NOT_FOUND');
  });

  it('takes a record without a cookie for no session', async () => {
    const [client] = await visitors(1);
    answer = () => ({ n: 1 });
    expect(await client?.emitWithAck('tell')).to.equal('ERR_SESSION_STORE');
  });

  it('gives an error where the number of answers differs from the number of ids', async () => {
    const short = await startApp({ options: { readMany: async () => [] } });
    let told: SessionError | null = null;
    short.expressionIO.sockets.on('connection', (err, _session, socket) => {
      told = err;
      socket.emit('told');
    });
    const client = short.client(await short.login());
    await new Promise<void>((resolve) => client.once('told', () => resolve()));
    expect(told).to.include({ code: 'ERR_SESSION_STORE' });
    expect(told).to.have.property('message').that.contains('0 answers for 1 ids');
  });

  for (const [how, readMany] of [
    ['rejects', () => Promise.reject(new Error('down'))],
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['returns no promise', () => [] as unknown as Promise<object[]>],
    ['never answers', () => new Promise<object[]>(() => {})],
  ] as const) {
    it(`is a failure of the store where it ${how}`, async () => {
      const failing = await startApp({ options: { readMany, storeTimeout: 30 } });
      failing.expressionIO.sockets.on('connection', (err, _session, socket) => {
        socket.emit('told', err?.code);
      });
      const client = failing.client(await failing.login());
      const code = await new Promise((resolve) => client.once('told', resolve));
      expect(code).to.equal(
        how === 'never answers' ? 'ERR_SESSION_STORE_TIMEOUT' : 'ERR_SESSION_STORE',
      );
    });
  }
});
