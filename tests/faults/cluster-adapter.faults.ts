import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { setupPrimary } from '@socket.io/cluster-adapter';
import { expect } from 'chai';
import { type Socket as Client, io as open } from 'socket.io-client';
import { connected } from '../support/app.js';
import { noteTime, printTable } from '../support/fault-table.js';
import { FaultyRedis, requireRedisServer } from '../support/faulty-redis.js';

/** How long the workers may take to find each other again, in milliseconds. */
const patience = 20_000;

describe("While workers of Node's cluster come and go (cluster-adapter)", () => {
  let sessions: FaultyRedis;
  let url = '';
  const clients: Client[] = [];

  const startWorker = async (): Promise<Worker> => {
    const worker = cluster.fork();
    for (;;) {
      // What workers tell each other passes through here too.
      const [message] = (await once(worker, 'message')) as [{ url?: string }];
      if (message.url) {
        url = message.url;
        return worker;
      }
    }
  };
  const logIn = async (): Promise<string> => {
    const response = await fetch(`${url}/login`, { method: 'POST' });
    const [cookie = ''] = response.headers.getSetCookie()[0]?.split(';') ?? [];
    return cookie;
  };
  /** Connects sockets of one visitor until each of two workers has one. */
  const spread = async (cookie: string): Promise<Client[]> => {
    const byWorker = new Map<unknown, Client>();
    while (byWorker.size < 2) {
      const client = open(url, {
        forceNew: true,
        reconnection: false,
        transports: ['websocket'],
        extraHeaders: { cookie },
      });
      clients.push(client);
      await connected(client);
      byWorker.set(await client.emitWithAck('look'), client);
    }
    return [...byWorker.values()];
  };
  /** Waits until a visitor who logs out is disconnected from both workers. */
  const untilJoined = async (): Promise<number> => {
    const since = performance.now();
    while (performance.now() - since < patience) {
      const cookie = await logIn();
      const both = await spread(cookie);
      await fetch(`${url}/logout`, { method: 'POST', headers: { cookie } });
      const isConnected = (): boolean => both.some((client) => client.connected);
      for (let time = 0; time < 50 && isConnected(); time++) await delay(5);
      if (!isConnected()) return performance.now() - since;
    }
    throw new Error('the workers did not find each other again');
  };

  before(async function () {
    requireRedisServer(this);
    sessions = await FaultyRedis.start();
    cluster.setupPrimary({
      exec: join(import.meta.dirname, '../support/cluster-worker.ts'),
      execArgv: ['--import', 'tsx'],
      args: [sessions.url],
    });
    setupPrimary();
    await startWorker();
    await startWorker();
  });
  after(async () => {
    for (const client of clients) client.disconnect();
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL');
    await sessions?.stop();
    printTable();
  });

  for (const [name, signal] of [
    ['a worker killed, and another started', 'SIGKILL'],
    ['a worker stopped and continued', 'SIGSTOP'],
  ] as const) {
    it(`events are served by the other, and a logout reaches both again: ${name}`, async () => {
      await untilJoined();
      const [cookie, [worker]] = [await logIn(), Object.values(cluster.workers ?? {})];
      const both = await spread(cookie);
      const pids = await Promise.all(both.map((client) => client.emitWithAck('look')));
      const other = both[pids.findIndex((pid) => pid !== worker?.process.pid)];
      worker?.process.kill(signal);
      for (let time = 0; time < 10; time++) {
        expect(await other?.timeout(5_000).emitWithAck('look')).to.be.a('number');
      }
      if (signal === 'SIGKILL') await startWorker();
      else {
        await delay(1_000);
        worker?.process.kill('SIGCONT');
      }
      noteTime('cluster-adapter', name, await untilJoined());
    });
  }
});
