/**
 * @module The door of `expression.socket.io/redis`: what a Redis client can do for sessions beyond
 * what a session store offers. Knows how connect-redis keeps a session; must not know sockets.
 */

import { describeValue } from '../errors.js';
import type { ExpressionSocketOptions } from '../types/options.js';
import type { SessionLock } from '../types.js';
import { redisClaim } from './redis-claim.js';
import { assertRedisClient, getValues, type RedisClient } from './redis-client.js';
import { redisLock } from './redis-lock.js';
import { redisRewrite, type SessionSerializer } from './redis-rewrite.js';

export type { IoRedisClient, NodeRedisClient, RedisClient } from './redis-client.js';
export type { SessionSerializer } from './redis-rewrite.js';

/** How the store keeps sessions: give here what was given to connect-redis. */
export interface RedisOptions {
  /**
   * What the keys of sessions begin with.
   *
   * @default 'sess:'
   */
  readonly prefix?: string | undefined;

  /**
   * How sessions are written down. Without `stringify`, the store writes them, and not atomically.
   *
   * @default JSON
   */
  readonly serializer?: SessionSerializer | undefined;

  /**
   * How many keys one `MGET` reads at most: Redis serves nobody else meanwhile.
   *
   * @default 256
   */
  readonly chunk?: number | undefined;
}

/** The options that `redis` makes. */
export interface RedisSessionOptions {
  readonly readMany: NonNullable<ExpressionSocketOptions['readMany']>;
  readonly rewrite: ExpressionSocketOptions['rewrite'];
  readonly lock: SessionLock;
  readonly claim: NonNullable<ExpressionSocketOptions['claim']>;
}

/**
 * Makes the options that a Redis client has to offer: sessions are read many at a time, written
 * atomically, and locked over all processes that share the Redis, which also know what is claimed.
 *
 * @param client a client of node-redis or ioredis, or a cluster of either
 * @param options what was given to connect-redis, where it is not the default
 * @throws {TypeError} where an argument is not what it should be; says what was expected
 *
 * @example
 * const store = new RedisStore({ client });
 * new ExpressionSocket(io, store, cookieParser(secret), { ...redis(client) });
 */
export function redis(
  client: RedisClient,
  { prefix = 'sess:', serializer = JSON, chunk = 256 }: RedisOptions = {},
): RedisSessionOptions {
  assertRedisClient(client);
  assertSerializer(serializer);
  if (!Number.isInteger(chunk) || chunk < 1) {
    throw new TypeError(`\`chunk\`: expected a whole number from 1 on, got ${chunk}`);
  }
  const keyOf = (sessionId: string): string => prefix + sessionId;

  const parse = async (result: PromiseSettledResult<unknown>): Promise<object | null> => {
    if (result.status === 'rejected') return asError(result.reason);
    if (result.value === null || result.value === undefined) return null;
    try {
      return asRecord(await serializer.parse(String(result.value)));
    } catch (error) {
      return asError(error);
    }
  };

  return {
    readMany: async (sessionIds) => {
      const chunks: Promise<PromiseSettledResult<unknown>[]>[] = [];
      for (let start = 0; start < sessionIds.length; start += chunk) {
        const ids = sessionIds.slice(start, start + chunk);
        chunks.push(getValues(client, ids.map(keyOf)));
      }
      return Promise.all((await Promise.all(chunks)).flat().map(parse));
    },
    rewrite: canWrite(serializer) ? redisRewrite({ client, keyOf, serializer }) : undefined,
    lock: redisLock(client, keyOf),
    claim: redisClaim(client),
  };
}

function assertSerializer(serializer: Partial<SessionSerializer>): void {
  if (typeof serializer?.parse === 'function') return;
  throw new TypeError(
    `\`serializer\`: expected an object with the methods \`parse\` and \`stringify\`, as connect-redis has it, got ${describeValue(serializer)}`,
  );
}

function canWrite(serializer: SessionSerializer): serializer is Required<SessionSerializer> {
  return typeof serializer.stringify === 'function';
}

function asRecord(value: unknown): object | null {
  if (value === null || typeof value === 'object') return value;
  return new TypeError(`expected a session, found a ${typeof value}`);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
