/**
 * @module A Redis server of the benchmark's own, on a free port, that keeps nothing.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { end, endWithUs } from './processes.js';

const command = process.env.REDIS_SERVER_PATH || 'redis-server';

/** A running Redis. */
export class RedisServer {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /** Starts a server; none where the machine has no Redis. */
  static async start(): Promise<RedisServer | undefined> {
    if (spawnSync(command, ['--version']).status !== 0) return undefined;
    const port = await freePort();
    const address = ['--port', `${port}`, '--bind', '127.0.0.1'];
    const child = endWithUs(
      spawn(command, [...address, '--save', '', '--appendonly', 'no'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.includes('Ready to accept connections')) break;
    }
    if (child.exitCode !== null) throw new Error(`\`${command}\` ended at once`);
    // A full pipe would stop the server.
    child.stdout.resume();
    return new RedisServer(`redis://127.0.0.1:${port}`, child);
  }

  stop(): Promise<void> {
    return end(this.#child);
  }
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
