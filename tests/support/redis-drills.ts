/**
 * @module The stores and options that a drill works with, for each kind of Redis client.
 */

import { RedisStore } from 'connect-redis';
import type { Cluster } from 'ioredis';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { type RedisClient, redis } from '../../source/redis/index.js';
import { Drill, storeTimeout } from './drill.js';

/** A drill with the client of its store. */
export interface OpenedDrill {
  readonly drill: Drill;
  close(): Promise<void>;
}

/** The clients of a single Redis. */
export const singleClients: Readonly<
  Record<string, (url: string) => Promise<{ client: RedisClient; close(): unknown }>>
> = {
  'node-redis': async (url) => {
    const client = createClient({ url });
    client.on('error', () => {});
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  ioredis: async (url) => {
    const client = new Redis(url);
    client.on('error', () => {});
    return { client, close: () => client.disconnect() };
  },
};

/** The session store of connect-redis on a client of any kind. */
export function storeOn(client: RedisClient): RedisStore {
  const nodeRedis = client instanceof Redis || 'mget' in client ? ioredisForStore(client) : client;
  // connect-redis names the client of node-redis; those of its clusters and sentinels do as well.
  return new RedisStore({ client: nodeRedis as never, prefix: 'sess:' });
}

/** Starts a drill whose sessions are in Redis. */
export async function startRedisDrill(
  client: RedisClient,
  close: () => unknown,
  settings: Pick<Parameters<typeof Drill.start>[0], 'server' | 'isConcerned'> = {},
): Promise<OpenedDrill> {
  const drill = await Drill.start({
    store: storeOn(client),
    options: redis(client, { timeout: storeTimeout }),
    ...settings,
  });
  return {
    drill,
    close: async () => {
      await drill.stop();
      await close();
    },
  };
}

/** As much of node-redis as connect-redis calls, by ioredis. */
function ioredisForStore(given: RedisClient): object {
  // The only other client that is understood.
  const client = given as unknown as Redis | Cluster;
  return {
    get: (key: string) => client.get(key),
    set: (key: string, value: string, options?: { expiration: { value: number } }) =>
      options ? client.set(key, value, 'EX', options.expiration.value) : client.set(key, value),
    expire: (key: string, seconds: number) => client.expire(key, seconds),
    del: (keys: string[]) => client.del(...keys),
  };
}
