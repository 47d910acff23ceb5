/**
 * @module The process that is measured: a Socket.IO server with one variant on one store. Runs on
 * plain Node.js, on the built library.
 */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import cookieParser from 'cookie-parser';
import session from 'express-session';
import { type DefaultEventsMap, Server } from 'socket.io';
import { cookieOf, sign } from '../support/cookies.js';
import { InsideLoad, openInside } from './inside.js';
import { type ClientEvents, installations } from './installations.js';
import { Meter, type Window } from './meter.js';
import { Profile } from './profile.js';
import { makeRecord, type Work } from './records.js';
import { serve } from './serve.js';
import { type CountedStore, makeStore, type StoreName } from './stores.js';
import type { VariantName } from './variants.js';

/** Which server to be. */
export interface ServerSettings {
  readonly variant: VariantName;
  readonly store: StoreName;
  readonly work: Work;
  readonly redisUrl: string;
}

/** How long events are measured: for so many seconds, and until there were so many events. */
export interface WindowSettings {
  readonly seconds: number;
  readonly events: number;
  /** Where to write a profile of the window's CPU, if anywhere. */
  readonly profile?: string | undefined;
}

/** What the server can be asked for. */
export type ServerCommands = typeof commands;

const secret = 'a secret of the benchmark';
const http = createServer();
const io = new Server<ClientEvents, DefaultEventsMap>(http, {
  transports: ['websocket'],
  // Clients in memory would not answer a ping.
  pingInterval: 3_600_000,
});
let stored: CountedStore;
let meter: Meter;
let load: InsideLoad;
/** That of the clients' connecting. */
let profile: Profile | undefined;

const commands = {
  /** Starts the server, and tells its port. */
  async start({ variant, store, work, redisUrl }: ServerSettings): Promise<number> {
    stored = await makeStore(store, redisUrl);
    meter = new Meter(stored.reads);
    installations[variant]({
      ...{ io, stored, work },
      middleware: session({ secret, store: stored.store, resave: false, saveUninitialized: false }),
      parser: cookieParser(secret),
      connected: () => meter.countConnection(),
      reply: (answer, n) => {
        meter.countEvent();
        answer(n);
      },
    });
    // A storm must find its place in the queue of the kernel.
    http.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
    await once(http, 'listening');
    // A server that listens has an address with a port.
    return (http.address() as AddressInfo).port;
  },

  /** Logs visitors in, and tells their cookies. */
  async logIn({ count, bytes }: { count: number; bytes: number }): Promise<string[]> {
    return Promise.all(Array.from({ length: count }, (_, n) => logIn(n, bytes)));
  },

  /** Measures the events that flow. */
  async measure({ seconds, events, profile: file }: WindowSettings): Promise<Window> {
    const profile = file === undefined ? undefined : new Profile(file);
    await profile?.start();
    meter.begin();
    await sleep(seconds * 1000);
    while (meter.events < events) await sleep(5);
    const window = meter.end();
    await profile?.write();
    return window;
  },

  /** Measures the events that flow without the network: whole turns of the event loop. */
  async measureInside({ seconds, events, profile: file }: WindowSettings): Promise<Window> {
    const profile = file === undefined ? undefined : new Profile(file);
    await profile?.start();
    await new Promise<void>((resolve) => {
      load.atNextTurn(() => {
        meter.begin();
        resolve();
      });
    });
    await sleep(seconds * 1000);
    while (meter.events < events) await sleep(1);
    const window = await new Promise<Window>((resolve) => {
      load.atNextTurn(() => resolve(meter.end()));
    });
    await profile?.write();
    return window;
  },

  /** Connects clients in memory. */
  openInside: (cookies: readonly string[]): Promise<void> => openInside(http, cookies),

  /** Has the clients in memory keep so many events in flight each. */
  startInside({ cookies, inFlight }: { cookies: readonly string[]; inFlight: number }): void {
    load = new InsideLoad(io, cookies);
    load.start(inFlight);
  },

  stopInside: (): Promise<void> => load.stop(),

  /** Begins a window in which clients connect. */
  async begin({ profile: file }: Pick<WindowSettings, 'profile'>): Promise<void> {
    profile = file === undefined ? undefined : new Profile(file);
    await profile?.start();
    meter.begin();
  },

  /** Ends the window: waits until the application has so many sockets more than as it began. */
  async connected(count: number): Promise<Window> {
    while (meter.connections < count) await sleep(1);
    const window = meter.end();
    await profile?.write();
    return window;
  },

  /** Disconnects all clients, and waits until they are gone. */
  async disconnect(): Promise<void> {
    io.disconnectSockets(true);
    while (io.engine.clientsCount > 0 || io.of('/').sockets.size > 0) await sleep(5);
  },

  /** Collects the garbage, and tells how many bytes of heap are in use. */
  async collect(): Promise<number> {
    // Twice: what finalizers let go of is garbage to the second.
    for (let time = 0; time < 2; time += 1) {
      globalThis.gc?.();
      await sleep(20);
    }
    return process.memoryUsage().heapUsed;
  },
};

/** Makes a session in the store, and the cookie that express-session would have set for it. */
async function logIn(n: number, bytes: number): Promise<string> {
  const sessionId = randomBytes(24).toString('base64url');
  await new Promise<void>((resolve, reject) => {
    stored.store.set(sessionId, makeRecord(n, bytes), (error: unknown) => {
      if (error) reject(error);
      else resolve();
    });
  });
  return cookieOf(sign(sessionId, secret));
}

serve(commands);
