/**
 * @module Locks and claims as keys in Redis.
 *
 * @see https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/
 */

import type { LockTable } from '../database/token-lock.js';
import { keyPrefixOf, type RedisClient, RedisScript, runScript } from './redis-client.js';
import type { RedisSessions } from './redis-records.js';

/**
 * If an answer was lost with the connection, ioredis sends the command again: a key that already has
 * this token was set by the first one.
 */
const acquire = new RedisScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0`);

const renew = new RedisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`);

const release = new RedisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`);

/** Makes the table of locks and claims. */
export function redisLocks({ client, limit, keyOf }: RedisSessions): LockTable {
  return {
    client,
    limit,
    lockName: (sessionId) => lockKeyOf(client, keyOf(sessionId)),
    // Without the prefix of the sessions, so that it does not appear in a list of sessions.
    claimName: (name) => `expression.socket.io:${name}`,
    acquire: ({ name, token }, lifetime, signal) =>
      run(acquire, [name, token, String(lifetime)], signal),
    renew: ({ name, token }, lifetime, signal) =>
      run(renew, [name, token, String(lifetime)], signal),
    release: ({ name, token }) => run(release, [name, token]),
  };

  async function run(
    script: RedisScript,
    [key, ...args]: readonly [string, ...string[]],
    signal?: AbortSignal,
  ): Promise<boolean> {
    return (await runScript(client, script, { keys: [key], args, signal })) === 1;
  }
}

/**
 * The key of a session's lock, in the same slot as the session if Redis is a cluster.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
function lockKeyOf(client: RedisClient, sessionKey: string): string {
  const fullKey = keyPrefixOf(client) + sessionKey;
  return /\{[^}]+\}/.test(fullKey) ? `${sessionKey}:lock` : `{${fullKey}}:lock`;
}
