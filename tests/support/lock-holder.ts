/**
 * @module A process that takes the lock of a session in Redis and holds it, until it is killed or
 * told to write.
 *
 * Called with the URL of the Redis and the session id; prints a line once it holds the lock. When it
 * is given a line, it writes the session under the lock and prints how that ended.
 */

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createClient } from 'redis';
import { redis } from '../../source/redis/index.js';

const [url = '', sessionId = ''] = process.argv.slice(2);
const client = await createClient({ url }).connect();
const { lock, rewrite } = redis(client);
const held = await lock.acquire(sessionId, { signal: new AbortController().signal });
console.log('held');
await once(createInterface({ input: process.stdin }), 'line');
try {
  await rewrite?.(sessionId, (record) => ({ ...record, n: -1 }), { lock: held });
  console.log('written');
} catch (error) {
  console.log(Reflect.get(Object(error), 'code'));
}
