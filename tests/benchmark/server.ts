/**
 * @module The process that is measured: a Socket.IO server with one variant on one store, and the
 * counters. Runs on plain Node.js, on the built library. Must not know when it is measured.
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
import { type ClientEvents, installations } from './installations.js';
import { makeRecord } from './records.js';
import { serve } from './serve.js';
import { type CountedStore, makeStore, type StoreName } from './stores.js';
import type { VariantName } from './variants.js';

/** Which server to be. */
export interface ServerSettings {
  readonly variant: VariantName;
  readonly store: StoreName;
  readonly redisUrl: string;
}

/** What happened between `begin` and `end`. */
export interface ServerWindow {
  readonly seconds: number;
  /** Of all threads of the process, in user and system mode, in microseconds. */
  readonly cpu: number;
  readonly events: number;
  readonly connections: number;
  readonly storeCalls: number;
  readonly recordsRead: number;
}

/** What the server can be asked for. */
export type ServerCommands = typeof commands;

const secret = 'a secret of the benchmark';
const counts = { events: 0, connections: 0 };
let stored: CountedStore;
let io: Server<ClientEvents, DefaultEventsMap>;
let beginning: { snapshot: ServerWindow; cpu: NodeJS.CpuUsage };

const commands = {
  /** Starts the server; tells its port, or why the variant cannot run here. */
  async start({ variant, store, redisUrl }: ServerSettings): Promise<number | string> {
    stored = await makeStore(store, redisUrl);
    if (variant === 'readMany' && stored.withoutReadMany) return stored.withoutReadMany;

    const http = createServer();
    io = new Server(http, { transports: ['websocket'] });
    installations[variant]({
      io,
      stored,
      middleware: session({ secret, store: stored.store, resave: false, saveUninitialized: false }),
      parser: cookieParser(secret),
      connected: () => {
        counts.connections += 1;
      },
      reply: (answer, n) => {
        counts.events += 1;
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

  /** Begins a window. */
  begin(): void {
    beginning = { snapshot: takeSnapshot(), cpu: process.cpuUsage() };
  },

  /** Ends the window: tells what happened since it began. */
  end(): ServerWindow {
    const { user, system } = process.cpuUsage(beginning.cpu);
    const [before, after] = [beginning.snapshot, takeSnapshot()];
    return {
      seconds: after.seconds - before.seconds,
      cpu: user + system,
      events: after.events - before.events,
      connections: after.connections - before.connections,
      storeCalls: after.storeCalls - before.storeCalls,
      recordsRead: after.recordsRead - before.recordsRead,
    };
  },

  /** Waits until the application has so many sockets more than when the window began. */
  async untilConnected(count: number): Promise<void> {
    while (counts.connections - beginning.snapshot.connections < count) await sleep(1);
  },

  /** Waits until all clients are gone. */
  async untilEmpty(): Promise<void> {
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

function takeSnapshot(): ServerWindow {
  const { calls: storeCalls, records: recordsRead } = stored.reads;
  return { ...counts, seconds: performance.now() / 1000, cpu: 0, storeCalls, recordsRead };
}

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
