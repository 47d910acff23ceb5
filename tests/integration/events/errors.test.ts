/**
 * @module "Every failure has a name": the errors of event listeners where the session was lost after
 * the connection, without `autoErrManager`.
 */

import { expect } from 'chai';
import type { SessionErrorCode } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { cause, storeTroubles } from '../../support/failures.js';
import { type Arrival, arrive, rejection } from '../../support/outcomes.js';
import { ControlledStore } from '../../support/stores.js';

/** Long enough for a read that works, also on a machine that is busy. */
const storeTimeout = 400;

describe('Every failure has a name, also after the connection', () => {
  let app: App;
  let store: ControlledStore;
  let arrival: Arrival;
  let cookie: string;
  let sessionId: string;

  async function start(options = {}): Promise<void> {
    store = new ControlledStore();
    app = await App.start({ store, options });
    ({ cookie, sessionId } = await app.login());
    arrival = await arrive(app, { cookie });
    arrival.socket.sessOn('try', (err, session, answer) => answer(err?.code, session?.id ?? null));
  }

  afterEach(async () => {
    await app.stop();
  });

  expectNoCrash();

  /** Emits an event; tells the code of the error, and the id of the session, that its listener got. */
  function attempt(): Promise<[code: SessionErrorCode | null, id: string | null]> {
    return new Promise((resolve) => {
      arrival.client.emit('try', (code: SessionErrorCode | null, id: string | null) =>
        resolve([code ?? null, id]),
      );
    });
  }

  it('is no failure while the session lives', async () => {
    await start();
    expect(await attempt()).to.deep.equal([null, sessionId]);
  });

  it('is ERR_SESSION_NOT_FOUND after a logout', async () => {
    await start();
    await app.logout(cookie);
    expect(await attempt()).to.deep.equal(['ERR_SESSION_NOT_FOUND', null]);
  });

  it('is ERR_SESSION_NOT_FOUND after the session expired', async () => {
    await start();
    store.onGet = (_id, callback) => callback(null, null);
    expect(await attempt()).to.deep.equal(['ERR_SESSION_NOT_FOUND', null]);
  });

  for (const { code, what, go } of storeTroubles) {
    it(`is ${code} when the visitor ${what}`, async () => {
      await start({ storeTimeout });
      go?.(store);
      expect(await attempt()).to.deep.equal([code, null]);
    });

    it(`is gone once the trouble is over, when the visitor ${what}`, async () => {
      await start({ storeTimeout });
      go?.(store);
      await attempt();
      store.onGet = undefined;
      expect(await attempt()).to.deep.equal([null, sessionId]);
    });
  }

  it('is ERR_SESSION_OVERLOAD when more than `maxPending` events wait', async () => {
    await start({ maxPending: 1 });
    let answerRead = (): void => {};
    const reading = new Promise<void>((resolve) => {
      store.onGet = (_id, _callback, read) => {
        answerRead = read;
        resolve();
      };
    });
    const first = attempt();
    await reading;
    expect(await attempt()).to.deep.equal(['ERR_SESSION_OVERLOAD', null]);
    answerRead();
    expect(await first).to.deep.equal([null, sessionId]);
  });

  it('leaves the client connected, whatever the failure', async () => {
    await start();
    await app.logout(cookie);
    await attempt();
    store.onGet = (_id, callback) => callback(cause);
    await attempt();
    arrival.client.on('are you there', (answer) => answer('yes'));
    expect(await arrival.socket.emitWithAck('are you there')).to.equal('yes');
  });

  describe('when a socket regenerates its session, for which it could set no cookie,', () => {
    it('is ERR_SESSION_REGENERATE, to whoever awaits it', async () => {
      await start();
      const { session } = arrival;
      if (!session) throw new Error('there is no session');
      expect(await rejection(session.regenerate())).to.have.property(
        'code',
        'ERR_SESSION_REGENERATE',
      );
    });

    it('is ERR_SESSION_REGENERATE, to a callback', async () => {
      await start();
      const error = await new Promise((resolve) => arrival.session?.regenerate(resolve));
      expect(error).to.have.property('code', 'ERR_SESSION_REGENERATE');
      expect(error)
        .to.have.property('message')
        .that.matches(/over HTTP/);
    });

    it('leaves the session as it was', async () => {
      await start();
      await new Promise((resolve) => arrival.session?.regenerate(resolve));
      expect(await attempt()).to.deep.equal([null, sessionId]);
    });

    it('is reported to `onError` where nothing else handles it', async () => {
      const told = new Promise((resolve) => {
        void start({ onError: (error: unknown) => resolve(error) }).then(() => {
          void arrival.session?.regenerate();
        });
      });
      expect(await told).to.have.property('code', 'ERR_SESSION_REGENERATE');
    });
  });
});
