/**
 * @module A Redis server to which a test can do what happens to real ones: it is killed, stopped,
 * paused, filled up, made read-only and slow. It keeps its data over a kill.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis';
import { freePort } from './ports.js';
import { withoutService } from './service.js';

const command = process.env.REDIS_SERVER_PATH || 'redis-server';

const running = new Set<ChildProcess>();
// Whatever becomes of the tests, no server outlives them.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Skips a suite where the machine has no Redis: see `withoutService`. */
export function requireRedisServer(context: Mocha.Context): void {
  if (spawnSync(command, ['--version']).status === 0) return;
  withoutService(
    context,
    `There is no \`${command}\` on this machine; REDIS_SERVER_PATH may name another place.`,
  );
}

/** A Redis server, or a Sentinel. */
export class FaultyRedis {
  readonly port: number;
  readonly #folder: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string, args: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    this.#args = args;
  }

  /**
   * Starts a server on a free port.
   *
   * @param settings of `redis.conf`, besides those that every one of them has
   */
  static async start(
    settings: Readonly<Record<string, string | number>> = {},
  ): Promise<FaultyRedis> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'redis-'));
    const all = {
      port,
      bind: '127.0.0.1',
      dir: folder,
      save: '',
      appendonly: 'yes',
      appendfsync: 'always',
      'enable-debug-command': 'local',
      'repl-diskless-sync-delay': 0,
      ...settings,
    };
    const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    const server = new FaultyRedis(port, folder, args);
    await server.start();
    return server;
  }

  /** Starts a Sentinel, whose configuration is a file that it changes. */
  static async startSentinel(port: number, folder: string, file: string): Promise<FaultyRedis> {
    const server = new FaultyRedis(port, folder, [file, '--sentinel']);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it anew at the same place, with what it has stored. */
  async start(): Promise<void> {
    const child = spawn(command, [...this.#args], { stdio: 'ignore' });
    running.add(child);
    child.once('exit', () => running.delete(child));
    this.#child = child;
    for (;;) {
      try {
        await this.send('PING');
        return;
      } catch {
        if (child.exitCode !== null) throw new Error(`\`${command}\` ended at once`);
        await delay(10);
      }
    }
  }

  /** Ends it at once, with no time to say so. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Removes what it has stored; only while it is killed. */
  forget(): void {
    rmSync(join(this.#folder, 'appendonlydir'), { recursive: true, force: true });
  }

  /** Lets it stand still until it is continued: its connections stay. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Runs a command on a connection of its own, and tells the answer. */
  async send(...args: string[]): Promise<unknown> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: false } });
    client.on('error', () => {});
    try {
      await client.connect();
      return await client.sendCommand(args);
    } finally {
      if (client.isOpen) client.destroy();
    }
  }

  async stop(): Promise<void> {
    this.thaw();
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
