/**
 * @module A Redis server of the tests' own, on a free port of this machine, that keeps nothing.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { withoutService } from './service.js';

const command = process.env.REDIS_SERVER_PATH || 'redis-server';

/** A running Redis. */
export interface RedisServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a Redis server. Where there is none on the machine, see `withoutService`.
 *
 * @param context `this` of a mocha `before`
 */
export async function requireRedis(context: Mocha.Context): Promise<RedisServer> {
  if (spawnSync(command, ['--version']).status !== 0) {
    return withoutService(
      context,
      `There is no \`${command}\` on this machine; REDIS_SERVER_PATH may name another place.`,
    );
  }
  const port = await freePort();
  const child = spawn(
    command,
    ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await ready(child);
  return { url: `redis://127.0.0.1:${port}`, stop: () => stop(child) };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

async function ready(child: ChildProcess): Promise<void> {
  if (!child.stdout) throw new Error('redis-server has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('Ready to accept connections')) break;
  }
  // A full pipe would stop the server.
  child.stdout.resume();
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill();
  await once(child, 'exit');
}
