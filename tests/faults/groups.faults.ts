import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createCluster, createSentinel } from 'redis';
import type { RedisClient } from '../../source/redis/index.js';
import { expectNoCrash } from '../support/crashes.js';
import { note, printTable } from '../support/fault-table.js';
import { type FaultyRedis, requireRedisServer } from '../support/faulty-redis.js';
import { type OpenedDrill, startRedisDrill } from '../support/redis-drills.js';
import { type RedisGroup, startCluster, startSentinels, until } from '../support/redis-groups.js';

interface GroupFault {
  readonly name: string;
  readonly begin: (master: FaultyRedis, group: RedisGroup) => Promise<void>;
  /** What is left to do once all is well. */
  readonly tidy?: (master: FaultyRedis) => Promise<void>;
}

/** Of each, the time to heal holds the time in which the others agree on a new master. */
const faults: readonly GroupFault[] = [
  {
    name: 'a failover that was asked for',
    begin: (_master, group) => group.failOver(),
  },
  {
    name: 'a node killed; restarted later',
    begin: (master) => master.kill(),
    tidy: (master) => master.start(),
  },
  {
    name: 'a node stopped; continued later',
    begin: async (master) => master.freeze(),
    tidy: async (master) => master.thaw(),
  },
  {
    name: 'connections reset at a node',
    begin: async (master) => {
      for (let time = 0; time < 10; time++) {
        await master.send('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await delay(50);
      }
    },
  },
];

/** node-redis looks for the new master of a Cluster once a node answers that it has moved, not before. */
const waitingClients: ReadonlySet<string> = new Set(['Cluster, node-redis']);
/** Longer than the others take to agree on a new master, in milliseconds. */
const absence = 5_000;

type Open = (ports: readonly number[]) => Promise<{ client: RedisClient; close(): unknown }>;

const settings: Readonly<
  Record<string, { start: () => Promise<RedisGroup>; clients: Readonly<Record<string, Open>> }>
> = {
  Cluster: {
    start: startCluster,
    clients: {
      'node-redis': async (ports) => {
        const client = createCluster({
          rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })),
        });
        client.on('error', () => {});
        await client.connect();
        return { client, close: () => client.destroy() };
      },
      ioredis: async (ports) => {
        const client = new Redis.Cluster(ports.map((port) => ({ host: '127.0.0.1', port })));
        client.on('error', () => {});
        return { client, close: () => client.disconnect() };
      },
    },
  },
  Sentinel: {
    start: startSentinels,
    clients: {
      'node-redis': async (ports) => {
        const client = createSentinel({
          name: 'drill',
          sentinelRootNodes: ports.map((port) => ({ host: '127.0.0.1', port })),
        });
        client.on('error', () => {});
        await client.connect();
        return { client, close: () => client.destroy() };
      },
      ioredis: async (ports) => {
        const client = new Redis({
          name: 'drill',
          // Otherwise it waits for a master that stands still until the connection breaks.
          failoverDetector: true,
          sentinels: ports.map((port) => ({ host: '127.0.0.1', port })),
        });
        client.on('error', () => {});
        return { client, close: () => client.disconnect() };
      },
    },
  },
};

for (const [setting, { start, clients }] of Object.entries(settings)) {
  describe(`While something happens to Redis: ${setting}`, () => {
    let group: RedisGroup;

    before(async function () {
      requireRedisServer(this);
      group = await start();
    });
    after(async () => {
      await group?.stop();
      printTable();
    });

    for (const [kind, open] of Object.entries(clients)) {
      describe(`(${kind})`, () => {
        let opened: OpenedDrill;

        beforeEach(async () => {
          await until(() => group.isWhole());
          const { client, close } = await open(group.ports);
          opened = await startRedisDrill(client, close, {
            isConcerned: (sessionId) => group.isConcerned(sessionId),
          });
          // A session that only the master has is gone with it.
          await until(() => group.isWhole());
        });
        afterEach(() => opened?.close());
        expectNoCrash();

        for (const { name, begin, tidy } of faults) {
          it(`each event is heard once, and all heals by itself: ${name}`, async () => {
            const master = await group.master();
            const where = `${setting}, ${kind}`;
            const isWaiting = waitingClients.has(where) && tidy !== undefined;
            const happen = async (): Promise<void> => {
              await begin(master, group);
              if (!isWaiting) return;
              await delay(absence);
              await tidy(master);
            };
            try {
              // A master acknowledges what its replica does not have yet.
              const report = await opened.drill.during(happen, { mayLose: true });
              note(where, isWaiting ? `${name}: after its return` : name, report);
            } finally {
              if (!isWaiting) await tidy?.(master);
            }
          });
        }
      });
    }
  });
}
