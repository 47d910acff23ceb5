/**
 * @module Clients that are recovered without their session, and how they come back.
 */

import { expect } from 'chai';
import session, { MemoryStore } from 'express-session';
import type { Socket as Client } from 'socket.io-client';
import { App, received, secret } from '../../support/app.js';
import { pair } from '../../support/pair.js';
import { disconnection, loseConnection, reconnect, recovering } from '../../support/recovery.js';
import { watch } from '../../support/session-ends.js';
import { overHttp } from '../../support/visits.js';

/** A client that reconnects by itself at once. */
const returning = { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 10 };

describe('A client that is recovered', () => {
  let app: App;
  let cookie: string;

  afterEach(() => app.stop());

  async function start(settings: Parameters<typeof App.start>[0] = {}): Promise<void> {
    app = await App.start({ server: recovering, ...settings });
    ({ cookie } = await app.login());
  }

  /** Logs in as applications do against session fixation; clients take the new cookie. */
  async function loginAnew(client: Client): Promise<void> {
    const answer = await overHttp(app, cookie, async (request) => {
      await new Promise<void>((resolve) => request.session.regenerate(() => resolve()));
      request.session.n = 42;
    });
    client.io.opts.extraHeaders = { cookie: String(answer.cookie) };
  }

  /** What the next connection is: its session, and whether it was recovered. */
  function announced(): Promise<unknown[]> {
    return new Promise((resolve) => {
      app.expressionIO.sockets.on('connection', (err, session, socket) => {
        resolve([err ? err.code : session.n, socket.recovered]);
      });
    });
  }

  it('comes back by itself after a login, with its new session', async () => {
    await start();
    const { client, raw } = await pair(app, { cookie, ...returning });
    const recovered = announced();
    await loseConnection(client, raw);
    await reconnect(client);
    expect(await recovered).to.deep.equal([0, true]);
    const next = announced();
    await loginAnew(client);

    expect(await next).to.deep.equal([42, false]);
  });

  it('comes back by itself after a login that it was away for, with its new session', async () => {
    await start();
    const { client, raw } = await pair(app, { cookie, ...returning });
    await loseConnection(client, raw);
    await loginAnew(client);
    const next = announced();
    client.connect();

    expect(await next).to.deep.equal([42, false]);
  });

  it('may connect with another session once it was disconnected for the end of its own', async () => {
    await start();
    const { client, raw } = await pair(app, { cookie });
    await loseConnection(client, raw);
    await app.logout(cookie);
    const disconnected = disconnection(client);
    client.connect();
    expect(await disconnected).to.equal('io server disconnect');
    client.io.opts.extraHeaders = { cookie: (await app.login()).cookie };
    const next = announced();
    client.connect();

    expect(await next).to.deep.equal([0, false]);
  });

  it('may connect with another session once it was refused for the end of its own', async () => {
    await start({ server: { connectionStateRecovery: { skipMiddlewares: false } } });
    const { client, raw } = await pair(app, { cookie });
    await loseConnection(client, raw);
    await app.logout(cookie);
    const refusal = received(client, 'connect_error');
    client.connect();
    await refusal;
    client.io.opts.extraHeaders = { cookie: (await app.login()).cookie };
    const next = announced();
    client.connect();

    expect(await next).to.deep.equal([0, false]);
  });

  it('may connect with another session after a logout that disconnected it', async () => {
    await start();
    const { client, raw } = await pair(app, { cookie });
    await loseConnection(client, raw);
    const recovered = announced();
    await reconnect(client);
    expect(await recovered).to.deep.equal([0, true]);
    const disconnected = disconnection(client);
    await app.logout(cookie);
    await disconnected;
    client.io.opts.extraHeaders = { cookie: (await app.login()).cookie };
    const next = announced();
    client.connect();

    expect(await next).to.deep.equal([0, false]);
  });

  for (const saveUninitialized of [true, false]) {
    it(`comes back as a new guest where it keeps no cookies (saveUninitialized: ${saveUninitialized})`, async () => {
      const store = new MemoryStore();
      await start({ store });
      app.io.engine.use(session({ secret, store, resave: false, saveUninitialized }));
      const { client, raw } = await pair(app, returning);
      await loseConnection(client, raw);
      const next = announced();
      client.connect();

      expect(await next).to.deep.equal([undefined, false]);
    });
  }

  it("stays with onSessionEnd: 'ignore' where its session had ended before", async () => {
    await start({ options: { onSessionEnd: 'ignore' } } as Parameters<typeof App.start>[0]);
    const { client, raw, ended } = await watch(app, { cookie });
    await app.logout(cookie);
    await ended;
    await loseConnection(client, raw);
    const next = announced();
    await reconnect(client);

    expect(await next).to.deep.equal(['ERR_SESSION_NOT_FOUND', true]);
  });
});
