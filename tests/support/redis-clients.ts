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

/**
 * What takes the place of running a script: `run` does what the client would have done, with another
 * text where it is given one.
 */
type RunScript = (run: (text?: string) => unknown, text: string | undefined) => unknown;

/**
 * A client whose scripts a test runs in its own way.
 *
 * @param runScript is given the text of the script; nothing where the client was given its SHA-1
 */
export function withScripts(client: RedisClient, runScript: RunScript): RedisClient {
  return new Proxy(client, {
    get: (target, name) => {
      // It would return the client itself.
      if (name === 'withAbortSignal') return undefined;
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const isBySha1 = name === 'evalSha' || name === 'evalsha';
      if (name !== 'eval' && !isBySha1) return value.bind(target);
      return async (script: string, ...rest: unknown[]) => {
        const run = (text = script): unknown => Reflect.apply(value, target, [text, ...rest]);
        return runScript(run, isBySha1 ? undefined : script);
      };
    },
  });
}
