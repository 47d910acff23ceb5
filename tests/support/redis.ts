/**
 * @module A Redis server of the tests' own, on a free port of this machine, that keeps nothing.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis';
import { freePort } from './ports.js';
import { withoutService } from './service.js';

const command = process.env.REDIS_SERVER_PATH || 'redis-server';

/** A running Redis. */
export interface RedisServer {
  readonly url: string;
  /** Lets it answer nobody, until it is resumed. */
  pause(): void;
  resume(): void;
  /** Ends it, and starts it anew at the same place, with nothing in it. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a Redis server. Where there is none on the machine, see `withoutService`.
 *
 * @param context `this` of a mocha `before`
 * @param isCluster makes it a cluster of one node, which serves every slot
 */
export async function requireRedis(
  context: Mocha.Context,
  { isCluster = false } = {},
): Promise<RedisServer> {
  if (spawnSync(command, ['--version']).status !== 0) {
    return withoutService(
      context,
      `There is no \`${command}\` on this machine; REDIS_SERVER_PATH may name another place.`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const port = await freePort();
  const options = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no' };
  // The bus port of a cluster would be the port plus 10,000, which may be none.
  const cluster = {
    'cluster-enabled': 'yes',
    'cluster-port': isCluster ? await freePort() : 0,
    // A node that nobody has met does not know its own address.
    'cluster-announce-ip': '127.0.0.1',
  };
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(command, argumentsOf({ ...options, ...(isCluster ? cluster : {}) }), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await ready(child);
    return child;
  };
  let child = await start();
  const url = `redis://127.0.0.1:${port}`;
  if (isCluster) await takeAllSlots(url);
  return {
    url,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    restart: async () => {
      await stop(child);
      child = await start();
    },
    stop: async () => {
      await stop(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function argumentsOf(options: Record<string, string | number>): string[] {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
}

async function takeAllSlots(url: string): Promise<void> {
  const client = await createClient({ url }).connect();
  await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']);
  while (!String(await client.sendCommand(['CLUSTER', 'INFO'])).includes('cluster_state:ok')) {
    await delay(20);
  }
  client.destroy();
}

async function ready(child: ChildProcess): Promise<void> {
  if (!child.stdout) throw new Error('redis-server has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.includes('Ready to accept connections')) continue;
    // A full pipe would stop the server.
    child.stdout.resume();
    return;
  }
  throw new Error('redis-server ended before it was ready');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  // Where a test has paused it.
  child.kill('SIGCONT');
  await once(child, 'exit');
}
