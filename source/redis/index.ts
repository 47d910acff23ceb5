/**
 * @module The door of `expression.socket.io/redis`: what a Redis client can do for sessions beyond
 * what a session store offers. Knows how connect-redis keeps a session; must not know sockets.
 */

import type { ExpressionSocketOptions } from '../options.js';
import { assertRedisClient, claimKey, getValues, type RedisClient } from './redis-client.js';

export type { IoRedisClient, NodeRedisClient, RedisClient } from './redis-client.js';

/** How the store keeps sessions: give here what was given to connect-redis. */
export interface RedisOptions {
  /**
   * What the keys of sessions begin with.
   *
   * @default 'sess:'
   */
  readonly prefix?: string | undefined;

  /**
   * How sessions are written down.
   *
   * @default JSON
   */
  readonly serializer?: { parse(text: string): unknown } | undefined;

  /**
   * How many keys one `MGET` reads at most: Redis serves nobody else meanwhile.
   *
   * @default 256
   */
  readonly chunk?: number | undefined;
}

/** What a Redis client does for sessions: options of `ExpressionSocket`. */
export interface RedisHelp {
  /** Reads many sessions in one call. */
  readonly readMany: NonNullable<ExpressionSocketOptions['readMany']>;
  /** Claims a name for all processes: for tickets that are accepted once. */
  readonly claim: NonNullable<ExpressionSocketOptions['claim']>;
}

/**
 * Makes the options that let sessions be read many at a time, and names be claimed for all processes.
 *
 * @param client a client of node-redis or ioredis, or a cluster of either
 * @param options what was given to connect-redis, where it is not the default
 * @throws {TypeError} where the client is neither
 *
 * @example
 * const store = new RedisStore({ client });
 * new ExpressionSocket(io, store, cookieParser(secret), { ...redis(client) });
 */
export function redis(
  client: RedisClient,
  { prefix = 'sess:', serializer = JSON, chunk = 256 }: RedisOptions = {},
): RedisHelp {
  assertRedisClient(client);
  if (!Number.isInteger(chunk) || chunk < 1) {
    throw new TypeError(`\`chunk\`: expected a whole number from 1 on, got ${chunk}`);
  }

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
        chunks.push(
          getValues(
            client,
            ids.map((id) => prefix + id),
          ),
        );
      }
      return Promise.all((await Promise.all(chunks)).flat().map(parse));
    },
    // Not below `prefix`: whoever lists the sessions there would find something else.
    claim: (name, milliseconds) => claimKey(client, `expression.socket.io:${name}`, milliseconds),
  };
}

function asRecord(value: unknown): object | null {
  if (value === null || typeof value === 'object') return value;
  return new TypeError(`expected a session, found a ${typeof value}`);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
