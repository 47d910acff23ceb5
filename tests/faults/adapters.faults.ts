import { setTimeout as delay } from 'node:timers/promises';
import { createAdapter as createPostgresAdapter } from '@socket.io/postgres-adapter';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createClient } from 'redis';
import { AdapterDrill, type OpenedAdapter } from '../support/adapter-drill.js';
import { expectNoCrash } from '../support/crashes.js';
import { noteTime, printTable } from '../support/fault-table.js';
import { FaultyRedis, requireRedisServer } from '../support/faulty-redis.js';
import { type PostgresServer, requirePostgres } from '../support/postgres.js';

type Open = (url: string) => Promise<OpenedAdapter>;
/** What the makers of adapters take for a client of any kind. */
type MakeAdapter = (...clients: object[]) => unknown;

/** On clients of node-redis, as many as the adapter wants. */
function onNodeRedis(make: MakeAdapter, count: number): Open {
  return async (url) => {
    const clients = Array.from({ length: count }, () => createClient({ url }));
    for (const client of clients) {
      client.on('error', () => {});
      await client.connect();
    }
    return {
      adapter: make(...clients) as never,
      // What the adapter still has under way, it does not catch.
      close: () => Promise.allSettled(clients.map((client) => client.close())),
    };
  };
}

function onIoredis(make: MakeAdapter, count: number): Open {
  return async (url) => {
    const clients = Array.from({ length: count }, () => new Redis(url));
    for (const client of clients) client.on('error', () => {});
    return {
      adapter: make(...clients) as never,
      close: () => Promise.allSettled(clients.map((client) => client.quit())),
    };
  };
}

const streams: MakeAdapter = (client) => createStreamsAdapter(client, { blockTimeInMs: 500 });
const classic: MakeAdapter = (pub, sub) => createAdapter(pub, sub);
const sharded: MakeAdapter = (pub, sub) => createShardedAdapter(pub as never, sub as never);

const redisAdapters: Readonly<Record<string, Open>> = {
  'redis-adapter, node-redis': onNodeRedis(classic, 2),
  'redis-adapter, ioredis': onIoredis(classic, 2),
  'redis-adapter (sharded), node-redis': onNodeRedis(sharded, 2),
  'redis-adapter (sharded), ioredis': onIoredis(sharded, 2),
  'redis-streams-adapter, node-redis': onNodeRedis(streams, 1),
  'redis-streams-adapter, ioredis': onIoredis(streams, 1),
};

interface AdapterFault {
  readonly name: string;
  readonly begin: (server: FaultyRedis) => Promise<unknown>;
  readonly end: (server: FaultyRedis) => Promise<unknown>;
}

const redisFaults: readonly AdapterFault[] = [
  {
    name: 'killed and restarted',
    begin: (server) => server.kill(),
    end: (server) => server.start(),
  },
  {
    name: 'stopped and continued',
    begin: async (server) => server.freeze(),
    end: async (server) => server.thaw(),
  },
  {
    name: 'connections reset',
    begin: async (server) => {
      for (const type of ['normal', 'pubsub']) {
        await server.send('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
      }
    },
    end: async () => {},
  },
];

describe('While something happens to the service of an adapter', () => {
  let sessions: FaultyRedis;
  let drill: AdapterDrill | undefined;

  before(async function () {
    requireRedisServer(this);
    sessions = await FaultyRedis.start();
  });
  after(async () => {
    await sessions?.stop();
    printTable();
  });
  afterEach(async () => {
    await drill?.stop();
    drill = undefined;
  });
  expectNoCrash();

  describe('Redis', () => {
    let bus: FaultyRedis;

    before(async () => {
      bus = await FaultyRedis.start();
    });
    after(() => bus?.stop());

    for (const [setting, open] of Object.entries(redisAdapters)) {
      for (const { name, begin, end } of redisFaults) {
        it(`events are served, logouts are noticed, and the nodes find each other again: ${setting}: ${name}`, async () => {
          drill = await AdapterDrill.start(sessions.url, () => open(bus.url));
          await drill.untilJoined();
          await begin(bus);
          await drill.serves();
          await delay(500);
          await end(bus);
          noteTime(setting, name, await drill.untilJoined());
        });
      }
    }
  });

  describe('PostgreSQL', () => {
    let server: PostgresServer;

    before(async function () {
      server = await requirePostgres(this);
    });
    after(() => server?.stop());

    const open = async (): Promise<OpenedAdapter> => {
      const pool = new pg.Pool({ connectionString: server.url, max: 4 });
      pool.on('error', () => {});
      // The adapter listens on a client of which it hears no errors: a lost connection would be thrown.
      pool.on('connect', (client) => void client.on('error', () => {}));
      await pool.query(`CREATE TABLE IF NOT EXISTS socket_io_attachments (
        id bigserial UNIQUE, created_at timestamptz DEFAULT NOW(), payload bytea)`);
      const adapter = createPostgresAdapter(pool, { errorHandler: () => {} });
      // The adapter may keep a client: the pool ends at the latest with the server.
      return { adapter: adapter as never, close: () => void pool.end() };
    };
    const query = async (text: string): Promise<Record<string, unknown> | undefined> => {
      const client = new pg.Client({ connectionString: server.url });
      client.on('error', () => {});
      await client.connect();
      try {
        return (await client.query(text)).rows[0];
      } finally {
        await client.end().catch(() => {});
      }
    };
    const faults: Readonly<Record<string, () => Promise<unknown>>> = {
      'connections reset': () =>
        query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL',
        ),
      'a process of it killed, so that it recovers': async () => {
        const found = await query(
          'SELECT pid FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid() LIMIT 1',
        );
        process.kill(Number(found?.pid), 'SIGKILL');
      },
    };
    for (const [name, begin] of Object.entries(faults)) {
      it(`events are served, logouts are noticed, and the nodes find each other again: postgres-adapter: ${name}`, async () => {
        drill = await AdapterDrill.start(sessions.url, open);
        await drill.untilJoined();
        await begin();
        await drill.serves();
        noteTime('postgres-adapter', name, await drill.untilJoined());
      });
    }
  });
});
