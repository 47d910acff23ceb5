/**
 * @module A process that takes the lock of a session in Redis and holds it, until it is killed.
 *
 * Called with the URL of the Redis and the session id; prints a line once it holds the lock.
 */

import { createClient } from 'redis';
import { redis } from '../../source/redis/index.js';

const [url = '', sessionId = ''] = process.argv.slice(2);
const client = await createClient({ url }).connect();
await redis(client).lock.acquire(sessionId, { signal: new AbortController().signal });
console.log('held');
setInterval(() => {}, 60_000);
