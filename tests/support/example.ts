/**
 * @module Runs the examples for tests: the chat in this process, the small ones as their readers do.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { ChatOptions } from '../../examples/chat/app.js';

export interface RunningExample {
  /** Without a slash at its end. */
  readonly address: string;
  close(): Promise<void>;
}

/** Starts the chat on a free port. */
export async function startChat(options: Partial<ChatOptions> = {}): Promise<RunningExample> {
  // Mocha may load tests by `require`; the chat is ESM, and imports the library as ESM does.
  const { createChat } = await import('../../examples/chat/app.js');
  const { server, close } = await createChat({ secret: 'a secret for tests', ...options });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, close };
}

/**
 * Starts `node` with `args` on a free port, and reads the address that it prints.
 *
 * @throws Error with what it wrote to stderr, where it ends without having printed one
 */
export async function startExample(...args: string[]): Promise<RunningExample> {
  return startExampleWith({}, ...args);
}

/** Does what `startExample` does, with more in the environment. */
export async function startExampleWith(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<RunningExample> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const complaint = text(child.stderr);

  for await (const line of createInterface(child.stdout)) {
    const address = /http:\/\/localhost:\d+/.exec(line)?.[0];
    if (address === undefined) continue;
    // A full pipe would stop it.
    child.stdout.resume();
    return {
      address,
      async close() {
        child.kill();
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      },
    };
  }
  throw new Error(`${args.join(' ')} ended before it printed an address.\n${await complaint}`);
}
