import { expect } from 'chai';
import type { SessionData } from 'express-session';
import { App } from '../support/app.js';
import { expectNoCrash } from '../support/crashes.js';
import { holdNext, SlowStore } from '../support/slow-store.js';
import { ControlledStore } from '../support/stores.js';
import { codeOf, overHttp, type Visitor, Visits } from '../support/visits.js';
import { until } from '../support/waiting.js';

describe('What was found by fuzzing', () => {
  let app: App;
  let store: ControlledStore;

  beforeEach(async () => {
    store = new ControlledStore();
    app = await App.start({ store });
  });
  afterEach(() => app.stop());
  expectNoCrash();

  /** Lets a store give a record of its own kind to a socket that is connected. */
  async function given(record: object): Promise<{ tell: () => Promise<unknown> }> {
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('tell', async (err, session, ack) => {
        if (err) return ack(err.code);
        session.n = 2;
        ack(await codeOf(session.save()));
      });
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    store.onGet = (_id, callback) => callback(null, record as SessionData);
    return { tell: () => client.emitWithAck('tell') };
  }

  it('is survived: a record whose cookie is on its prototype, as entities of an ORM have it', async () => {
    class Entity {
      n = 1;
      get cookie(): object {
        return { path: '/' };
      }
    }
    const { tell } = await given(new Entity());
    expect(await tell()).to.equal('fulfilled');
  });

  it('is survived: a record whose cookie is there only when it is first asked for', async () => {
    let asked = 0;
    const record = Object.defineProperty({}, 'cookie', {
      get: () => (asked++ % 5 < 4 ? { path: '/' } : undefined),
    });
    const { tell } = await given(record);
    for (let round = 0; round < 10; round++) {
      expect(await tell()).to.be.oneOf(['fulfilled', 'ERR_SESSION_STORE']);
    }
  });

  it('has a code: a save of a record whose cookie throws', async () => {
    const cookie = Object.defineProperty({ path: '/' }, 'expires', {
      get: () => {
        throw new Error('it is gone');
      },
      enumerable: true,
    });
    const { tell } = await given({ cookie });
    expect(await tell()).to.equal('ERR_SESSION_STORE');
  });
});

describe('What was found by soaking', () => {
  const storeTimeout = 60;
  let store: SlowStore;
  let app: App;
  let visitor: Visitor;

  beforeEach(async () => {
    store = new SlowStore();
    const options = { touch: false, storeTimeout, onError: () => {} } as const;
    app = await App.start({ store, options });
    visitor = await new Visits(app).visitor();
  });
  afterEach(() => app.stop());

  function save(key: `test:${string}`): Promise<unknown> {
    return visitor.go((session) => {
      session[key] = 1;
      return codeOf(session.save());
    });
  }

  it('is kept: what was saved while an HTTP write was under way that had not waited for its turn', async () => {
    const first = holdNext(store, 'set');
    expect(await save('test:first')).to.equal('ERR_SESSION_STORE_TIMEOUT');
    const second = holdNext(store, 'set');
    const failing = save('test:second');
    await second.reached;
    const written = holdNext(store, 'set');
    const request = overHttp(app, visitor.cookie, ({ session }) => {
      session['test:http'] = 1;
    });
    // By now, it has waited for its turn as long as it may.
    await written.reached;
    expect(await failing).to.equal('ERR_SESSION_STORE_TIMEOUT');
    first.open();
    second.open();
    expect(await save('test:kept')).to.equal('fulfilled');
    written.open();
    await request;
    await until(() => Reflect.has(store.record(visitor.sessionId) ?? {}, 'test:http'));
    await until(() => Reflect.has(store.record(visitor.sessionId) ?? {}, 'test:kept'));
  });
});
