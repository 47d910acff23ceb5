/**
 * @module The Redis clients that are understood: node-redis and ioredis, single or cluster. Knows how
 * each is called; must not know what is read.
 */

import { describeValue } from '../errors.js';

/** A client or cluster of node-redis (the package `redis`), 4 and later. */
export interface NodeRedisClient {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, options: { NX: true; PX: number }): Promise<unknown>;
  mGet(keys: string[]): Promise<unknown[]>;
}

/** A client or cluster of ioredis, 5 and later. */
export interface IoRedisClient {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, px: 'PX', milliseconds: number, nx: 'NX'): Promise<unknown>;
  mget(keys: string[]): Promise<unknown[]>;
}

/** A Redis client that is connected, or will be. */
export type RedisClient = NodeRedisClient | IoRedisClient;

/**
 * Reads the values of keys, each with its own fate.
 *
 * The keys of a cluster lie on several nodes, where one `MGET` may not reach: there each key is read
 * by itself, and the client pipelines what goes to the same node.
 */
export async function getValues(
  client: RedisClient,
  keys: readonly string[],
): Promise<PromiseSettledResult<unknown>[]> {
  if (isCluster(client)) return Promise.allSettled(keys.map((key) => client.get(key)));
  try {
    const values = 'mGet' in client ? await client.mGet([...keys]) : await client.mget([...keys]);
    return values.map((value) => ({ status: 'fulfilled', value }));
  } catch (reason) {
    return keys.map(() => ({ status: 'rejected', reason }));
  }
}

/**
 * Sets a key that is not there, for a time.
 *
 * @returns whether it was not there
 */
export async function claimKey(
  client: RedisClient,
  key: string,
  milliseconds: number,
): Promise<boolean> {
  const answer =
    'mGet' in client
      ? await client.set(key, '1', { NX: true, PX: milliseconds })
      : await client.set(key, '1', 'PX', milliseconds, 'NX');
  return answer !== null;
}

/** @throws {TypeError} where the client is none of those that are understood */
export function assertRedisClient(client: unknown): asserts client is RedisClient {
  const isObject = typeof client === 'object' && client !== null;
  if (isObject && 'get' in client && ('mGet' in client || 'mget' in client)) return;
  throw new TypeError(
    `\`redis\`: expected a client of node-redis or ioredis, got ${describeValue(client)}`,
  );
}

function isCluster(client: RedisClient): boolean {
  return 'slots' in client || ('isCluster' in client && client.isCluster === true);
}
