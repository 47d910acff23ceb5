/**
 * @module Every kind of Redis client that is understood, opened in the same way.
 */

import { Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';
import type { RedisClient } from '../../source/redis/index.js';

/** What the tests do with any client. */
export interface OpenedClient {
  readonly client: RedisClient;
  close(): unknown;
}

/** How each kind is opened, and whether it wants a cluster. */
export const clientKinds: Readonly<
  Record<string, { readonly isCluster: boolean; open(url: string): Promise<OpenedClient> }>
> = {
  'node-redis': {
    isCluster: false,
    open: async (url) => {
      const client = createClient({ url });
      // A restart of the server is told here; without a listener it would be thrown.
      client.on('error', () => {});
      await client.connect();
      return { client, close: () => client.destroy() };
    },
  },
  ioredis: {
    isCluster: false,
    open: async (url) => {
      const client = new Redis(url);
      client.on('error', () => {});
      return { client, close: () => client.disconnect() };
    },
  },
  'a cluster of node-redis': {
    isCluster: true,
    open: async (url) => {
      const client = await createCluster({ rootNodes: [{ url }] }).connect();
      return { client, close: () => client.destroy() };
    },
  },
  'a cluster of ioredis': {
    isCluster: true,
    open: async (url) => {
      const client = new Redis.Cluster([{ host: '127.0.0.1', port: Number(new URL(url).port) }]);
      return { client, close: () => client.disconnect() };
    },
  },
};
