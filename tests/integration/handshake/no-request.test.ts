/**
 * @module Connections without an HTTP request, as those of WebTransport are, for which Node.js has no
 * server yet: the request of an ordinary connection is taken away before its session is read.
 */

import { expect } from 'chai';
import { Manager } from 'socket.io-client';
import type { ExpressionSocketOptions } from '../../../source/index.js';
import { type App, connected, useApps } from '../../support/app.js';
import { arrive } from '../../support/outcomes.js';

describe('A connection without a request', () => {
  const startApp = useApps();

  async function start(
    options: ExpressionSocketOptions,
    namespaces: readonly string[] = ['/'],
  ): Promise<App<ExpressionSocketOptions>> {
    const app = await startApp<ExpressionSocketOptions>({ options });
    for (const name of namespaces) {
      app.io.of(name).use((raw, next) => {
        Reflect.set(raw.conn, 'request', null);
        Object.assign(raw.handshake, { headers: {}, query: {} });
        next();
      });
    }
    return app;
  }

  it('has no session cookie', async () => {
    const app = await start({});
    const { cookie } = await app.login();
    expect((await arrive(app, { cookie })).err?.code).to.equal('ERR_SESSION_COOKIE_MISSING');
  });

  it('opens its session with a ticket that is valid once, in all of its namespaces', async () => {
    const namespaces = ['/', '/chat'];
    const app = await start({ ticket: { once: true } }, namespaces);
    const seen: unknown[] = [];
    for (const name of namespaces) {
      app.expressionIO.of(name).on('connection', (...args: unknown[]) => seen.push(args[0]));
    }
    const session = await app.expressionIO.ticket((await app.login()).sessionId);
    const manager = new Manager(app.url, { transports: ['websocket'] });
    try {
      await Promise.all(
        namespaces.map((name) => connected(manager.socket(name, { auth: { session } }))),
      );
      expect(seen).to.deep.equal([null, null]);
    } finally {
      manager._close();
    }
    expect((await arrive(app, { auth: { session } })).err?.code).to.equal('ERR_SESSION_TICKET');
  });
});
