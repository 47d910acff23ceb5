import { expect } from 'chai';
import type { SessionData } from 'express-session';
import { App } from '../support/app.js';
import { expectNoCrash } from '../support/crashes.js';
import { ControlledStore } from '../support/stores.js';
import { codeOf } from '../support/visits.js';

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
