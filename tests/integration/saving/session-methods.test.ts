import { expect } from 'chai';
import type { SessionError, SocketSession } from '../../../source/index.js';
import { addSessionMethods } from '../../../source/session/session-methods.js';
import { App } from '../../support/app.js';
import { ControlledStore } from '../../support/stores.js';

const down = new Error('the store is down');

describe('The other methods of a session', () => {
  let store: ControlledStore;
  let app: App;

  beforeEach(async () => {
    store = new ControlledStore();
    app = await App.start({ store, options: { touch: false } });
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

  it('are defined as those of express-session: hidden, and open to replacement', () => {
    const request = { sessionID: 'a session', sessionStore: store };
    const session = store.createSession(request as never, { cookie: {} } as never);
    const inherited = Object.getPrototypeOf(session);
    const own = addSessionMethods(inherited);
    for (const name of ['save', 'reload', 'destroy']) {
      const { value: _method, ...flags } = Object(Object.getOwnPropertyDescriptor(own, name));
      expect(Object.getOwnPropertyDescriptor(inherited, name), name).to.include(flags);
      expect(flags, name).to.deep.equal({ configurable: true, enumerable: false, writable: true });
    }
  });

  it('`reload()` shows what others saved in the session in hand', async () => {
    const { go, cookie } = await visitor(async (session) => {
      session.n = 50;
      const before = session.n;
      await session.reload();
      return [before, session.n, session.visitor?.name];
    });
    expect(await go()).to.deep.equal([50, 0, 'Ada']);
    expect(await overHttp(cookie)).to.have.property('n', 0);
  });

  it('`reload()` fails with a code where the session has ended', async () => {
    let logout = async (): Promise<void> => {};
    const { go, cookie } = await visitor(async (session) => {
      await logout();
      return session.reload().catch((error: SessionError) => error.code);
    });
    logout = () => app.logout(cookie);
    expect(await go()).to.equal('ERR_SESSION_NOT_FOUND');
  });

  it('`destroy()` logs the visitor out', async () => {
    const { go, cookie } = await visitor((session) => session.destroy());
    await go();
    expect(await overHttp(cookie)).not.to.have.property('n');
    expect(await go()).to.equal('ERR_SESSION_NOT_FOUND');
  });

  it('`reload()` fails with a code where no session can be made of the record', async () => {
    const { go } = await visitor(async (session) => {
      store.onGet = (_id, callback) => callback(null, { cookie: { maxAge: 'x' } } as never);
      const code = await session.reload().catch((error: SessionError) => error.code);
      store.onGet = undefined;
      return [code, session.n];
    });
    expect(await go()).to.deep.equal(['ERR_SESSION_STORE', 0]);
  });

  it('`reload()` works also after a `destroy()` that failed', async () => {
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

  it('`regenerate()` fails, because a socket cannot set a cookie', async () => {
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

  it('`touch()` and `resetMaxAge()` are those of express-session', async () => {
    const { go } = await visitor((session) => {
      session.cookie.originalMaxAge = 1_000;
      const returned = [session.touch(), session.resetMaxAge()];
      return returned.every((one) => one === session) && (session.cookie.maxAge ?? 0) > 0;
    });
    expect(await go()).to.equal(true);
  });
});
