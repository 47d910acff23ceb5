/**
 * @module "A null session ends no process": listeners that forget `if (err)`, without `onError`.
 */

import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { received, refused, useApps } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { ProcessEvents } from '../../support/process-events.js';
import { until } from '../../support/waiting.js';

/** Forgets to check the error, and so reads a property of `null`. */
const forgetful = (_err: unknown, session: { n?: number } | null): void => {
  if (session?.n === undefined) throw new TypeError("Cannot read properties of null (reading 'n')");
};

// biome-ignore lint/suspicious/noExplicitAny: one listener for the three methods under test
type AnyListener = (...args: any[]) => void;

const ways: readonly (readonly [how: string, listener: AnyListener])[] = [
  ['throws', forgetful],
  ['rejects', async (err, session) => forgetful(err, session)],
  [
    'throws the error that it was given',
    (err) => {
      if (err) throw err;
    },
  ],
];

describe('A null session ends no process', () => {
  const startApp = useApps();
  let warnings: ProcessEvents;

  beforeEach(() => {
    warnings = new ProcessEvents('warning');
  });

  afterEach(() => warnings.stop());

  expectNoCrash();

  /** Waits for a warning that names the event, or the error that a listener threw on. */
  async function warningFor(event: string): Promise<Error> {
    const isIt = (warning: unknown): warning is Error =>
      warning instanceof Error &&
      (warning.message.includes(`\`${event}\``) ||
        /no `Cookie` header.* Set `onError`/.test(warning.message));
    await until(() => warnings.values.some(isIt));
    return warnings.values.find(isIt) as Error;
  }

  /** Waits for a warning with this code. */
  async function warningOf(code: string): Promise<void> {
    await until(() => warnings.values.some((warning) => codeOf(warning) === code));
  }

  for (const [how, listener] of ways) {
    describe(`when a listener ${how} for a visitor without a session`, () => {
      it('warns and goes on, in `connection`', async () => {
        const app = await startApp();
        app.expressionIO.sockets.on('connection', listener);
        app.expressionIO.sockets.on('connection', (_err, _session, socket) => socket.emit('ready'));
        const client = app.client();
        await received(client, 'ready');
        await warningFor('connection');
        expect(client.connected).to.equal(true);
      });

      it('warns and goes on, in `sessOn`', async () => {
        const app = await startApp();
        app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
          socket.sessOn('vote', listener);
          socket.sessOn('work', (_err, _session, ack) => ack('done'));
        });
        const client = await app.connect();
        client.emit('vote');
        expect(await client.emitWithAck('work')).to.equal('done');
        await warningFor('vote');
      });

      it('warns and refuses the client, in `authorization`', async () => {
        const app = await startApp();
        app.expressionIO.sockets.authorization(listener as () => void);
        const refusal = await refused(app.client());
        expect(refusal.data).to.deep.equal({ code: 'ERR_SESSION_REFUSED' });
        await warningFor('authorization');
      });
    });
  }

  it('warns where `disconnect` has no session with `autoErrManager`', async () => {
    const app = await startApp({ options: { autoErrManager: true } });
    app.expressionIO.sockets.on('connection', (_session, socket) => {
      socket.sessOn('disconnect', (session) => {
        expect((session as { n?: number }).n).to.equal(0);
      });
      socket.emit('ready');
    });
    const { cookie, sessionId } = await app.login();
    const client = app.client({ cookie });
    await received(client, 'ready');
    await new Promise<void>((resolve) => app.store.destroy(sessionId, () => resolve()));
    await warningFor('disconnect');
  });

  it('says in the warning what to do', async () => {
    const app = await startApp();
    app.expressionIO.sockets.on('connection', forgetful);
    await app.connect();
    const warning = await warningFor('connection');
    expect(warning).to.have.property('name', 'SessionWarning');
    expect(warning.message).to.include('check `err` before using `session`');
  });

  it('warns of any `SessionError` that a listener with a session rethrows', async () => {
    const app = await startApp();
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('login', async (_err, session) => {
        await new Promise<void>((resolve, reject) => {
          session?.regenerate((error: unknown) => (error ? reject(error) : resolve()));
        });
      });
      socket.emit('ready');
    });
    const client = app.client(await app.login());
    await received(client, 'ready');
    client.emit('login');
    expect(await warnings.first()).to.have.property('code', 'ERR_SESSION_REGENERATE');
  });

  describe('when a listener without a session saves that of the connection, which has ended', () => {
    it('warns and goes on as the visitor logs out, in `disconnecting`', async () => {
      const app = await startApp();
      app.expressionIO.sockets.on('connection', (_err, session, socket) => {
        socket.on('disconnecting', async () => {
          if (session) session.n = 1;
          await session?.save();
        });
      });
      const { cookie } = await app.login();
      await app.connect({ cookie });
      await app.logout(cookie);
      await warningOf('ERR_SESSION_ENDED');
    });

    it('warns and goes on, in an acknowledgement', async () => {
      const app = await startApp();
      const { cookie, sessionId } = await app.login();
      app.expressionIO.sockets.on('connection', (_err, session, socket) => {
        socket.emit('question', async () => {
          await session?.save();
        });
      });
      const client = app.client({ cookie });
      const [acknowledge] = (await received(client, 'question')) as [() => void];
      await new Promise((resolve) => app.store.destroy(sessionId, resolve));
      acknowledge();
      await warningOf('ERR_SESSION_ENDED');
    });

    it('tells `onError` and goes on, in `once`', async () => {
      await saveAfterLogout((socket, listener) => socket.once('vote', listener));
    });

    for (const method of ['onAny', 'prependAny', 'onAnyOutgoing'] as const) {
      it(`tells \`onError\` and goes on, in \`${method}\``, async () => {
        await saveAfterLogout((socket, listener) => socket[method](listener));
      });
    }

    async function saveAfterLogout(
      add: (socket: Socket, listener: () => Promise<void>) => void,
    ): Promise<void> {
      const reported: unknown[] = [];
      const app = await startApp({
        options: { onError: (error, { event }) => reported.push([codeOf(error), event]) },
      });
      const { cookie, sessionId } = await app.login();
      app.expressionIO.sockets.on('connection', (_err, session, socket) => {
        socket.on('vote', () => socket.emit('vote'));
        add(socket, async () => {
          await session?.save();
        });
      });
      const client = await app.connect({ cookie });
      await new Promise((resolve) => app.store.destroy(sessionId, resolve));
      client.emit('vote');
      await until(() => reported.length > 0);
      expect(reported).to.deep.equal([['ERR_SESSION_ENDED', 'vote']]);
    }

    it('passes the error, and no other, to `onError`', async () => {
      const reported: unknown[] = [];
      const app = await startApp({
        options: { onError: (error, { event }) => reported.push([codeOf(error), event]) },
      });
      app.expressionIO.sockets.on('connection', (_err, session, socket) => {
        socket.on('vote', async () => {
          await session?.save();
        });
        socket.on('fail', async () => Promise.reject(new Error('a mistake')));
      });
      const { cookie, sessionId } = await app.login();
      const client = await app.connect({ cookie });
      const rejections = new ProcessEvents('unhandledRejection');
      client.emit('fail');
      await until(() => rejections.values.length > 0);
      rejections.stop();
      await new Promise((resolve) => app.store.destroy(sessionId, resolve));
      client.emit('vote');
      await until(() => reported.length > 0);
      expect(reported).to.deep.equal([['ERR_SESSION_ENDED', 'vote']]);
    });
  });
});

function codeOf(error: unknown): unknown {
  return Reflect.get(Object(error), 'code');
}
