import { expect } from 'chai';
import { Site } from '../../support/site.js';
import { SlowStore } from '../../support/slow-store.js';
import { codeOf } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

/** What a `connection` listener finds. */
interface Arrival {
  readonly code: string | undefined;
  readonly sessionId: string | undefined;
  /** Whether the store had the session by then. */
  readonly isStored: boolean;
}

describe('A first visitor whose session comes with the handshake', () => {
  let store: SlowStore;
  let site: Site;

  beforeEach(() => {
    store = new SlowStore();
  });
  afterEach(() => site.stop());

  async function arrive(saveUninitialized: boolean): Promise<Arrival> {
    site = await Site.start({ store, session: { saveUninitialized } });
    site.io.engine.use(site.session);
    const arrival = new Promise<Arrival>((resolve) => {
      site.expressionIO.sockets.on('connection', (err, session) => {
        const sessionId = session?.id;
        resolve({ code: err?.code, sessionId, isStored: store.records.has(String(sessionId)) });
      });
    });
    await site.connect('');
    return arrival;
  }

  it('is stored before the connection is announced, where its cookie was sent', async () => {
    const { code, sessionId, isStored } = await arrive(true);
    expect(code).to.equal(undefined);
    expect(sessionId).to.be.a('string');
    expect(isStored).to.equal(true);
  });

  it('is not stored before it is saved, where its cookie was not sent', async () => {
    const { sessionId, isStored } = await arrive(false);
    expect(sessionId).to.be.a('string');
    expect(isStored).to.equal(false);
  });

  it('is not stored by an update that has lost its lock, with `rewrite`, too', async () => {
    const loss = new AbortController();
    site = await Site.start({
      store,
      options: {
        lock: { acquire: async () => ({ release: async () => {}, lost: loss.signal }) },
        // As that of a database which does not have the session.
        rewrite: async (_sessionId, change) => void change(null),
      },
    });
    site.io.engine.use(site.session);
    const outcome = new Promise<unknown[]>((resolve) => {
      site.expressionIO.sockets.on('connection', async (_err, session) => {
        const update = session?.update(() => loss.abort());
        resolve([await codeOf(update ?? Promise.resolve()), store.records.size]);
      });
    });
    await site.connect('');
    expect(await outcome).to.deep.equal(['ERR_SESSION_LOCK', 0]);
  });

  it('gets an error from a store that is down where it would be stored', async () => {
    store.failing.add('set');
    const { code, sessionId } = await arrive(true);
    expect([code, sessionId]).to.deep.equal(['ERR_SESSION_STORE', undefined]);
  });

  it('gets an error that does not name the session from a store that throws where it would be stored', async () => {
    store.set = (sessionId) => {
      throw new Error(`The store cannot write ${sessionId}`);
    };
    site = await Site.start({ store, session: { saveUninitialized: true } });
    site.io.engine.use(site.session);
    const arrival = new Promise<unknown[]>((resolve) => {
      site.expressionIO.sockets.on('connection', (err, session) => {
        resolve([err?.code, (err?.cause as Error | undefined)?.message, session]);
      });
    });
    await site.connect('');
    const message = 'The store cannot write [session id]';
    expect(await arrival).to.deep.equal(['ERR_SESSION_STORE', message, null]);
  });

  it('is refused where its session cannot be written as JSON', async () => {
    site = await Site.start({ store });
    site.io.engine.use(site.session);
    site.io.use(({ request }, next) => {
      Object.assign(Reflect.get(request, 'session'), { balance: 1n });
      next();
    });
    site.expressionIO.sockets.on('connection', () => {});
    const error: unknown = await site.connect('').catch((reason: unknown) => reason);
    expect(error).to.have.nested.property('data.code', 'ERR_SESSION_REFUSED');
  });

  for (const autoErrManager of [false, true]) {
    it(`is stored once a store is back that was down, with ${JSON.stringify({ autoErrManager })}`, async () => {
      site = await Site.start({
        store,
        session: { saveUninitialized: true },
        options: { autoErrManager, onError: () => {} },
      });
      site.io.engine.use(site.session);
      site.expressionIO.sockets.on('connection', () => {});
      store.failing.add('get');
      await site.connect('');
      store.failing.clear();
      await until(() => store.records.size === 1);
    });
  }

  it('reports a session that cannot be written as JSON once a store is back that was down', async () => {
    const reported: unknown[] = [];
    site = await Site.start({ store, options: { onError: (error) => reported.push(error) } });
    site.io.engine.use(site.session);
    site.expressionIO.sockets.on('connection', (_err, _session, { request }) => {
      Object.assign(Reflect.get(request, 'session'), { balance: 1n });
    });
    store.failing.add('get');
    await site.connect('');
    store.failing.clear();
    await until(() => reported.some((error) => error instanceof TypeError));
  });
});
