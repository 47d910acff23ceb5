/**
 * @module The atomic change of a session in Redis: written only if it is still what was read, and
 * only while the lock is held. Knows how connect-redis keeps a session; must not know who changes it.
 */

import { lockLost } from '../errors.js';
import { expiryOf } from '../session/record.js';
import type { RecordChange, RewriteRecord } from '../types.js';
import { getValue, type RedisClient, runScript } from './redis-client.js';
import { lockKeyOf, tokenOf } from './redis-lock.js';

/** How a session is written down. */
export interface SessionSerializer {
  parse(text: string): unknown;
  stringify?(session: object): string | Promise<string>;
}

/** Where sessions are, and how they are written down. */
export interface RedisSessions {
  readonly client: RedisClient;
  readonly keyOf: (sessionId: string) => string;
  readonly serializer: Required<SessionSerializer>;
}

/** How often a session may change under our hands before we give up: each time, somebody else got on. */
const attempts = 100;

const written = 1;
const changed = 0;

/**
 * Keeps the time to live that the session has, unless it is given one: `touch` of connect-redis
 * changes it without changing the record. A session that is to live for no time at all is removed.
 */
const compareAndSet = `
if ARGV[3] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[3] then return -1 end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return ${changed} end
local ttl = redis.call('PTTL', KEYS[1])
if ARGV[4] ~= '' then ttl = tonumber(ARGV[4]) end
if ARGV[4] ~= '' and ttl <= 0 then
  redis.call('DEL', KEYS[1])
elseif ttl > 0 then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ttl)
else
  redis.call('SET', KEYS[1], ARGV[2])
end
return ${written}`;

/** Makes the atomic change. */
export function redisRewrite(sessions: RedisSessions): RewriteRecord {
  return async (sessionId, change, { lock }) => {
    const key = sessions.keyOf(sessionId);
    const token = tokenOf(lock);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const next = await readAndChange(sessions, key, change);
      if (next === undefined) return;
      const result = await runScript(sessions.client, compareAndSet, {
        keys: [key, token?.key ?? lockKeyOf(key)],
        args: [next.before, next.after, token?.token ?? '', next.timeToLive],
      });
      if (result === written) return;
      if (result !== changed) throw lockLost();
    }
    throw new Error(`The session was changed by others ${attempts} times in a row`);
  };
}

async function readAndChange(
  { client, serializer }: RedisSessions,
  key: string,
  change: RecordChange,
): Promise<{ before: string; after: string; timeToLive: string } | undefined> {
  const before = await getValue(client, key);
  const record = before === undefined ? null : asRecord(await serializer.parse(before));
  const session = change(record);
  if (session === undefined || before === undefined) return undefined;
  const expiry = expiryOf(session);
  const isKept = expiry === Number.POSITIVE_INFINITY || expiry === expiryOf(record ?? {});
  return {
    before,
    after: await serializer.stringify(session),
    timeToLive: isKept ? '' : String(Math.ceil(expiry - Date.now())),
  };
}

function asRecord(value: unknown): object | null {
  if (typeof value === 'object') return value;
  throw new TypeError(`expected a session, found a ${typeof value}`);
}
