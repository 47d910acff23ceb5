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
  let heard: [unknown, ErrorContext][];

  beforeEach(async () => {
    heard = [];
    store = new DownStore();
    app = await App.start({
      store,
      options: { touch: false, onError: (error, context) => heard.push([error, context]) },
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
    it('rejects where it is awaited, and tells nobody else', async () => {
      const { go } = await visitor((session) => {
        session.n = 1;
        return session.save().catch((error: SessionError) => [error.code, error.cause === down]);
      });
      store.isDown = true;
      expect(await go()).to.deep.equal(['ERR_SESSION_STORE', true]);
      expect(heard).to.deep.equal([]);
    });

    it('tells the callback, and nobody else', async () => {
      const { go } = await visitor(
        (session) =>
          new Promise((resolve) => {
            session.n = 1;
            session.save((error) => resolve(error?.code));
          }),
      );
      store.isDown = true;
      expect(await go()).to.equal('ERR_SESSION_STORE');
      expect(heard).to.deep.equal([]);
    });

    it('tells `onError` once where it is ignored, and is no unhandled rejection', async () => {
      const rejections = new ProcessEvents('unhandledRejection');
      try {
        const { go } = await visitor((session) => {
          session.n = 1;
          session.save();
        });
        store.isDown = true;
        await go();
        await until(() => heard.length > 0);
        // Another round trip: by then it would have been told twice.
        store.isDown = false;
        await go();
        expect(heard).to.have.length(1);
        const [[error, context] = []] = heard;
        expect(error).to.include({ code: 'ERR_SESSION_STORE', cause: down });
        expect(context?.event).to.equal('go');
        expect(rejections.values).to.deep.equal([]);
      } finally {
        rejections.stop();
      }
    });

    it('is a process warning where it is awaited in vain, without `onError`', async () => {
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
      it(`is one also where it rejects with ${String(reason) || "''"}`, async () => {
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

  describe('its siblings', () => {
    it('reload() shows what others saved in the session in hand', async () => {
      const { go, cookie } = await visitor(async (session) => {
        session.n = 50;
        const before = session.n;
        await session.reload();
        return [before, session.n, session.visitor?.name];
      });
      expect(await go()).to.deep.equal([50, 0, 'Ada']);
      expect(await overHttp(cookie)).to.have.property('n', 0);
    });

    it('reload() fails by name where the session has ended', async () => {
      let logout = async (): Promise<void> => {};
      const { go, cookie } = await visitor(async (session) => {
        await logout();
        return session.reload().catch((error: SessionError) => error.code);
      });
      logout = () => app.logout(cookie);
      expect(await go()).to.equal('ERR_SESSION_NOT_FOUND');
    });

    it('destroy() logs the visitor out', async () => {
      const { go, cookie } = await visitor((session) => session.destroy());
      await go();
      expect(await overHttp(cookie)).not.to.have.property('n');
      expect(await go()).to.equal('ERR_SESSION_NOT_FOUND');
    });

    it('reload() fails by name where no session can be made of the record', async () => {
      const { go } = await visitor(async (session) => {
        store.onGet = (_id, callback) => callback(null, { cookie: { maxAge: 'x' } } as never);
        const code = await session.reload().catch((error: SessionError) => error.code);
        store.onGet = undefined;
        return [code, session.n];
      });
      expect(await go()).to.deep.equal(['ERR_SESSION_STORE', 0]);
    });

    it('reload() works also after a destroy() that failed', async () => {
      const { destroy } = store;
      const { go } = await visitor(async (session) => {
        store.destroy = (_id, callback) => callback?.(down);
        const code = await session.destroy().catch((error: SessionError) => error.code);
        store.destroy = destroy;
        session.n = 77;
        await session.reload();
        return [code, session.n];
      });
      expect(await go()).to.deep.equal(['ERR_SESSION_STORE', 0]);
    });

    it('regenerate() fails, for a socket cannot set a cookie', async () => {
      const { go, cookie } = await visitor(async (session) => {
        const awaited = await session.regenerate().catch((error: SessionError) => error.code);
        const called = await new Promise((resolve) => {
          session.regenerate((error) => resolve(error?.code));
        });
        return [awaited, called];
      });
      expect(await go()).to.deep.equal(['ERR_SESSION_REGENERATE', 'ERR_SESSION_REGENERATE']);
      expect(await overHttp(cookie)).to.have.property('n', 0);
    });

    it('touch() and resetMaxAge() are those of express-session', async () => {
      const { go } = await visitor((session) => {
        session.cookie.originalMaxAge = 1_000;
        return session.touch() === session && (session.cookie.maxAge ?? 0) > 0;
      });
      expect(await go()).to.equal(true);
    });
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
