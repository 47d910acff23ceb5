/**
 * @module The entry point `expression.socket.io/redis`: what a Redis client can do for sessions of
 * connect-redis beyond what a session store offers.
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

/** How sessions are stored: give here what you gave to connect-redis. */
export interface RedisOptions {
  /**
   * What the keys of sessions begin with.
   *
   * @default 'sess:'
   */
  readonly prefix?: string | undefined;

  /**
   * How sessions are serialised. Without `stringify`, there is no `rewrite`: sessions are written by
   * the store, and not atomically.
   *
   * @default JSON
   */
  readonly serializer?: SessionSerializer | undefined;

  /**
   * How long a session lives, in seconds, where its cookie does not expire; or a function of the
   * session that tells so for all of them. A write never shortens the life of a session, unless it
   * changes the age of its cookie.
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
   * How many keys one `MGET` reads at most: Redis serves nobody else meanwhile.
   *
   * @default 256
   */
  readonly chunk?: number | undefined;

  /**
   * How long a write, a claim, or the release of a lock may take, in milliseconds, all attempts
   * together. Give here what you gave as `storeTimeout`.
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
 * Makes the options that a Redis client has to offer: sessions are read many at a time, written
 * atomically, and locked for all processes that share the Redis, and so are claims.
 *
 * @param client a client of node-redis or ioredis, or a cluster of either
 * @param options what was given to connect-redis, where it is not the default
 * @throws {TypeError} where an argument is not what it should be; says what was expected
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
  const services = {
    client,
    limit: { database: 'Redis', milliseconds: timeout },
    keyOf: (sessionId: string): string => prefix + sessionId,
    ttl: options.ttl,
    disableTTL: options.disableTTL ?? false,
  };
  return {
    readMany: (sessionIds) => readMany(sessionIds, { ...services, serializer, chunk }),
    rewrite: canWrite(serializer) ? redisRewrite({ ...services, serializer }) : undefined,
    lock: redisLock(services),
    claim: (name, milliseconds) =>
      withTimeLimit(services.limit, (signal) => claimName(client, name, { milliseconds, signal })),
  };
}

/** What a stored session is, as the option `readMany` has it. */
type Answer = string | object | null;

interface ReadManyDependencies {
  readonly client: RedisClient;
  readonly keyOf: (sessionId: string) => string;
  readonly serializer: SessionSerializer;
  readonly chunk: number;
}

/** Reads sessions: as text where that is JSON, which the library parses only where it has changed. */
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
  // connect-redis takes an empty text for no session.
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
