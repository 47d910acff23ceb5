import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import type { HeldLock, SessionError, SessionLock, SocketSession } from '../../../source/index.js';
import { ExpressionSocket } from '../../../source/index.js';
import { App, secret, useApps } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { arrive } from '../../support/outcomes.js';
import { Gate, holdNext, SlowStore } from '../../support/slow-store.js';
import { codeOf } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

function increment(session: SocketSession): void {
  session.n = (session.n ?? 0) + 1;
}

/** A lock whose every acquisition a test makes up. */
class ScriptedLock implements SessionLock {
  readonly asked: { readonly sessionId: string; readonly signal: AbortSignal }[] = [];
  released = 0;
  onAcquire: (signal: AbortSignal) => Promise<HeldLock> = async () => this.held();

  acquire(sessionId: string, { signal }: { signal: AbortSignal }): Promise<HeldLock> {
    this.asked.push({ sessionId, signal });
    return this.onAcquire(signal);
  }

  held(lost?: AbortSignal): HeldLock {
    return {
      lost,
      release: async () => {
        this.released++;
      },
    };
  }
}

describe('The lock of update()', () => {
  let store: SlowStore;
  let lock: ScriptedLock;
  let app: App;
  let sessionId: string;

  beforeEach(async () => {
    store = new SlowStore();
    lock = new ScriptedLock();
    app = await App.start({ store, options: { lock, lockTimeout: 150 } });
    ({ sessionId } = await app.login());
  });
  afterEach(() => app.stop());
  expectNoCrash();

  const update = (change: (session: SocketSession) => unknown = increment): Promise<unknown> =>
    app.expressionIO.update(sessionId, change);

  it('is asked for with the session id, and released once', async () => {
    await update();
    await update();
    expect(lock.asked.map(({ sessionId }) => sessionId)).to.deep.equal([sessionId, sessionId]);
    expect(lock.released).to.equal(2);
  });

  it('is released where the function fails', async () => {
    await codeOf(
      update(() => {
        throw new Error('a mistake');
      }),
    );
    expect(lock.released).to.equal(1);
  });

  it('is released where the session has ended', async () => {
    store.records.clear();
    expect(await codeOf(update())).to.equal('ERR_SESSION_ENDED');
    expect(lock.released).to.equal(1);
  });

  it('is asked for by one update of this process at a time', async () => {
    let holders = 0;
    let most = 0;
    lock.onAcquire = async () => {
      most = Math.max(most, ++holders);
      return {
        release: async () => {
          holders--;
        },
      };
    };
    await Promise.all(Array.from({ length: 10 }, () => update()));
    expect(most).to.equal(1);
    expect(store.record(sessionId)).to.have.property('n', 10);
  });

  it('gives ERR_SESSION_LOCK, and aborts its signal, where it cannot be acquired in time', async () => {
    lock.onAcquire = (signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      );
    let isCalled = false;
    const code = await codeOf(
      update(() => {
        isCalled = true;
      }),
    );
    expect(code).to.equal('ERR_SESSION_LOCK');
    expect(isCalled).to.equal(false);
    expect(lock.asked[0]?.signal.aborted).to.equal(true);
  });

  it('is waited for until a deadline of its own, which `storeTimeout` does not shorten', async () => {
    await app.stop();
    app = await App.start({ store, options: { lock, storeTimeout: 20, lockTimeout: 10_000 } });
    const { cookie } = await app.login();
    const acquisition = new Gate();
    lock.onAcquire = async () => {
      await acquisition.pass();
      return lock.held();
    };
    const updated = codeOf(update());
    await acquisition.reached;
    // A read that begins now misses its deadline while the update still waits.
    const read = holdNext(store, 'get');
    expect((await arrive(app, { cookie })).err?.code).to.equal('ERR_SESSION_STORE_TIMEOUT');
    read.open();
    acquisition.open();
    expect(await updated).to.equal('fulfilled');
    expect(store.record(sessionId)).to.have.property('n', 1);
  });

  it('gives ERR_SESSION_LOCK where another update of this process holds it for too long', async () => {
    const gate = new Gate();
    const first = update(async (session) => {
      await gate.pass();
      increment(session);
    });
    await gate.reached;
    expect(await codeOf(update())).to.equal('ERR_SESSION_LOCK');
    gate.open();
    await first;
    await update();
    expect(store.record(sessionId)).to.have.property('n', 2);
  });

  it('gives ERR_SESSION_LOCK with its cause where the implementation rejects', async () => {
    const cause = new Error('the lock service is down');
    lock.onAcquire = () => Promise.reject(cause);
    const error = (await update().catch((error) => error)) as SessionError;
    expect(error).to.include({ code: 'ERR_SESSION_LOCK', cause });
    lock.onAcquire = async () => lock.held();
    await update();
    expect(store.record(sessionId)).to.have.property('n', 1);
  });

  it('gives ERR_SESSION_LOCK also where the implementation throws', async () => {
    lock.onAcquire = () => {
      throw new Error('a mistake');
    };
    expect(await codeOf(update())).to.equal('ERR_SESSION_LOCK');
  });

  it('is released where it is acquired late, by an implementation that ignores the signal', async () => {
    const gate = new Gate();
    lock.onAcquire = async () => {
      await gate.pass();
      return lock.held();
    };
    expect(await codeOf(update())).to.equal('ERR_SESSION_LOCK');
    lock.onAcquire = async () => lock.held();
    await update();
    expect(lock.released).to.equal(1);
    gate.open();
    await until(() => lock.released === 2);
    expect(store.record(sessionId)).to.have.property('n', 1);
  });

  for (const [what, release] of Object.entries<() => unknown>({
    'is not asynchronous': () => undefined,
    throws: () => {
      throw new Error('a mistake');
    },
    rejects: () => Promise.reject(new Error('the lock service is down')),
  })) {
    it(`does no harm where its release ${what}`, async () => {
      let released = 0;
      const held = {
        release: () => {
          released++;
          return release() as Promise<void>;
        },
      };
      lock.onAcquire = async () => held;
      await update();
      await update();
      expect(released).to.equal(2);
      expect(store.record(sessionId)).to.have.property('n', 2);
    });

    it(`does no harm where its release ${what}, and it is acquired late`, async () => {
      const gate = new Gate();
      let released = 0;
      lock.onAcquire = async () => {
        await gate.pass();
        return {
          release: () => {
            released++;
            return release() as Promise<void>;
          },
        };
      };
      expect(await codeOf(update())).to.equal('ERR_SESSION_LOCK');
      gate.open();
      await until(() => released === 1);
    });
  }

  it('lets nothing be written once it is lost', async () => {
    const loss = new AbortController();
    lock.onAcquire = async () => lock.held(loss.signal);
    const error = (await update((session) => {
      increment(session);
      loss.abort(new Error('its time ran out'));
    }).catch((error) => error)) as SessionError;
    expect(error.code).to.equal('ERR_SESSION_LOCK');
    expect(error.cause).to.have.property('message', 'its time ran out');
    expect(store.record(sessionId)).to.have.property('n', 0);
    expect(lock.released).to.equal(1);
  });

  it('lets nothing be written where it is lost while the save looks', async () => {
    const loss = new AbortController();
    lock.onAcquire = async () => lock.held(loss.signal);
    const code = codeOf(
      update((session) => {
        increment(session);
        store.pace = async ({ operation }) => {
          if (operation === 'get') loss.abort();
        };
      }),
    );
    expect(await code).to.equal('ERR_SESSION_LOCK');
    expect(store.record(sessionId)).to.have.property('n', 0);
  });

  it('is not that of another session', async () => {
    const other = await app.login();
    const gate = new Gate();
    const first = update(() => gate.pass());
    await gate.reached;
    await app.expressionIO.update(other.sessionId, increment);
    gate.open();
    await first;
    expect(store.record(other.sessionId)).to.have.property('n', 1);
  });
});

describe('The lock in memory', () => {
  const startApp = useApps();
  it('is one for all who use the same store in this process', async () => {
    const store = new SlowStore();
    const app = await App.start({ store });
    const other = new ExpressionSocket(app.io, store, cookieParser(secret));
    try {
      const { sessionId } = await app.login();
      await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          (at % 2 ? other : app.expressionIO).update(sessionId, async (session) => {
            await new Promise(setImmediate);
            increment(session);
          }),
        ),
      );
      expect(store.record(sessionId)).to.have.property('n', 20);
    } finally {
      other.close();
      await app.stop();
    }
  });

  it('is given in the order in which it was asked for', async () => {
    const app = await startApp({ store: new SlowStore() });
    const { sessionId } = await app.login();
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        app.expressionIO.update(sessionId, () => void order.push(at)),
      ),
    );
    expect(order).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
