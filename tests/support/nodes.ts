/**
 * @module Nodes of a cluster, each with clients of its own: sessions in Redis, and Socket.IO's Redis
 * adapter between them.
 */

import { createAdapter } from '@socket.io/redis-adapter';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import { redis } from '../../source/redis/index.js';
import type { RedisServer } from './redis.js';
import { Site, type SiteSettings } from './site.js';

/** Nodes that were started together. */
export interface Nodes {
  readonly sites: readonly Site[];
  stop(): Promise<void>;
}

/** Starts nodes; a single one with a store in memory, where there is no Redis. */
export async function startNodes(
  count: number,
  server: RedisServer | undefined,
  { hasHelper = false, ...settings }: SiteSettings & { readonly hasHelper?: boolean } = {},
): Promise<Nodes> {
  const sites: Site[] = [];
  const clients: { destroy(): unknown }[] = [];
  for (let at = 0; at < count; at++) {
    if (server === undefined) {
      sites.push(await Site.start(settings));
      continue;
    }
    const client = await createClient({ url: server.url }).connect();
    const [publisher, subscriber] = [client.duplicate(), client.duplicate()];
    await Promise.all([publisher.connect(), subscriber.connect()]);
    clients.push(client, publisher, subscriber);
    sites.push(
      await Site.start({
        ...settings,
        store: new RedisStore({ client }),
        server: { adapter: createAdapter(publisher, subscriber) },
        options: { ...settings.options, ...(hasHelper ? redis(client) : {}) },
      }),
    );
  }
  return {
    sites,
    stop: async () => {
      for (const site of sites) await site.stop();
      for (const client of clients) client.destroy();
    },
  };
}
