/**
 * @module Starts the cluster: looks for Redis, starts the processes, and gives each connection to one
 * of them, all that belongs to a Socket.IO connection to the same one. Knows nothing of sessions.
 */

import cluster, { type Worker } from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setupMaster } from '@socket.io/sticky';
import { createClient } from 'redis';

const { PORT = '3000', PROCESSES = '3', REDIS_URL = 'redis://localhost:6379' } = process.env;

await findRedis();

// All processes sign with the same secret. Without one of your own, a restart logs everybody out.
const SESSION_SECRET = process.env.SESSION_SECRET || randomBytes(32).toString('base64url');
cluster.setupPrimary({
  exec: fileURLToPath(new URL('worker.ts', import.meta.url)),
  // @socket.io/sticky passes the first bytes of each connection on.
  serialization: 'advanced',
});
const count = Math.max(1, Number.parseInt(PROCESSES, 10) || 3);
const workers = Array.from({ length: count }, () => cluster.fork({ REDIS_URL, SESSION_SECRET }));

const server = createServer();
setupMaster(server, { loadBalancingMethod: 'least-connection' });

server.once('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EADDRINUSE') throw error;
  console.error(`Port ${PORT} is taken. Choose another: PORT=${Number(PORT) + 1}`);
  process.exit(1);
});

// Nobody takes its place: @socket.io/sticky would send connections to a process that only starts.
cluster.on('exit', (worker) => {
  if (worker.exitedAfterDisconnect) return;
  console.log(`Process ${worker.process.pid} is gone; its tabs go to the others.`);
  if (!server.listening || runningWorkers().length === 0) process.exit(1);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    server.close();
    const ends = runningWorkers().map((worker) => once(worker, 'exit'));
    cluster.disconnect();
    await Promise.all(ends);
    process.exit(0);
  });
}

// Each says that it is ready.
await Promise.all(workers.map((worker) => once(worker, 'message')));
server.listen(Number(PORT), () => {
  const { port } = server.address() as AddressInfo;
  console.log(`${count} processes count at http://localhost:${port}`);
  console.log(
    `To see one go: kill ${workers.map((worker) => worker.process.pid).join(', or kill ')}`,
  );
});

function runningWorkers(): Worker[] {
  return workers.filter((worker) => !worker.isDead());
}

async function findRedis(): Promise<void> {
  try {
    const client = createClient({ url: REDIS_URL, socket: { reconnectStrategy: false } });
    // The promise tells as much.
    await client.on('error', () => {}).connect();
    client.destroy();
  } catch (error) {
    console.error(`This example keeps its sessions in Redis, and cannot reach it at ${place()}:
  ${error instanceof Error ? error.message || error.name : error}

Start one here:      redis-server        (or docker run --rm -p 6379:6379 redis)
or name another:     REDIS_URL=redis://host:6379 npx tsx examples/cluster/server.ts`);
    process.exit(1);
  }
}

/** Where Redis should be, without a password. */
function place(): string {
  return URL.canParse(REDIS_URL) ? new URL(REDIS_URL).host : 'an address that is none (REDIS_URL)';
}
