/**
 * @module The stores, each with its reads counted. Knows the ways in which a session is read.
 */

import { RedisStore } from 'connect-redis';
import { MemoryStore, type Store } from 'express-session';
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

/** A store, and the option `readMany` where there is one. */
export interface CountedStore {
  readonly store: Store;
  readonly reads: Reads;
  /** Why there is no `readMany`. */
  readonly withoutReadMany?: string;
  readonly readMany?: ReadMany;
}

/** As the option of that name: reads many records in one call. */
type ReadMany = (sessionIds: readonly string[]) => unknown;

const prefix = 'sess:';

/** Makes a store, connected. */
export async function makeStore(name: StoreName, redisUrl: string): Promise<CountedStore> {
  if (name === 'memory') {
    const withoutReadMany = 'the memory store of express-session cannot read many at once';
    return { ...counted(new MemoryStore()), withoutReadMany };
  }
  const client = await createClient({ url: redisUrl }).connect();
  const { store, reads } = counted(new RedisStore({ client, prefix }));
  return { store, reads, ...(await findReadMany(client, reads)) };
}

function counted(store: Store): { store: Store; reads: Reads } {
  const reads: Reads = { calls: 0, records: 0 };
  const get = store.get.bind(store);
  store.get = (sessionId, callback) => {
    reads.calls += 1;
    reads.records += 1;
    return get(sessionId, callback);
  };
  return { store, reads };
}

async function findReadMany(
  client: unknown,
  reads: Reads,
): Promise<Pick<CountedStore, 'readMany' | 'withoutReadMany'>> {
  // In a variable, so that the benchmark compiles and runs against a build without this entry.
  const entry: string = 'expression.socket.io/redis';
  try {
    const { redis } = await import(entry);
    const { readMany } = redis(client, { prefix });
    return {
      readMany: (sessionIds) => {
        reads.calls += 1;
        reads.records += sessionIds.length;
        return readMany(sessionIds);
      },
    };
  } catch (error) {
    if (!isAbsent(error)) throw error;
    return { withoutReadMany: 'this build has no `expression.socket.io/redis`' };
  }
}

function isAbsent(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' || error.code === 'ERR_MODULE_NOT_FOUND';
}
