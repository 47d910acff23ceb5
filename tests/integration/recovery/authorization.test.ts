import { expect } from 'chai';
import type { SessionData } from 'express-session';
import type { Socket as Client } from 'socket.io-client';
import type { ExpressionSocketOptions } from '../../../source/index.js';
import { App, refused } from '../../support/app.js';
import { pair } from '../../support/pair.js';
import {
  disconnection,
  loseConnection,
  packets,
  reconnect,
  recovering,
} from '../../support/recovery.js';
import { ControlledStore } from '../../support/stores.js';

describe('Recovery is not a bypass', () => {
  let app: App;
  let store: ControlledStore;
  let cookie: string;
  let sessionId: string;
  let calls: unknown[];

  beforeEach(() => start());

  afterEach(() => app.stop());

  it('reads the session again', async () => {
    const { client, raw } = await pair(app, { cookie });
    await loseConnection(client, raw);
    await change((session) => {
      session.n = 5;
    });
    app.expressionIO.sockets.on('connection', (_err, session) => calls.push(session?.n));
    await again(client);

    expect(calls).to.deep.equal([5]);
  });

  it('applies `authorization` again, with the session and the handshake as they are now', async () => {
    app.expressionIO.sockets.authorization((_err, session, handshake) => {
      calls.push([session?.n, handshake.auth.time]);
      return true;
    });
    const { client, raw } = await pair(app, { cookie, auth: { time: 'first' } });
    await loseConnection(client, raw);
    await change((session) => {
      session.n = 5;
    });
    client.auth = { time: 'second' };
    await again(client);

    expect(calls).to.deep.equal([
      [0, 'first'],
      [5, 'second'],
    ]);
  });

  it('disconnects a client that `authorization` refuses now, and announces it to nobody', async () => {
    let isWelcome = true;
    app.expressionIO.sockets.authorization(() => isWelcome);
    const { client, raw } = await pair(app, { cookie });
    app.expressionIO.sockets.on('connection', () => calls.push('connection'));
    isWelcome = false;
    await loseConnection(client, raw);
    const disconnected = disconnection(client);
    client.connect();

    expect(await disconnected).to.equal('io server disconnect');
    expect(calls).to.deep.equal([]);
    expect(app.io.of('/').sockets.size).to.equal(0);
  });

  it('delivers no event of a client that it disconnects', async () => {
    let isWelcome = true;
    app.expressionIO.sockets.authorization(() => isWelcome);
    const { client, raw } = await pair(app, { cookie });
    isWelcome = false;
    await loseConnection(client, raw);
    const left = new Promise<void>((resolve) => {
      app.io.on('connection', (one) => {
        one.on('vote', () => calls.push('vote'));
        one.on('disconnect', () => setImmediate(resolve));
      });
    });
    client.emit('vote');
    client.connect();
    await left;

    expect(calls).to.deep.equal([]);
  });

  it('runs no `sessOn` listener before `authorization` has agreed', async () => {
    let accept = (): void => {};
    app.expressionIO.sockets.authorization((_err, _session, _handshake, fn) => {
      accept = () => fn(null, true);
      if (calls.length === 0) accept();
      calls.push('authorization');
    });
    const { client, raw } = await pair(app, { cookie });
    const voted = new Promise<void>((resolve) => {
      app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('vote', () => {
          calls.push('vote');
          resolve();
        });
      });
    });
    await loseConnection(client, raw);
    const came = packets(app, 1);
    client.emit('vote');
    await reconnect(client);
    await came;
    calls.push('accepted');
    accept();
    await voted;

    expect(calls).to.deep.equal(['authorization', 'authorization', 'accepted', 'vote']);
  });

  describe('when the session has ended meanwhile', () => {
    for (const options of [{}, { autoErrManager: true }, { alwaysSession: true }]) {
      it(`disconnects the client, with ${JSON.stringify(options)}`, async () => {
        await app.stop();
        await start(options);
        const { client, raw } = await pair(app, { cookie });
        app.expressionIO.sockets.on('connection', () => calls.push('connection'));
        await loseConnection(client, raw);
        await app.logout(cookie);
        const disconnected = disconnection(client);
        client.connect();

        expect(await disconnected).to.equal('io server disconnect');
        expect(calls).to.deep.equal([]);
      });
    }

    it('disconnects the client also where `skipMiddlewares` is off', async () => {
      await app.stop();
      await start({}, { connectionStateRecovery: { skipMiddlewares: false } });
      const { client, raw } = await pair(app, { cookie });
      await loseConnection(client, raw);
      await app.logout(cookie);
      const refusal = refused(client).then(({ data }) => data?.code);
      const announced = connection();
      client.connect();

      expect(await Promise.race([refusal, announced.then(() => 'announced')])).to.equal(
        'ERR_SESSION_NOT_FOUND',
      );
    });

    it('disconnects the client also where it comes with another session now', async () => {
      const { client, raw } = await pair(app, { cookie });
      await loseConnection(client, raw);
      await app.logout(cookie);
      carry(client, (await app.login()).cookie);
      app.expressionIO.sockets.on('connection', () => calls.push('connection'));
      const disconnected = disconnection(client);
      client.connect();

      expect(await Promise.race([disconnected, connection().then(() => 'announced')])).to.equal(
        'io server disconnect',
      );
    });

    it('lets a client stay that had no session before either', async () => {
      await app.logout(cookie);
      const { client, raw } = await pair(app, { cookie });
      await loseConnection(client, raw);
      const disconnected = disconnection(client);
      const announced = connection();
      client.connect();

      expect(await Promise.race([disconnected, announced.then(() => 'announced')])).to.equal(
        'announced',
      );
    });
  });

  describe('when the session has ended, and the store is down as well', () => {
    it('disconnects a client that comes with another session once the store is back', async () => {
      await app.stop();
      await start({ autoErrManager: true, onError: () => {} });
      const { client, raw } = await pair(app, { cookie });
      await loseConnection(client, raw);
      await app.logout(cookie);
      carry(client, (await app.login()).cookie);
      store.onGet = (_id, callback) => callback(new Error('down'));
      const disconnected = disconnection(client);
      const announced = connection();
      await reconnect(client);
      store.onGet = undefined;

      expect(await Promise.race([disconnected, announced.then(() => 'announced')])).to.equal(
        'io server disconnect',
      );
    });
  });

  describe('when the store is down', () => {
    it('lets the client stay, and tells its listeners once the store is back', async () => {
      const { client, raw } = await pair(app, { cookie });
      await loseConnection(client, raw);
      store.onGet = (_id, callback) => {
        calls.push('down');
        callback(new Error('down'));
        store.onGet = undefined;
      };
      app.expressionIO.sockets.on('connection', (err) => calls.push(err));
      await again(client);

      expect(calls).to.deep.equal(['down', null]);
    });

    it('disconnects the client, once the store is back, where its session has ended', async () => {
      const { client, raw } = await pair(app, { cookie });
      await loseConnection(client, raw);
      await app.logout(cookie);
      store.onGet = (_id, callback) => {
        callback(new Error('down'));
        store.onGet = undefined;
      };
      const disconnected = disconnection(client);
      client.connect();

      expect(await disconnected).to.equal('io server disconnect');
    });

    it('lets no client past an `authorization`, and lets it reconnect by itself', async () => {
      await app.stop();
      await start({ autoErrManager: true, onError: () => {} });
      app.expressionIO.sockets.authorization(() => true);
      const { client, raw } = await pair(app, { cookie });
      app.expressionIO.sockets.on('connection', () => calls.push('connection'));
      await loseConnection(client, raw);
      store.onGet = (_id, callback) => callback(new Error('down'));
      const disconnected = disconnection(client);
      client.connect();

      expect(await disconnected).to.equal('transport close');
      expect(calls).to.deep.equal([]);
    });
  });

  async function start(options: ExpressionSocketOptions = {}, server = recovering): Promise<void> {
    calls = [];
    store = new ControlledStore();
    app = await App.start({ store, server, options });
    ({ cookie, sessionId } = await app.login());
  }

  /** Connects a client again; waits until the listeners were told. */
  async function again(client: Client): Promise<void> {
    const announced = connection();
    await reconnect(client);
    await announced;
  }

  /** Waits for the next connection that the listeners are told of. */
  function connection(): Promise<void> {
    return new Promise((resolve) => {
      app.expressionIO.sockets.on('connection', () => resolve());
    });
  }

  /** Changes the visitor's session, as an HTTP request would. */
  async function change(edit: (session: SessionData) => void): Promise<void> {
    const session = await new Promise<SessionData>((resolve, reject) => {
      store.get(sessionId, (error, found) => (found ? resolve(found) : reject(error)));
    });
    edit(session);
    await new Promise<void>((resolve) => store.set(sessionId, session, () => resolve()));
  }
});

/** Gives a client another cookie for when it comes back. */
function carry(client: Client, cookie: string): void {
  client.io.opts.extraHeaders = { cookie };
}
