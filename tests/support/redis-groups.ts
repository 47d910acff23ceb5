/**
 * @module Redis in groups, as production has it: a Cluster of three masters with a replica each, and
 * a master with replicas behind Sentinels.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FaultyRedis } from './faulty-redis.js';
import { freePort } from './ports.js';

/** How long a node may be silent before the others take it for dead, in milliseconds. */
const nodeTimeout = 1_000;

const slots = 16_384;
const masterCount = 3;

/** Where a group takes long to agree, in milliseconds. */
const patience = 30_000;

/** A group of servers, one pair of which is put to the test. */
export interface RedisGroup {
  /** Which of the pair is the master now. */
  readonly master: () => Promise<FaultyRedis>;
  readonly ports: readonly number[];
  /** Whether a session is stored by the pair. */
  isConcerned(sessionId: string): Promise<boolean>;
  /** Whether all of them are there, as many replicas as there were, and those have what the master has. */
  isWhole(): Promise<boolean>;
  /** Has a replica take the place of the master, as an operator would. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a Cluster of three masters, each with a replica. */
export async function startCluster(): Promise<RedisGroup> {
  const nodes: FaultyRedis[] = [];
  const busPorts: number[] = [];
  for (let n = 0; n < 2 * masterCount; n++) {
    const busPort = await freePort();
    busPorts.push(busPort);
    nodes.push(
      await FaultyRedis.start({
        'cluster-enabled': 'yes',
        'cluster-port': busPort,
        'cluster-announce-ip': '127.0.0.1',
        'cluster-node-timeout': nodeTimeout,
      }),
    );
  }
  const [first] = nodes as [FaultyRedis, ...FaultyRedis[]];
  const infoHas = async (node: FaultyRedis, text: string): Promise<boolean> =>
    String(await node.send('CLUSTER', 'INFO')).includes(text);
  for (const [n, node] of nodes.entries()) {
    if (n > 0) await first.send('CLUSTER', 'MEET', '127.0.0.1', `${node.port}`, `${busPorts[n]}`);
  }
  for (const node of nodes) await until(() => infoHas(node, 'cluster_known_nodes:6'));
  for (let n = 0; n < masterCount; n++) {
    const [from, to] = [n, n + 1].map((at) => Math.floor((slots / masterCount) * at));
    await nodes[n]?.send('CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${Number(to) - 1}`);
    const id = String(await nodes[n]?.send('CLUSTER', 'MYID'));
    const replica = nodes[n + masterCount] as FaultyRedis;
    await until(() => replica.send('CLUSTER', 'REPLICATE', id).then(Boolean, () => false));
  }
  const isWhole = async (): Promise<boolean> => {
    for (const node of nodes) if (!(await infoHas(node, 'cluster_state:ok'))) return false;
    const list = String(await first.send('CLUSTER', 'NODES'));
    const areLinked = (list.match(/slave .* connected/g) ?? []).length === masterCount;
    return areLinked && !list.includes('fail') && (await isInSync(pair));
  };
  const pair = [first, nodes[masterCount] as FaultyRedis];
  await until(isWhole);
  return {
    master: () => masterOf(pair),
    ports: nodes.map(({ port }) => port),
    isConcerned: async (sessionId) => {
      const slot = Number(await first.send('CLUSTER', 'KEYSLOT', `sess:${sessionId}`));
      return slot < Math.floor(slots / masterCount);
    },
    isWhole: () => isWhole().catch(() => false),
    failOver: async () => {
      const master = await masterOf(pair);
      const replica = pair.find((node) => node !== master) as FaultyRedis;
      await replica.send('CLUSTER', 'FAILOVER');
      // For a moment, there may be none.
      await until(async () => (await masterOf(pair).catch(() => master)) === replica);
    },
    stop: () => stopAll(nodes),
  };
}

/** Starts a master with a replica, and three Sentinels. */
export async function startSentinels(): Promise<RedisGroup & { readonly name: string }> {
  const name = 'drill';
  const folder = mkdtempSync(join(tmpdir(), 'sentinels-'));
  const servers = [await FaultyRedis.start()];
  const [master] = servers as [FaultyRedis];
  servers.push(await FaultyRedis.start({ replicaof: `127.0.0.1 ${master.port}` }));
  const sentinels: FaultyRedis[] = [];
  for (let n = 0; n < 3; n++) {
    const port = await freePort();
    const file = join(folder, `${n}.conf`);
    writeFileSync(
      file,
      `port ${port}\nbind 127.0.0.1\ndir ${folder}
sentinel monitor ${name} 127.0.0.1 ${master.port} 2
sentinel down-after-milliseconds ${name} ${nodeTimeout}
sentinel failover-timeout ${name} 3000\n`,
    );
    sentinels.push(await FaultyRedis.startSentinel(port, folder, file));
  }
  const [sentinel] = sentinels as [FaultyRedis];
  const isWhole = async (): Promise<boolean> => {
    for (const each of sentinels) {
      const state = pairsOf(await each.send('SENTINEL', 'MASTER', name));
      if (state.get('flags') !== 'master' || state.get('num-other-sentinels') !== '2') return false;
      const replicas = (await each.send('SENTINEL', 'REPLICAS', name)) as unknown[];
      if (replicas.length !== 1 || pairsOf(replicas[0]).get('flags') !== 'slave') return false;
    }
    return isInSync(servers);
  };
  await until(isWhole);
  return {
    name,
    master: () => masterOf(servers),
    ports: sentinels.map(({ port }) => port),
    isConcerned: async () => true,
    isWhole: () => isWhole().catch(() => false),
    failOver: async () => {
      const master = await masterOf(servers);
      await sentinel.send('SENTINEL', 'FAILOVER', name);
      await until(async () => (await masterOf(servers).catch(() => master)) !== master);
    },
    stop: async () => {
      await stopAll([...sentinels, ...servers]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until something is so. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const since = performance.now();
  while (!(await isSo())) {
    if (performance.now() - since > patience) throw new Error('The group did not agree in time');
    await delay(50);
  }
}

/** The first of some servers that is a master. */
async function masterOf(servers: readonly FaultyRedis[]): Promise<FaultyRedis> {
  for (const server of servers) {
    if (String(await server.send('ROLE')).startsWith('master')) return server;
  }
  throw new Error('There is no master');
}

/**
 * Whether a replica has all that its master has. A master calls one that does not keep up `online` for
 * a minute, and what it has not sent is lost with it.
 */
async function isInSync(pair: readonly FaultyRedis[]): Promise<boolean> {
  const [first, second] = await Promise.all(pair.map(replicationOf));
  const master = first?.get('role') === 'master' ? first : second;
  const replica = master === first ? second : first;
  return (
    replica?.get('role') === 'slave' &&
    replica.get('master_link_status') === 'up' &&
    replica.get('slave_repl_offset') === master?.get('master_repl_offset')
  );
}

async function replicationOf(server: FaultyRedis): Promise<ReadonlyMap<string, string>> {
  const lines = String(await server.send('INFO', 'replication')).split('\r\n');
  return new Map(
    lines.map((line) => {
      const [name = '', value = ''] = line.split(':');
      return [name, value];
    }),
  );
}

function pairsOf(flat: unknown): Map<string, string> {
  // In RESP2, a map is a list of names and values.
  const list = (Array.isArray(flat) ? flat : Object.entries(Object(flat)).flat()).map(String);
  return new Map(list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1] ?? '']] : [])));
}

async function stopAll(servers: readonly FaultyRedis[]): Promise<void> {
  for (const server of servers) await server.stop();
}
