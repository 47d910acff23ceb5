/**
 * @module The sessions of connect-redis as keys in Redis: reads many at a time, and changes one
 * atomically, with the time to live that connect-redis sets.
 */

import {
  comparingRewrite,
  isLifetimeChanged,
  recordExpiry,
  type WriteOutcome,
} from '../database/rewrite.js';
import type { TimeLimit } from '../database/time-limit.js';
import { tokenOf } from '../database/token-lock.js';
import { describeValue } from '../errors.js';
import type { RewriteRecord } from '../types/options.js';
import {
  asError,
  getValue,
  getValues,
  type RedisClient,
  RedisScript,
  runScript,
} from './redis-client.js';

/** How a session is serialised. */
export interface SessionSerializer {
  parse(text: string): unknown;
  stringify?(session: object): string | Promise<string>;
}

/** How long a session lives, in seconds, if its cookie does not expire; a function applies to all sessions. */
// connect-redis passes sessions as `any`, so that the function may declare its own type.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type SessionTtl = number | ((session: any) => number);

/** The keys of sessions, their serialisation, and their lifetime. */
export interface RedisSessions {
  readonly client: RedisClient;
  readonly limit: TimeLimit;
  readonly keyOf: (sessionId: string) => string;
  readonly serializer: SessionSerializer;
  /** How many keys are read in one command at most. */
  readonly chunk: number;
  readonly ttl: SessionTtl | undefined;
  readonly disableTTL: boolean;
}

/** A stored session, as the option `readMany` returns it. */
type StoredSession = string | object | null;

/** Reads sessions: as text if it is JSON, which the library parses only if it has changed. */
export async function readMany(
  sessionIds: readonly string[],
  { client, keyOf, serializer, chunk }: RedisSessions,
): Promise<StoredSession[]> {
  const chunks: Promise<StoredSession[]>[] = [];
  for (let start = 0; start < sessionIds.length; start += chunk) {
    const ids = sessionIds.slice(start, start + chunk);
    chunks.push(getValues(client, ids.map(keyOf)));
  }
  const values = (await Promise.all(chunks)).flat();
  // For connect-redis, an empty string is no session.
  if (serializer === JSON) return values.map((value) => value || null);
  return Promise.all(values.map((value) => parse(value || null, serializer)));
}

async function parse(value: StoredSession, serializer: SessionSerializer): Promise<StoredSession> {
  if (typeof value !== 'string') return value;
  try {
    const record: unknown = await serializer.parse(value);
    if (typeof record === 'object') return record;
    return new TypeError(`\`serializer.parse\`: expected an object, got ${describeValue(record)}`);
  } catch (error) {
    return asError(error);
  }
}

const outcomes: Readonly<Record<number, WriteOutcome>> = {
  1: 'written',
  0: 'changed',
  [-1]: 'lock lost',
  [-2]: 'ended',
};

/**
 * Takes the record as it was read, the one to write, the token of the lock or '', the time to live in
 * milliseconds or '', and whether the lifetime of the session is changed by this write.
 *
 * The current time to live is never shortened, unless the write changes the lifetime of the session:
 * `touch` of connect-redis extends it without changing the record. `PTTL` is -1 for a key without an
 * expiry, and 0 in the last millisecond of a key. The key is deleted then, so that a session that was
 * reported as ended cannot be read again.
 */
const compareAndSet = new RedisScript(`
if ARGV[3] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[3] then return -1 end
local record = redis.call('GET', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if not record or left == 0 or left == -2 then
  redis.call('DEL', KEYS[1])
  return -2
end
if record ~= ARGV[1] then return 0 end
local wanted = tonumber(ARGV[4])
if wanted and ARGV[5] == 'changed' then
  if wanted <= 0 then
    redis.call('DEL', KEYS[1])
    return 1
  end
  left = wanted
elseif wanted and left > 0 and wanted > left then
  left = wanted
end
if left > 0 then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', string.format('%.0f', left))
else
  redis.call('SET', KEYS[1], ARGV[2])
end
return 1`);

/** Makes the option `rewrite`; undefined if the serialiser has no `stringify`. */
export function redisRewrite(sessions: RedisSessions): RewriteRecord | undefined {
  const { client, limit, keyOf, serializer } = sessions;
  if (!canWrite(serializer)) return undefined;
  return comparingRewrite({
    limit,
    read: async (sessionId, signal) =>
      // For connect-redis, an empty string is no session.
      (await getValue(client, keyOf(sessionId), signal)) || undefined,
    parse: (text) => serializer.parse(text),
    write: async (sessionId, { before, record, session, lock }, signal) => {
      const key = keyOf(sessionId);
      const held = tokenOf(lock, client);
      const args = [
        before,
        await serializer.stringify(session),
        held?.token ?? '',
        String(timeToLiveOf(session, sessions) ?? ''),
        isLifetimeChanged(record, session) ? 'changed' : '',
      ];
      // Without a lock, the second key is not read; it has to be in the same slot.
      const keys = [key, held?.name ?? key];
      const outcome = outcomes[await runScript(client, compareAndSet, { keys, args, signal })];
      if (outcome === undefined) throw new TypeError('Expected a number from the script in Redis');
      return outcome;
    },
  });
}

function canWrite(serializer: SessionSerializer): serializer is Required<SessionSerializer> {
  return typeof serializer.stringify === 'function';
}

/**
 * The time to live that connect-redis would set for a session, in milliseconds; undefined to leave it
 * as it is.
 */
function timeToLiveOf(session: object, { ttl, disableTTL }: RedisSessions): number | undefined {
  const wanted = wantedTimeToLive(session, ttl);
  if (wanted === undefined || !Number.isFinite(wanted)) return undefined;
  // Even with `disableTTL`, connect-redis removes a session that has expired.
  return disableTTL && wanted > 0 ? undefined : Math.ceil(wanted);
}

function wantedTimeToLive(session: object, ttl: SessionTtl | undefined): number | undefined {
  if (typeof ttl === 'function') return Number(ttl(session)) * 1_000;
  const expiry = recordExpiry(session, ttl);
  return expiry === undefined ? undefined : expiry - Date.now();
}
