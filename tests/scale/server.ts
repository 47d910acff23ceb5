/**
 * @module The server of the scale run: as many connections as the system lets it have, each of a
 * session of its own in Redis.
 */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisStore } from 'connect-redis';
import cookieParser from 'cookie-parser';
import type { SessionData } from 'express-session';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import { Adapter } from 'socket.io-adapter';
import { ExpressionSocket } from '../../source/index.js';
import { redis } from '../../source/redis/index.js';
import { serve } from '../benchmark/serve.js';
import { cookieOf, sign } from '../support/cookies.js';

/** What happened between `begin` and `end`. */
export interface Seen {
  readonly seconds: number;
  /** The longest, and all but the longest hundredth, that the event loop was kept from a timer, in ms. */
  readonly longestDelay: number;
  readonly delay99: number;
  /** The share of a core that was used. */
  readonly cpu: number;
  readonly storeCalls: number;
  readonly recordsRead: number;
  readonly events: number;
  readonly messages: number;
  readonly messageBytes: number;
}

/** What the server can be asked for. */
export type ServerCommands = typeof commands;

const secret = 'a secret of the scale run';
const counts = { storeCalls: 0, recordsRead: 0, events: 0, messages: 0, messageBytes: 0 };
const delays = monitorEventLoopDelay({ resolution: 5 });
let before = { ...counts, time: 0, cpu: process.cpuUsage() };
let sessionIds: string[] = [];
let store: RedisStore;

/** Counts what would be sent to the other nodes. */
class CountingAdapter extends Adapter {
  override serverSideEmit(packet: unknown[]): void {
    counts.messages++;
    counts.messageBytes += JSON.stringify(packet).length;
  }
}

const http = createServer();
const io = new Server(http, {
  transports: ['websocket'],
  pingInterval: 3_600_000,
  adapter: CountingAdapter,
});

const commands = {
  /** Starts the server, with or without the library, and tells its port. */
  async start({ url, isBare }: { url: string; isBare: boolean }): Promise<number> {
    const client = createClient({ url });
    client.on('error', () => {});
    await client.connect();
    store = new RedisStore({ client });
    if (isBare) listenBare();
    else listen(client);
    http.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
    await once(http, 'listening');
    // A server that listens has an address with a port.
    return (http.address() as AddressInfo).port;
  },

  /**
   * Makes sessions, and tells their cookies.
   *
   * @param spread over how many milliseconds they expire, from `life` on
   */
  async logIn(settings: { count: number; life: number; spread: number }): Promise<string[]> {
    const { count, life, spread } = settings;
    sessionIds = Array.from({ length: count }, () => randomBytes(24).toString('base64url'));
    for (let start = 0; start < count; start += 1_000) {
      const some = sessionIds.slice(start, start + 1_000);
      await Promise.all(some.map((id, at) => put(id, start + at, life + Math.random() * spread)));
    }
    return sessionIds.map((id) => cookieOf(sign(id, secret)));
  },

  begin(): void {
    delays.enable();
    delays.reset();
    before = { ...counts, time: performance.now(), cpu: process.cpuUsage() };
  },

  end(): Seen {
    const seconds = (performance.now() - before.time) / 1_000;
    const { user, system } = process.cpuUsage(before.cpu);
    const { storeCalls, recordsRead, events, messages, messageBytes } = counts;
    return {
      seconds,
      longestDelay: delays.max / 1e6,
      delay99: delays.percentile(99) / 1e6,
      cpu: (user + system) / 1e6 / seconds,
      storeCalls: storeCalls - before.storeCalls,
      recordsRead: recordsRead - before.recordsRead,
      events: events - before.events,
      messages: messages - before.messages,
      messageBytes: messageBytes - before.messageBytes,
    };
  },

  connections: (): number => io.of('/').sockets.size,

  async untilConnections(count: number): Promise<void> {
    while (io.of('/').sockets.size !== count) await sleep(5);
  },

  /** Collects the garbage, and tells how many bytes are in use. */
  async memory(): Promise<{ heap: number; resident: number }> {
    for (let time = 0; time < 3; time++) {
      globalThis.gc?.();
      await sleep(50);
    }
    const { heapUsed, rss } = process.memoryUsage();
    return { heap: heapUsed, resident: rss };
  },

  /** Logs all visitors out. */
  async logOutAll(): Promise<void> {
    await Promise.all(
      sessionIds.map(
        (id) => new Promise((resolve) => store.destroy(id, resolve as (error?: unknown) => void)),
      ),
    );
  },
};

function listenBare(): void {
  io.on('connection', (socket) => {
    socket.on('work', (_args: unknown, ack: (n: unknown) => void) => ack(0));
  });
}

function listen(client: ReturnType<typeof createClient>): void {
  const { readMany, ...others } = redis(client as never);
  const expressionIO = new ExpressionSocket(io, store, cookieParser(secret), {
    ...others,
    readMany: (ids) => {
      counts.storeCalls++;
      counts.recordsRead += ids.length;
      return readMany(ids);
    },
    onError: () => {},
  });
  expressionIO.sockets.on('connection', (_err, _session, socket) => {
    socket.sessOn('work', (err, session, _args: unknown, ack: (n: unknown) => void) => {
      counts.events++;
      if (!err) ack(session.n);
    });
  });
}

async function put(id: string, n: number, life: number): Promise<void> {
  const cookie = { originalMaxAge: life, expires: new Date(Date.now() + life), path: '/' };
  const record = { cookie, n, visitor: { name: 'Ada', tags: ['a', 'b'] } };
  await store.set(id, record as unknown as SessionData);
}

serve(commands);
