/**
 * @module The scale run: what many connections of as many sessions cost one process. Options: how
 * many (`--connections 20000`).
 */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { FaultyRedis } from '../support/faulty-redis.js';
import type { ClientCommands } from './clients.js';
import { type Forked, forkCommands } from './fork.js';
import type { Seen, ServerCommands } from './server.js';

/** Files that a process needs besides its connections. */
const spareFiles = 100;
const day = 86_400_000;

const { values } = parseArgs({ options: { connections: { type: 'string', default: '20000' } } });
const wanted = Number(values.connections);
const files = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' })) || 1e6;
const count = Math.min(wanted, files - spareFiles);
if (count < wanted) {
  console.log(`A process may open ${files} files here, so ${count} connections and not ${wanted}.`);
}
const at = (name: string): string => join(import.meta.dirname, name);

interface Site {
  readonly server: Forked<ServerCommands>;
  readonly clients: readonly Forked<ClientCommands>[];
  readonly port: number;
}

async function withSite(
  { isBare }: { isBare: boolean },
  task: (site: Site, store: FaultyRedis) => Promise<void>,
): Promise<void> {
  const store = await FaultyRedis.start({ appendfsync: 'no' });
  const server = forkCommands<ServerCommands>(at('server.ts'));
  // Each may open as many files as the server.
  const clients = [0, 1].map(() => forkCommands<ClientCommands>(at('clients.ts')));
  try {
    const port = await server.call('start', { url: store.url, isBare });
    await task({ server, clients, port }, store);
  } finally {
    for (const each of [server, ...clients]) await each.stop();
    await store.stop();
  }
}

/** Measures what happens meanwhile, and prints it as a row. */
async function measure(
  { server }: Site,
  what: string,
  task: () => Promise<unknown>,
): Promise<Seen> {
  await server.call('begin');
  await task();
  const seen = await server.call('end');
  const columns = [
    what,
    `${seen.seconds.toFixed(1)} s`,
    `${Math.round(seen.cpu * 100)} %`,
    `${Math.round(seen.delay99)} / ${Math.round(seen.longestDelay)} ms`,
    seen.events,
    `${seen.storeCalls} / ${seen.recordsRead}`,
    `${seen.messages} / ${Math.round(seen.messageBytes / 1_000)} KB`,
  ];
  console.log(`| ${columns.join(' | ')} |`);
  return seen;
}

async function connect({ clients, port }: Site, cookies: readonly string[]): Promise<void> {
  const half = Math.ceil(cookies.length / clients.length);
  for (const [index, client] of clients.entries()) {
    const some = cookies.slice(index * half, (index + 1) * half);
    await client.call('open', { port, cookies: some, first: index * half });
  }
}

/** How many bytes a connection takes. */
async function memoryOf(site: Site, cookies: readonly string[]): Promise<[number, number]> {
  const before = await site.server.call('memory');
  await measure(site, `connect ${cookies.length}`, () => connect(site, cookies));
  const after = await site.server.call('memory');
  return [
    (after.heap - before.heap) / cookies.length,
    (after.resident - before.resident) / cookies.length,
  ];
}

async function all(
  { clients }: Site,
  task: (client: Forked<ClientCommands>) => Promise<unknown>,
): Promise<void> {
  await Promise.all(clients.map(task));
}

console.log('| what | time | CPU | loop delay p99 / max | events | reads / records | messages |');
console.log('|---|--:|--:|--:|--:|--:|--:|');
let bare: readonly [number, number] = [0, 0];
await withSite({ isBare: true }, async (site) => {
  bare = await memoryOf(site, await site.server.call('logIn', { count, life: day, spread: 0 }));
});
let ours: readonly [number, number] = [0, 0];
await withSite({ isBare: false }, async (site, store) => {
  const { server } = site;
  ours = await memoryOf(site, await server.call('logIn', { count, life: day, spread: 0 }));
  await measure(site, 'idle', () => sleep(11_000));
  await measure(site, 'an event of each', () => all(site, (client) => client.call('probe')));
  await measure(site, 'events for 5 s, one in flight each', async () => {
    await all(site, (client) => client.call('start', 1));
    await sleep(5_000);
    await all(site, (client) => client.call('pause'));
  });
  await measure(site, 'messages after that', () => sleep(2_000));
  await measure(site, 'Redis killed, restarted after 2 s', async () => {
    await store.kill();
    await sleep(2_000);
    await store.start();
  });
  await measure(site, 'an event of each, right after', () =>
    all(site, (client) => client.call('probe')),
  );
  console.log(`still connected: ${await server.call('connections')}`);
  await measure(site, 'logout of all', async () => {
    await server.call('logOutAll');
    await server.call('untilConnections', 0);
  });
  const { heap } = await server.call('memory');
  console.log(`heap after all have gone: ${Math.round(heap / 1e6)} MB`);
});
await withSite({ isBare: false }, async (site) => {
  const { server } = site;
  // Long enough for all of them to connect.
  const life = 45_000 + 5 * count;
  const loggedInAt = performance.now();
  const cookies = await server.call('logIn', { count, life, spread: 20_000 });
  await measure(site, `connect ${count}, which expire soon`, () => connect(site, cookies));
  await sleep(Math.max(0, life - 1_000 - (performance.now() - loggedInAt)));
  await measure(site, 'all expire within 20 s', () => server.call('untilConnections', 0));
});
const show = ([heap, resident]: readonly [number, number]): string =>
  `${Math.round(heap)} B of heap, ${Math.round(resident)} B resident`;
console.log(`a connection of Socket.IO takes ${show(bare)}; with a session, ${show(ours)}`);
