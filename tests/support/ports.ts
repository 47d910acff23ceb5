/**
 * @module Ports of this machine for servers that are told theirs.
 */

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Those that were given to servers of this process, which may not listen yet, or restart. */
const given = new Set<number>();

/**
 * A port that nobody listens on. It is below those that systems use for outgoing connections: one of
 * these, such as a client that reconnects, could take the port before its server listens.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_768);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
