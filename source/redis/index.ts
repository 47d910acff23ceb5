/**
 * @module The entry point `expression.socket.io/redis`: options that use a Redis client directly, for
 * sessions of connect-redis.
 */

import { assertMilliseconds } from '../database/assertions.js';
import { withTimeLimit } from '../database/time-limit.js';
import { describeValue } from '../errors.js';
import type { ExpressionSocketOptions } from '../types/options.js';
import type { SessionLock } from '../types.js';
import { asError, assertRedisClient, getValues, type RedisClient } from './redis-client.js';
import { claimName, redisLock } from './redis-lock.js';
import { redisRewrite, type SessionSerializer, type SessionTtl } from './redis-rewrite.js';

export type { IoRedisClient, NodeRedisClient, RedisClient } from './redis-client.js';
export type { SessionSerializer, SessionTtl } from './redis-rewrite.js';

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
   * for any session. A write never shortens the life of a session, unless it changes the age of its
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
  const { serializer = JSON, chunk = 256, timeout = 5_000 } = options;
  assertRedisClient(client);
  assertSerializer(serializer);
  assertTtl(options.ttl);
  assertMilliseconds('timeout', timeout);
  if (!Number.isInteger(chunk) || chunk < 1) {
    throw new TypeError(`\`chunk\`: expected a whole number from 1 on, got ${chunk}`);
  }
  const prefix = options.prefix ?? 'sess:';
  const dependencies = {
    client,
    limit: { database: 'Redis', milliseconds: timeout },
    keyOf: (sessionId: string): string => prefix + sessionId,
    ttl: options.ttl,
    disableTTL: options.disableTTL ?? false,
  };
  return {
    readMany: (sessionIds) => readMany(sessionIds, { ...dependencies, serializer, chunk }),
    rewrite: canWrite(serializer) ? redisRewrite({ ...dependencies, serializer }) : undefined,
    lock: redisLock(dependencies),
    claim: (name, milliseconds) =>
      withTimeLimit(dependencies.limit, (signal) =>
        claimName(client, name, { milliseconds, signal }),
      ),
  };
}

/** A stored session, as the option `readMany` returns it. */
type Answer = string | object | null;

interface ReadManyDependencies {
  readonly client: RedisClient;
  readonly keyOf: (sessionId: string) => string;
  readonly serializer: SessionSerializer;
  readonly chunk: number;
}

/** Reads sessions: as text if it is JSON, which the library parses only if it has changed. */
async function readMany(
  sessionIds: readonly string[],
  { client, keyOf, serializer, chunk }: ReadManyDependencies,
): Promise<Answer[]> {
  const chunks: Promise<Answer[]>[] = [];
  for (let start = 0; start < sessionIds.length; start += chunk) {
    const ids = sessionIds.slice(start, start + chunk);
    chunks.push(getValues(client, ids.map(keyOf)));
  }
  const values = chunks.length === 1 ? await chunks[0] : (await Promise.all(chunks)).flat();
  if (values === undefined) return [];
  // For connect-redis, an empty string is no session.
  if (serializer === JSON) return values.map((value) => value || null);
  return Promise.all(values.map((value) => parse(value || null, serializer)));
}

async function parse(value: Answer, serializer: SessionSerializer): Promise<object | null> {
  if (typeof value !== 'string') return value;
  try {
    const record: unknown = await serializer.parse(value);
    if (typeof record === 'object') return record;
    return new TypeError(`\`serializer.parse\`: expected an object, got ${describeValue(record)}`);
  } catch (error) {
    return asError(error);
  }
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
    `\`ttl\`: expected a number of seconds or a function, as connect-redis has it, got ${typeof ttl === 'number' ? ttl : describeValue(ttl)}`,
  );
}

function canWrite(serializer: SessionSerializer): serializer is Required<SessionSerializer> {
  return typeof serializer.stringify === 'function';
}
