import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import { ExpressionSocket } from '../../../source/index.js';
import { App, secret } from '../../support/app.js';
import { stopClock } from '../../support/clock.js';
import { type Gate, holdNext, SlowStore } from '../../support/slow-store.js';
import { codeOf, overHttp, type Visitor, Visits } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

const storeTimeout = 40;

/** Its `touch` reads the record and writes it whole, as those of file stores do. */
class WholeTouchStore extends SlowStore {
  override touch(...[sessionId, { cookie }, callback]: Parameters<SlowStore['touch']>): void {
    const record = this.record(sessionId);
    if (record === undefined) callback?.();
    else this.set(sessionId, { ...record, cookie }, callback);
  }
}

describe('While the fate of a write is unknown', () => {
  let store: SlowStore;
  let app: App;
  let visitor: Visitor;
  let reported: unknown[];

  async function start(made: SlowStore, options: { touch: number | false }): Promise<void> {
    store = made;
    reported = [];
    app = await App.start({
      store,
      options: { ...options, storeTimeout, onError: (error) => reported.push(error) },
    });
    visitor = await new Visits(app).visitor();
  }
  beforeEach(() => start(new SlowStore(), { touch: false }));
  afterEach(() => app.stop());

  const record = (): Record<string, unknown> => ({ ...store.record(visitor.sessionId) });
  const increment = (): Promise<unknown> =>
    codeOf(
      app.expressionIO.update(visitor.sessionId, (session) => {
        session.n = (session.n ?? 0) + 1;
      }),
    );

  /** Begins a save that the store answers only when the gate is opened. */
  async function loseSave(passTime = (): void => {}): Promise<Gate> {
    const gate = holdNext(store, 'set');
    const outcome = await visitor.go(async (session) => {
      session.n = 100;
      session['test:late'] = true;
      const code = codeOf(session.save());
      await gate.reached;
      passTime();
      return code;
    });
    expect(outcome).to.equal('ERR_SESSION_STORE_TIMEOUT');
    return gate;
  }

  /** Waits until an update is let through although the write was never answered. */
  function firstUpdate(): Promise<void> {
    return until(async () => (await increment()) === 'fulfilled');
  }

  it('an update waits, and none succeeds that the write then erases', async () => {
    // Time stands still after the deadline: an update waits only for a while.
    const clock = stopClock();
    try {
      const gate = await loseSave(() => clock.tick(storeTimeout));
      const waiting = increment();
      gate.open();
      expect(await waiting).to.equal('fulfilled');
    } finally {
      clock.restore();
    }
    expect(await increment()).to.equal('fulfilled');
    expect(record()).to.include({ n: 102, 'test:late': true });
  });

  it('an update that has read before the write lands waits for it, and survives it', async () => {
    const clock = stopClock();
    try {
      const gate = await loseSave(() => clock.tick(storeTimeout));
      let isOver = false;
      const waiting = increment().finally(() => {
        isOver = true;
      });
      for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate);
      expect(isOver).to.equal(false);
      gate.open();
      expect(await waiting).to.equal('fulfilled');
    } finally {
      clock.restore();
    }
    expect(record()).to.include({ n: 1, 'test:late': true });
  });

  it('updates that succeeded survive a write that lands very late', async () => {
    const gate = await loseSave();
    await firstUpdate();
    expect(await increment()).to.equal('fulfilled');
    expect(await increment()).to.equal('fulfilled');
    expect(record()).to.include({ n: 3 });
    gate.open();
    await until(() => record()['test:late'] === true && record().n === 3);
    expect(await increment()).to.equal('fulfilled');
    expect(record()).to.include({ n: 4, 'test:late': true });
  });

  it('an update that begins as the write lands builds upon what was saved', async () => {
    const gate = await loseSave();
    await firstUpdate();
    expect(await increment()).to.equal('fulfilled');
    const answer = holdNext(store, 'set', 'after');
    gate.open();
    await answer.reached;
    expect(record().n).to.equal(100);
    expect(await increment()).to.equal('fulfilled');
    expect(record().n).to.equal(3);
    answer.open();
    expect(await increment()).to.equal('fulfilled');
    expect(record().n).to.equal(4);
  });

  it('keys that were deleted meanwhile stay deleted, and those of others are kept', async () => {
    await visitor.go((session) => {
      session['test:gone'] = 1;
      return session.save();
    });
    const gate = await loseSave();
    await firstUpdate();
    await visitor.go((session) => {
      delete session['test:gone'];
      session['test:kept'] = { when: new Date(0) };
      return session.save();
    });
    expect(record()).not.to.have.property('test:gone');
    gate.open();
    await until(() => record()['test:late'] === true && record().n === 1);
    expect(record()).not.to.have.property('test:gone');
    expect(record()['test:kept']).to.deep.equal({ when: new Date(0).toISOString() });
  });

  it('what a request wrote over HTTP survives it', async () => {
    const gate = await loseSave();
    await overHttp(app, visitor.cookie, ({ session }) => {
      session['test:http'] = 'written';
    });
    expect(record()).to.include({ 'test:http': 'written' });
    gate.open();
    await until(() => record()['test:late'] === true && record()['test:http'] === 'written');
  });

  it('what another instance on the store saved survives it', async () => {
    const other = new ExpressionSocket(app.io, store, cookieParser(secret), { storeTimeout });
    try {
      const gate = await loseSave();
      await until(async () => {
        const update = other.update(visitor.sessionId, (session) => {
          session.n = 7;
        });
        return (await codeOf(update)) === 'fulfilled';
      });
      gate.open();
      await until(() => record()['test:late'] === true && record().n === 7);
    } finally {
      other.close();
    }
  });

  it('a write that failed is not repeated', async () => {
    const gate = await loseSave();
    await firstUpdate();
    store.failing.add('set');
    const outcome = await visitor.go((session) => {
      session['test:failed'] = 1;
      session.n = 55;
      return codeOf(session.save());
    });
    expect(outcome).to.equal('ERR_SESSION_STORE');
    store.failing.clear();
    gate.open();
    await until(() => record()['test:late'] === true && record().n === 1);
    expect(record()).not.to.have.property('test:failed');
  });

  it('a logout stays a logout', async () => {
    const gate = await loseSave();
    await firstUpdate();
    const landed = holdNext(store, 'set', 'after');
    await app.logout(visitor.cookie);
    gate.open();
    await landed.reached;
    expect(store.records.size).to.equal(1);
    landed.open();
    await until(() => store.records.size === 0);
    expect(await increment()).to.equal('ERR_SESSION_ENDED');
    expect(store.records.size).to.equal(0);
    expect(reported.filter((error) => !String(error).includes('did not answer'))).to.deep.equal([]);
  });

  it('a touch that reads and writes the record erases no update either', async () => {
    await app.stop();
    await start(new WholeTouchStore(), { touch: 0 });
    const gate = holdNext(store, 'set');
    await visitor.go(() => {});
    await gate.reached;
    await until(() => reported.length > 0);
    await firstUpdate();
    const count = record().n;
    const answer = holdNext(store, 'set', 'after');
    gate.open();
    await answer.reached;
    expect(record().n).to.equal(0);
    answer.open();
    await until(() => record().n === count);
  });

  it('a repair that fails is reported, and the next write makes it', async () => {
    const gate = await loseSave();
    await firstUpdate();
    reported.length = 0;
    store.failing.add('get');
    gate.open();
    await until(() => reported.length > 0);
    expect(reported[0]).to.have.property('code', 'ERR_SESSION_STORE');
    store.failing.clear();
    expect(record().n).to.equal(100);
    const outcome = await visitor.go((session) => {
      session['test:next'] = 1;
      return codeOf(session.save());
    });
    expect(outcome).to.equal('fulfilled');
    expect(record()).to.include({ n: 1, 'test:next': 1 });
  });
});
