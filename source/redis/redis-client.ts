/**
 * @module The Redis clients that are understood: node-redis and ioredis, single or cluster. Knows how
 * each is called; must not know what is read.
 */

import { describeValue } from '../errors.js';

/** A client or cluster of node-redis (the package `redis`), 4 and later. */
export interface NodeRedisClient {
  get(key: string): Promise<unknown>;
  mGet(keys: string[]): Promise<unknown[]>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** A client or cluster of ioredis, 5 and later. */
export interface IoRedisClient {
  get(key: string): Promise<unknown>;
  mget(keys: string[]): Promise<unknown[]>;
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** A Redis client that is connected, or will be. */
export type RedisClient = NodeRedisClient | IoRedisClient;

/** What a script is run on. */
interface ScriptCall {
  /** All of them in one slot, where Redis is a cluster. */
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

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
    const values = isNodeRedis(client)
      ? await client.mGet([...keys])
      : await client.mget([...keys]);
    return values.map((value) => ({ status: 'fulfilled', value }));
  } catch (reason) {
    return keys.map(() => ({ status: 'rejected', reason }));
  }
}

/** Reads the value of a key. */
export async function getValue(client: RedisClient, key: string): Promise<string | undefined> {
  const value = await client.get(key);
  return value === null || value === undefined ? undefined : String(value);
}

/** Runs a script, which Redis does as one command: nothing else happens meanwhile. */
export async function runScript(
  client: RedisClient,
  script: string,
  { keys, args }: ScriptCall,
): Promise<number> {
  const result = isNodeRedis(client)
    ? await client.eval(script, { keys: [...keys], arguments: [...args] })
    : await client.eval(script, keys.length, ...keys, ...args);
  return Number(result);
}

/** @throws {TypeError} where the client is none of those that are understood */
export function assertRedisClient(client: unknown): asserts client is RedisClient {
  const isObject = typeof client === 'object' && client !== null;
  if (isObject && 'get' in client && ('mGet' in client || 'mget' in client)) return;
  throw new TypeError(
    `\`redis\`: expected a client of node-redis or ioredis, got ${describeValue(client)}`,
  );
}

function isNodeRedis(client: RedisClient): client is NodeRedisClient {
  return 'mGet' in client;
}

function isCluster(client: RedisClient): boolean {
  return 'slots' in client || ('isCluster' in client && client.isCluster === true);
}
