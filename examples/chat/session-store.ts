/**
 * @module Where the sessions are kept: in this process, or in Redis. Knows nothing of the chat.
 */

import { RedisStore } from 'connect-redis';
import session, { type Store } from 'express-session';
import { createClient } from 'redis';

export interface OpenStore {
  store: Store;
  close(): Promise<void>;
}

/** Opens the embedded store, or the one at `redisUrl`. */
export async function openSessionStore(redisUrl?: string): Promise<OpenStore> {
  if (!redisUrl) return { store: new session.MemoryStore(), close: async () => {} };

  // A page that says at once that Redis is away is better than one that loads forever.
  const client = createClient({ url: redisUrl, disableOfflineQueue: true });
  client.on('error', (error: Error) => console.error('Redis:', error.message || error));
  await client.connect();

  return {
    store: new RedisStore({ client, prefix: 'chat:' }),
    close: async () => client.destroy(),
  };
}
