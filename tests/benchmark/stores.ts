/**
 * @module The stores, each with its reads counted, and the options that this library takes with it.
 */

import { RedisStore } from 'connect-redis';
import { MemoryStore, type Store } from 'express-session';
import type { ExpressionSocketOptions } from 'expression.socket.io';
import { redis } from 'expression.socket.io/redis';
import { createClient } from 'redis';

/** The name of a store. */
export type StoreName = 'memory' | 'redis';

/** How often a store was read. */
export interface Reads {
  /** Calls of the store. */
  calls: number;
  /** Records that the calls asked for. */
  records: number;
}

/** A store whose reads are counted. */
export interface CountedStore {
  readonly store: Store;
  readonly reads: Reads;
  /** What a user of this library would give as options with this store. */
  readonly options: Pick<ExpressionSocketOptions, 'readMany' | 'rewrite' | 'lock' | 'claim'>;
}

/** Makes a store, connected. */
export async function makeStore(name: StoreName, redisUrl: string): Promise<CountedStore> {
  if (name === 'memory') return { ...countReads(new MemoryStore()), options: {} };
  const client = await createClient({ url: redisUrl }).connect();
  const { store, reads } = countReads(new RedisStore({ client }));
  const { readMany, ...others } = redis(client);
  return {
    store,
    reads,
    options: {
      ...others,
      readMany: (sessionIds) => {
        reads.calls += 1;
        reads.records += sessionIds.length;
        return readMany(sessionIds);
      },
    },
  };
}

function countReads(store: Store): { store: Store; reads: Reads } {
  const reads: Reads = { calls: 0, records: 0 };
  const get = store.get.bind(store);
  store.get = (sessionId, callback) => {
    reads.calls += 1;
    reads.records += 1;
    return get(sessionId, callback);
  };
  return { store, reads };
}
