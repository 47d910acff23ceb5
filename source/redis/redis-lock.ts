/**
 * @module The lock of a session as a key in Redis.
 *
 * @see https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/
 */

import { randomUUID } from 'node:crypto';
import type { TimeLimit } from '../database/time-limit.js';
import { type LockToken, tokenLock } from '../database/token-lock.js';
import type { SessionLock } from '../types.js';
import { type RedisClient, RedisScript, runScript } from './redis-client.js';

/**
 * ioredis sends a command again whose answer was lost with the connection: what is there with the same
 * token or owner was set by the first one.
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

/** What the lock depends on. */
interface RedisLockDependencies {
  readonly client: RedisClient;
  readonly limit: TimeLimit;
  /** Returns the key of a session. */
  readonly keyOf: (sessionId: string) => string;
}

interface LockCommand {
  readonly lock: LockToken;
  readonly life?: number;
  readonly signal?: AbortSignal;
}

/** Makes the option `lock`. */
export function redisLock({ client, limit, keyOf }: RedisLockDependencies): SessionLock {
  return tokenLock({
    client,
    limit,
    nameOf: (sessionId) => lockKeyOf(keyOf(sessionId)),
    acquire: (lock, life, signal) => run(acquire, { lock, life, signal }),
    renew: (lock, life, signal) => run(renew, { lock, life, signal }),
    release: (lock) => run(release, { lock }),
  });

  async function run(script: RedisScript, { lock, life, signal }: LockCommand): Promise<boolean> {
    const args = life === undefined ? [lock.token] : [lock.token, String(life)];
    return (await runScript(client, script, { keys: [lock.name], args, signal })) === 1;
  }
}

/**
 * The key of a session's lock, in the same slot as the session if Redis is a cluster.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function lockKeyOf(sessionKey: string): string {
  return /\{[^}]+\}/.test(sessionKey) ? `${sessionKey}:lock` : `{${sessionKey}}:lock`;
}

const claim = new RedisScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end
return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0`);

/** Claims a name for a number of milliseconds; resolves to `false` if it is claimed already. */
export async function claimName(
  client: RedisClient,
  name: string,
  terms: { readonly milliseconds: number; readonly signal: AbortSignal },
): Promise<boolean> {
  // Without the prefix of the sessions, so that it does not appear in a list of sessions.
  const keys = [`expression.socket.io:${name}`];
  const args = [randomUUID(), String(terms.milliseconds)];
  return (await runScript(client, claim, { keys, args, signal: terms.signal })) === 1;
}
