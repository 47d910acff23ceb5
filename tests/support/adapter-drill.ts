/**
 * @module Two nodes whose sessions are in one healthy Redis, joined by an adapter on a service that
 * fails: what becomes of events and logouts.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { createClient } from 'redis';
import type { Socket as Client } from 'socket.io-client';
import { redis } from '../../source/redis/index.js';
import { App } from './app.js';
import { storeOn } from './redis-drills.js';

/** Makes an adapter of Socket.IO, and tells how to end what it works with. */
export interface OpenedAdapter {
  readonly adapter: never;
  close(): unknown;
}

/** How long a logout may take to reach the other node once all is well, in milliseconds. */
const patience = 20_000;

/** A socket on the second node, whose visitor is known to both. */
interface Guest {
  readonly client: Client;
  readonly cookie: string;
}

/** Two nodes. */
export class AdapterDrill {
  readonly #apps: readonly [App, App];
  readonly #close: () => Promise<void>;
  readonly heard: string[] = [];

  private constructor(apps: readonly [App, App], close: () => Promise<void>) {
    this.#apps = apps;
    this.#close = close;
    for (const app of apps) {
      app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('look', (err, _found, ack) => {
          this.heard.push(err?.code ?? 'ok');
          ack(err?.code ?? 'ok');
        });
      });
    }
  }

  static async start(url: string, open: () => Promise<OpenedAdapter>): Promise<AdapterDrill> {
    const closes: (() => unknown)[] = [];
    const startNode = async (): Promise<App> => {
      const client = createClient({ url });
      client.on('error', () => {});
      await client.connect();
      const { adapter, close } = await open();
      closes.push(
        () => client.destroy(),
        () => close(),
      );
      const app = await App.start({
        store: storeOn(client),
        options: { ...redis(client), onError: () => {} },
        server: { adapter },
      });
      return app as unknown as App;
    };
    const apps = [await startNode(), await startNode()] as const;
    return new AdapterDrill(apps, async () => {
      for (const app of apps) await app.stop();
      for (const close of closes) await close();
    });
  }

  /** A visitor on the second node. */
  async guest(): Promise<Guest> {
    const [one, two] = this.#apps;
    const { cookie } = await one.login();
    return { cookie, client: await two.connect({ cookie }) };
  }

  /** Logs a visitor out on the first node. */
  async logOut({ cookie }: Guest): Promise<void> {
    await this.#apps[0].logout(cookie);
  }

  /** Waits until a visitor who logs out on the first node is disconnected from the second. */
  async untilJoined(): Promise<number> {
    const since = performance.now();
    while (performance.now() - since < patience) {
      const guest = await this.guest();
      await this.logOut(guest);
      for (let time = 0; time < 50 && guest.client.connected; time++) await delay(5);
      if (!guest.client.connected) return performance.now() - since;
      guest.client.disconnect();
    }
    throw new Error('the nodes did not find each other again');
  }

  /** While the adapter's service fails: the sessions are as they were, and who is logged out is told so. */
  async serves(): Promise<void> {
    const [stays, leaves] = [await this.guest(), await this.guest()];
    const look = ({ client }: Guest): Promise<unknown> =>
      client.timeout(5_000).emitWithAck('look').catch(String);
    const before = this.heard.length;
    for (let time = 0; time < 10; time++) expect(await look(stays)).to.equal('ok');
    expect(this.heard.length - before, 'events heard').to.equal(10);
    await this.logOut(leaves);
    // Unless the word of it has come all the same.
    if (leaves.client.connected) {
      const told = await look(leaves);
      if (leaves.client.connected) expect(told).to.equal('ERR_SESSION_NOT_FOUND');
      for (let time = 0; time < 400 && leaves.client.connected; time++) await delay(5);
    }
    expect(leaves.client.connected, 'whoever is logged out').to.equal(false);
    stays.client.disconnect();
  }

  stop(): Promise<void> {
    return this.#close();
  }
}
