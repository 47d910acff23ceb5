/**
 * @module The lock of a session in Redis, as Redis describes it: a key that only one can set, with a
 * token that only its holder knows, and that ends by itself if the holder dies.
 *
 * @see https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { HeldLock, SessionLock } from '../types.js';
import { type RedisClient, runScript } from './redis-client.js';

/** After how long a lock is free whose holder died, and how often a living one renews it, in milliseconds. */
const life = 10_000;
const renewal = 2_500;

/** How long to wait before asking again for a lock that is taken: at first, and at most, in milliseconds. */
const shortestWait = 5;
const longestWait = 100;

const acquire = `
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return 0`;

const renew = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

const release = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** What a held lock is in Redis: so that a write can check, in Redis itself, that it is held still. */
export interface LockToken {
  readonly key: string;
  readonly token: string;
}

const tokens = new WeakMap<HeldLock, LockToken>();

/** The token of a lock that was acquired here. */
export function tokenOf(lock: HeldLock | undefined): LockToken | undefined {
  return lock && tokens.get(lock);
}

/**
 * The key of a session's lock: in the slot of the session itself, where Redis is a cluster.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function lockKeyOf(sessionKey: string): string {
  return /\{[^}]+\}/.test(sessionKey) ? `${sessionKey}:lock` : `{${sessionKey}}:lock`;
}

/**
 * Makes the lock.
 *
 * @param keyOf tells the key of a session
 */
export function redisLock(client: RedisClient, keyOf: (sessionId: string) => string): SessionLock {
  return {
    acquire: async (sessionId, { signal }) => {
      const lock = { key: lockKeyOf(keyOf(sessionId)), token: randomUUID() };
      for (let wait = shortestWait; ; wait = Math.min(longestWait, wait * 1.5)) {
        signal.throwIfAborted();
        const askedAt = performance.now();
        const isAcquired = await run(client, acquire, lock);
        if (isAcquired) return new RedisHold(client, lock, askedAt);
        // At random, so that those who wait do not ask all at once.
        await pause(wait * (0.5 + Math.random()), undefined, { signal });
      }
    },
  };
}

/** A lock that is held, and renewed until it is released or lost. */
class RedisHold implements HeldLock {
  readonly #client: RedisClient;
  readonly #lock: LockToken;
  readonly #loss = new AbortController();
  readonly #timer: NodeJS.Timeout;
  /** Until when nobody else can have it, by `performance.now()`. */
  #heldUntil: number;

  constructor(client: RedisClient, lock: LockToken, askedAt: number) {
    this.#client = client;
    this.#lock = lock;
    this.#heldUntil = askedAt + life;
    this.#timer = setInterval(() => this.#renew(), renewal).unref();
    tokens.set(this, lock);
  }

  get lost(): AbortSignal {
    return this.#loss.signal;
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await run(this.#client, release, this.#lock);
  }

  async #renew(): Promise<void> {
    const askedAt = performance.now();
    try {
      const isHeld = await run(this.#client, renew, this.#lock);
      if (isHeld) this.#heldUntil = askedAt + life;
      else this.#lose(new Error('Redis has forgotten the lock'));
    } catch (error) {
      // Redis may be back in time.
      if (performance.now() > this.#heldUntil) this.#lose(error);
    }
  }

  #lose(reason: unknown): void {
    clearInterval(this.#timer);
    this.#loss.abort(reason);
  }
}

async function run(
  client: RedisClient,
  script: string,
  { key, token }: LockToken,
): Promise<boolean> {
  return (await runScript(client, script, { keys: [key], args: [token, String(life)] })) === 1;
}
