/**
 * @module The stores that what HTTP handlers write is tested with: in memory, slow, and in Redis with
 * the helper's atomic write and without.
 */

import { RedisStore } from 'connect-redis';
import { MemoryStore, type Store } from 'express-session';
import { createClient } from 'redis';
import type { ExpressionSocketOptions } from '../../source/index.js';
import { redis } from '../../source/redis/index.js';
import { type RedisServer, requireRedis } from './redis.js';
import { randomPace, SlowStore } from './slow-store.js';

/** A store of some kind, with the options that belong to it. */
export interface OpenedStore {
  readonly store: Store;
  readonly options: ExpressionSocketOptions;
  close(): void;
}

/** A kind of store. */
export interface StoreKind {
  /** Whether several processes may write at once, and lose nothing. */
  readonly isAtomic: boolean;
  open(redisUrl: string): Promise<OpenedStore>;
}

async function openRedis(url: string, hasHelper: boolean): Promise<OpenedStore> {
  const client = await createClient({ url }).connect();
  return {
    store: new RedisStore({ client }),
    options: hasHelper ? redis(client) : {},
    close: () => client.destroy(),
  };
}

/** The kinds of stores. */
export const storeKinds: Readonly<Record<string, StoreKind>> = {
  'a store in memory': {
    isAtomic: false,
    open: async () => ({ store: new MemoryStore(), options: {}, close: () => {} }),
  },
  'a slow store': {
    isAtomic: false,
    open: async () => {
      const store = new SlowStore();
      store.pace = randomPace(5);
      return { store, options: {}, close: () => {} };
    },
  },
  Redis: { isAtomic: false, open: (url) => openRedis(url, false) },
  'Redis and its helper': { isAtomic: true, open: (url) => openRedis(url, true) },
};

/** Runs a suite with each kind of store. */
export function forEachStore(
  suite: (kind: StoreKind, open: () => Promise<OpenedStore>) => void,
): void {
  for (const [name, kind] of Object.entries(storeKinds)) {
    describe(`with ${name}`, () => {
      let server: RedisServer | undefined;
      const opened: OpenedStore[] = [];
      before(async function () {
        if (name.startsWith('Redis')) server = await requireRedis(this);
      });
      afterEach(() => {
        for (const one of opened.splice(0)) one.close();
      });
      after(() => server?.stop());
      suite(kind, async () => {
        const one = await kind.open(server?.url ?? '');
        opened.push(one);
        return one;
      });
    });
  }
}
