import { expect } from 'chai';
import { MemoryStore } from 'express-session';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { App } from '../../support/app.js';
import { overHttp, Visits } from '../../support/visits.js';

const hour = 3_600_000;

describe('Where the clock of the system is set', () => {
  let app: App;
  let clock: SinonFakeTimers | undefined;

  beforeEach(async () => {
    app = await App.start({ store: new MemoryStore() });
  });
  afterEach(async () => {
    clock?.restore();
    clock = undefined;
    await app.stop();
  });

  /** Connects a visitor whose session lives for an hour. The timers only go on when a test says so. */
  async function visit(): Promise<{ reason: Promise<string>; work: () => Promise<unknown> }> {
    const { cookie } = await app.login();
    await overHttp(app, cookie, ({ session }) => {
      session.cookie.maxAge = hour;
    });
    const reason = new Promise<string>((resolve) => {
      app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.on('sessionend', resolve);
      });
    });
    const visits = new Visits(app);
    clock = useFakeTimers({
      toFake: ['Date', 'setTimeout', 'clearTimeout'],
      now: Date.now(),
      shouldClearNativeTimers: true,
    });
    const client = await app.connect({ cookie });
    return { reason, work: () => visits.go(client, (session) => session.n) };
  }

  /** Sets the clock, and lets ten seconds pass. */
  function setClock(by: number): void {
    clock?.setSystemTime(Date.now() + by);
    clock?.tick(10_000);
  }

  it('forward, an idle socket does not outlive its session by more than ten seconds', async () => {
    const { reason } = await visit();
    setClock(2 * hour);
    expect(await reason).to.equal('expired');
  });

  it('back, its socket stays', async () => {
    const { work } = await visit();
    setClock(-2 * hour);
    expect(await work()).to.equal(0);
    expect(app.io.engine.clientsCount).to.equal(1);
  });
});
