/**
 * @module `ticket: { once: true }` with real connections: several namespaces, recovery, and two
 * processes that share a Redis.
 */

import { expect } from 'chai';
import { createClient } from 'redis';
import { Manager } from 'socket.io-client';
import type { ExpressionSocketOptions } from '../../../source/index.js';
import { redis } from '../../../source/redis/index.js';
import { type App, connected, useApps } from '../../support/app.js';
import { arrive } from '../../support/outcomes.js';
import { type RedisServer, requireRedis } from '../../support/redis.js';

const once: ExpressionSocketOptions = { ticket: { once: true } };

describe('`ticket.once`', () => {
  const startApp = useApps();

  function start(
    settings: Parameters<typeof App.start<ExpressionSocketOptions>>[0] = {},
  ): Promise<App<ExpressionSocketOptions>> {
    return startApp<ExpressionSocketOptions>({ options: once, ...settings });
  }

  it('accepts a ticket once', async () => {
    const app = await start();
    const ticket = await app.expressionIO.ticket((await app.login()).sessionId);
    const auth = { session: ticket };
    expect((await arrive(app, { auth })).err).to.equal(null);
    const { err } = await arrive(app, { auth });
    expect(err?.code).to.equal('ERR_SESSION_TICKET');
    expect(err?.message).to.include('used');
  });

  it('accepts it for all namespaces of its connection, now and later', async () => {
    const app = await start();
    const seen: unknown[] = [];
    for (const name of ['/', '/chat', '/news']) {
      app.expressionIO.of(name).on('connection', (...args: unknown[]) => seen.push(args[0]));
    }
    const session = await app.expressionIO.ticket((await app.login()).sessionId);
    const manager = new Manager(app.url, { transports: ['polling', 'websocket'] });
    try {
      const sockets = ['/', '/chat'].map((name) => manager.socket(name, { auth: { session } }));
      await Promise.all(sockets.map(connected));
      await connected(manager.socket('/news', { auth: { session } }));
      expect(seen).to.deep.equal([null, null, null]);
    } finally {
      manager._close();
    }
    expect((await arrive(app, { auth: { session } })).err?.code).to.equal('ERR_SESSION_TICKET');
  });

  it('accepts the new ticket of a recovered client, and not the old one', async () => {
    const app = await start({ server: { connectionStateRecovery: {} } });
    const { sessionId } = await app.login();
    let session = await app.expressionIO.ticket(sessionId);
    const { client, socket } = await arrive(app, {
      reconnection: true,
      reconnectionDelay: 10,
      auth: (send) => send({ session }),
    });
    // Without an event of its own to go on from, nothing is recovered.
    socket.emit('hello');
    await new Promise((resolve) => client.once('hello', resolve));

    session = await app.expressionIO.ticket(sessionId);
    client.io.engine.close();
    await new Promise((resolve) => client.once('connect', () => resolve(undefined)));
    expect(client.recovered).to.equal(true);

    // The same ticket again: a recovery is a connection like any other.
    client.io.engine.close();
    await new Promise((resolve) => client.io.once('reconnect', () => resolve(undefined)));
    await new Promise((resolve) => client.once('disconnect', resolve));
  });

  describe('in several processes', () => {
    let server: RedisServer;
    let client: Awaited<ReturnType<ReturnType<typeof createClient>['connect']>>;

    before(async function () {
      server = await requireRedis(this);
      client = await createClient({ url: server.url }).connect();
    });
    after(async () => {
      client?.destroy();
      await server?.stop();
    });

    it('is known to all of them through Redis', async () => {
      const names: string[] = [];
      const claim: ExpressionSocketOptions['claim'] = (name, milliseconds) => {
        names.push(name);
        return redis(client).claim(name, milliseconds);
      };
      const one = await start({ options: { ...once, claim } });
      const other = await start({ store: one.store, options: { ...once, claim } });
      const session = await one.expressionIO.ticket((await one.login()).sessionId);
      expect((await arrive(other, { auth: { session } })).err).to.equal(null);
      expect((await arrive(one, { auth: { session } })).err?.code).to.equal('ERR_SESSION_TICKET');
      expect(names).to.have.length(2);
    });
  });
});
