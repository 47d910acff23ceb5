import { expect } from 'chai';
import { Session } from 'express-session';
import type { ErrorContext, SessionError, SocketSession } from '../../../source/index.js';
import { App, useApps } from '../../support/app.js';
import { ProcessEvents } from '../../support/process-events.js';
import { ControlledStore } from '../../support/stores.js';
import { until } from '../../support/waiting.js';

const down = new Error('the store is down');

/** A store whose writes fail. */
class DownStore extends ControlledStore {
  isDown = false;

  override set(...args: Parameters<ControlledStore['set']>): void {
    if (this.isDown) setImmediate(() => args[2]?.(down));
    else super.set(...args);
  }
}

describe('session.save()', () => {
  const startApp = useApps();
  let store: DownStore;
  let app: App;
  let reports: [unknown, ErrorContext][];

  beforeEach(async () => {
    reports = [];
    store = new DownStore();
    app = await App.start({
      store,
      options: { touch: false, onError: (error, context) => reports.push([error, context]) },
    });
  });
  afterEach(() => app.stop());

  /** Connects a visitor whose every `go` does `work`; tells how to go. */
  async function visitor(
    work: (session: SocketSession) => unknown,
  ): Promise<{ go(): Promise<unknown>; cookie: string; sessionId: string }> {
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('go', async (err, session, ack) => {
        ack(err ? err.code : await work(session));
      });
    });
    const { cookie, sessionId } = await app.login();
    const client = await app.connect({ cookie });
    return { go: () => client.emitWithAck('go'), cookie, sessionId };
  }

  async function overHttp(cookie: string): Promise<{ n: number }> {
    const response = await fetch(`${app.url}/session`, { headers: { cookie } });
    return (await response.json()) as { n: number };
  }

  it('is explicit: nothing is saved unless it is called', async () => {
    const { go, cookie } = await visitor((session) => {
      session.n = 99;
    });
    await go();
    expect(await overHttp(cookie)).to.have.property('n', 0);
  });

  it('returns a promise that may be awaited', async () => {
    const { go, cookie } = await visitor(async (session) => {
      session.n = 1;
      await session.save();
    });
    await go();
    expect(await overHttp(cookie)).to.have.property('n', 1);
  });

  it('returns the session where it is given a callback', async () => {
    const { go, cookie } = await visitor(
      (session) =>
        new Promise((resolve) => {
          session.n = 2;
          let isChained = false;
          const returned = session.save((error) => resolve([isChained, error ?? null]));
          isChained = returned === session;
        }),
    );
    expect(await go()).to.deep.equal([true, null]);
    expect(await overHttp(cookie)).to.have.property('n', 2);
  });

  it('saves what was changed after an await', async () => {
    const { go, cookie } = await visitor(async (session) => {
      await new Promise(setImmediate);
      session.n = 3;
      await session.save();
    });
    await go();
    expect(await overHttp(cookie)).to.have.property('n', 3);
  });

  it("keeps the record's expiry", async () => {
    const { go, sessionId } = await visitor((session) => session.save());
    const record = await read(store, sessionId);
    const expires = new Date(Date.now() + 60_000);
    await new Promise<void>((resolve) => {
      store.set(sessionId, { ...record, cookie: { originalMaxAge: 60_000, expires } }, () =>
        resolve(),
      );
    });
    await go();
    const { cookie } = await read(store, sessionId);
    expect(new Date(cookie.expires ?? 0)).to.deep.equal(expires);
    expect(cookie.originalMaxAge).to.equal(60_000);
  });

  it('is a method of the Session of express-session, and no data', async () => {
    const { go } = await visitor((session) => [
      session instanceof Session,
      Object.keys(session).sort(),
      typeof session.save,
      JSON.stringify(session).includes('save'),
    ]);
    expect(await go()).to.deep.equal([true, ['cookie', 'n', 'visitor'], 'function', false]);
  });

  describe('when the store fails', () => {
    it('rejects where it is awaited, and reports it nowhere else', async () => {
      const { go } = await visitor((session) => {
        session.n = 1;
        return session.save().catch((error: SessionError) => [error.code, error.cause === down]);
      });
      store.isDown = true;
      expect(await go()).to.deep.equal(['ERR_SESSION_STORE', true]);
      expect(reports).to.deep.equal([]);
    });

    it('calls the callback with the error, and reports it nowhere else', async () => {
      const { go } = await visitor(
        (session) =>
          new Promise((resolve) => {
            session.n = 1;
            session.save((error) => resolve(error?.code));
          }),
      );
      store.isDown = true;
      expect(await go()).to.equal('ERR_SESSION_STORE');
      expect(reports).to.deep.equal([]);
    });

    it('is reported to `onError` once where it is ignored, and is no unhandled rejection', async () => {
      const rejections = new ProcessEvents('unhandledRejection');
      try {
        const { go } = await visitor((session) => {
          session.n = 1;
          session.save();
        });
        store.isDown = true;
        await go();
        await until(() => reports.length > 0);
        // Another round trip: by then it would have been told twice.
        store.isDown = false;
        await go();
        expect(reports).to.have.length(1);
        const [[error, context] = []] = reports;
        expect(error).to.include({ code: 'ERR_SESSION_STORE', cause: down });
        expect(context?.event).to.equal('go');
        expect(rejections.values).to.deep.equal([]);
      } finally {
        rejections.stop();
      }
    });

    it('is a process warning without `onError` where a listener does not catch it', async () => {
      const deaf = await App.start({ store });
      const warnings = new ProcessEvents('warning');
      const rejections = new ProcessEvents('unhandledRejection');
      try {
        deaf.expressionIO.sockets.on('connection', (_err, _session, socket) => {
          socket.sessOn('go', async (_err, session) => {
            if (session) session.n = 1;
            await session?.save();
          });
        });
        const client = await deaf.connect(await deaf.login());
        store.isDown = true;
        client.emit('go');
        expect(await warnings.first()).to.include({ code: 'ERR_SESSION_STORE' });
        expect(rejections.values).to.deep.equal([]);
      } finally {
        warnings.stop();
        rejections.stop();
        await deaf.stop();
      }
    });

    for (const reason of [undefined, '', 0, false]) {
      it(`is a process warning also where it rejects with ${String(reason) || "''"}`, async () => {
        const { go } = await visitor((session) => {
          session.n = 1;
          return session.save().catch((error: SessionError) => error.code);
        });
        const set = store.set;
        store.set = (() => Promise.reject(reason)) as typeof set;
        expect(await go()).to.equal('ERR_SESSION_STORE');
      });
    }

    it('has a deadline', async () => {
      const impatient = await startApp({ store, options: { storeTimeout: 20 } });
      impatient.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('go', async (_err, session, ack) => {
          store.set = () => {};
          if (session) session.n = 1;
          ack(await session?.save().catch((error: SessionError) => error.code));
        });
      });
      const { cookie } = await impatient.login();
      const client = await impatient.connect({ cookie });
      expect(await client.emitWithAck('go')).to.equal('ERR_SESSION_STORE_TIMEOUT');
    });
  });

  it('leaves what a callback throws to Node.js', async () => {
    const exceptions = new ProcessEvents('uncaughtException');
    try {
      const { go } = await visitor((session) => {
        session.save(() => {
          throw new Error('a mistake in a callback');
        });
      });
      await go();
      expect(await exceptions.first()).to.have.property('message', 'a mistake in a callback');
    } finally {
      exceptions.stop();
    }
  });
});

function read(
  store: ControlledStore,
  sessionId: string,
): Promise<import('express-session').SessionData> {
  return new Promise((resolve, reject) => {
    store.get(sessionId, (error, session) => (session ? resolve(session) : reject(error)));
  });
}
