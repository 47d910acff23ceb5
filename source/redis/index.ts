/**
 * @module The entry point `expression.socket.io/redis`: options that use a Redis client directly, for
 * sessions of connect-redis.
 */

import { assertTimeout, TimeLimit } from '../database/time-limit.js';
import { tokenClaim, tokenLock } from '../database/token-lock.js';
import { describeNumber, describeValue } from '../errors.js';
import type { ExpressionSocketOptions, SessionLock } from '../types/options.js';
import { assertRedisClient, promiseClientOf, type RedisClient } from './redis-client.js';
import { redisLocks } from './redis-lock.js';
import {
  readMany,
  redisRewrite,
  type SessionSerializer,
  type SessionTtl,
} from './redis-records.js';

export type { IoRedisClient, NodeRedisClient, RedisClient } from './redis-client.js';
export type { SessionSerializer, SessionTtl } from './redis-records.js';

/** How sessions are stored: pass the options of connect-redis. */
export interface RedisOptions {
  /**
   * The prefix of the keys of sessions.
   *
   * @default 'sess:'
   */
  readonly prefix?: string | undefined;

  /**
   * How sessions are serialised. Without `stringify` there is no `rewrite`: the store writes sessions,
   * and not atomically.
   *
   * @default JSON
   */
  readonly serializer?: SessionSerializer | undefined;

  /**
   * How long a session lives, in seconds, if its cookie does not expire; or a function that returns it
   * for any session. A write never shortens the lifetime of a session, unless it changes that of its
   * cookie.
   *
   * @default a write leaves the time to live of such a session as it is
   */
  readonly ttl?: SessionTtl | undefined;

  /**
   * Whether sessions are stored without a time to live.
   *
   * @default false
   */
  readonly disableTTL?: boolean | undefined;

  /**
   * How many keys one `MGET` reads at most. Redis runs no other command meanwhile.
   *
   * @default 256
   */
  readonly chunk?: number | undefined;

  /**
   * How long a write, a claim, or the release of a lock may take, in milliseconds, including retries.
   * Use the value of the option `storeTimeout`.
   *
   * @default 5000
   */
  readonly timeout?: number | undefined;
}

/** The options that `redis` makes. */
export interface RedisSessionOptions {
  readonly readMany: NonNullable<ExpressionSocketOptions['readMany']>;
  readonly rewrite: ExpressionSocketOptions['rewrite'];
  readonly lock: SessionLock;
  readonly claim: NonNullable<ExpressionSocketOptions['claim']>;
}

/**
 * Makes the options for a Redis client: sessions are read many at a time and written atomically, and
 * locks and claims are shared by all processes that use the same Redis.
 *
 * @param client a client of node-redis or ioredis, or a cluster of either
 * @param options the options of connect-redis that differ from its defaults
 * @throws {TypeError} if an argument is wrong; says what was expected
 *
 * @example
 * const store = new RedisStore({ client });
 * new ExpressionSocket(io, store, cookieParser(secret), { ...redis(client) });
 */
export function redis(client: RedisClient, options: RedisOptions = {}): RedisSessionOptions {
  const { serializer = JSON, ttl, chunk = 256, timeout = 5_000 } = options;
  assertRedisClient(client);
  assertSerializer(serializer);
  assertTtl(ttl);
  assertTimeout(timeout);
  assertChunk(chunk);
  const prefix = options.prefix ?? 'sess:';
  const sessions = {
    client: promiseClientOf(client),
    limit: new TimeLimit('Redis', timeout),
    keyOf: (sessionId: string): string => prefix + sessionId,
    serializer,
    chunk,
    ttl,
    disableTTL: options.disableTTL ?? false,
  };
  const locks = redisLocks(sessions);
  return {
    readMany: (sessionIds) => readMany(sessionIds, sessions),
    rewrite: redisRewrite(sessions),
    lock: tokenLock(locks),
    claim: tokenClaim(locks),
  };
}

function assertSerializer(serializer: Partial<SessionSerializer>): void {
  if (typeof serializer?.parse === 'function') return;
  throw new TypeError(
    `\`serializer\`: expected an object with the methods \`parse\` and \`stringify\`, as connect-redis has it, got ${describeValue(serializer)}`,
  );
}

function assertTtl(ttl: unknown): void {
  if (ttl === undefined || typeof ttl === 'function') return;
  if (typeof ttl === 'number' && ttl >= 0) return;
  throw new TypeError(
    `\`ttl\`: expected a number of seconds or a function, as connect-redis has it, got ${describeNumber(ttl)}`,
  );
}

function assertChunk(chunk: unknown): void {
  if (Number.isInteger(chunk) && Number(chunk) >= 1) return;
  throw new TypeError(
    `\`chunk\`: expected a whole number of 1 or more, got ${describeNumber(chunk)}`,
  );
}
