/**
 * @module Runs programs of the documentation as a reader would: in a folder of their own, with the
 * package installed.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './ports.js';

const root = join(import.meta.dirname, '../..');

/** A running program. */
export interface DocProgram {
  /** Without a slash at its end. */
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * Starts a program that listens on the port in `PORT`.
 *
 * @param files what the folder contains: `server.js`, and whatever that needs
 * @throws {Error} with what it wrote to stderr, if it ends before it listens
 */
export async function startDocProgram(
  files: Readonly<Record<string, string>>,
): Promise<DocProgram> {
  // Below `node_modules`, where the packages of the documentation are found.
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'docs-'));
  const all = { 'package.json': '{ "type": "module" }', ...files };
  for (const [name, content] of Object.entries(all)) writeFileSync(join(folder, name), content);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/expression.socket.io'));

  const port = await freePort();
  // Without `NODE_OPTIONS`, which would bring the loader of the tests along.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, ['server.js'], {
    cwd: folder,
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const complaint = text(child.stderr);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const address = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    child.kill();
    if (!hasEnded()) await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  };
  while (!hasEnded()) {
    if (await answers(address)) return { address, stop };
    await delay(20);
  }
  await stop();
  throw new Error(`The program ended before it listened.\n${await complaint}`);
}

async function answers(address: string): Promise<boolean> {
  try {
    await fetch(`${address}/socket.io/socket.io.js`, { method: 'HEAD' });
    return true;
  } catch {
    return false;
  }
}
