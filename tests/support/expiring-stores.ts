/**
 * @module The stores that applications use, each with the end that it has for a session, and with a
 * session as it is after many touches: the record has the date of its last whole write.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import connectPgSimple from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import { RedisStore as RedisStore8 } from 'connect-redis-8';
import session, { MemoryStore, type SessionData, Store } from 'express-session';
import createMemoryStore from 'memorystore';
import type { Pool } from 'pg';
import { createClient } from 'redis';
import createFileStore from 'session-file-store';
import { requireRedis } from './redis.js';

/** A store that is open. */
export interface OpenedStore {
  readonly store: Store;
  /** When the store drops a session, in milliseconds since 1970; infinite where it never does. */
  endOf(sessionId: string): Promise<number>;
  /**
   * Makes a session what it is after touches: its record says that it was over a minute ago, and the
   * store keeps it until `end`.
   */
  age(sessionId: string, end: number): Promise<void>;
  close(): unknown;
}

/** The date of a last whole write that is long over. */
const longOver = (): string => new Date(Date.now() - 60_000).toISOString();

function aged(text: string, expires: string = longOver()): string {
  const record = JSON.parse(text);
  record.cookie.expires = expires;
  return JSON.stringify(record);
}

async function openRedis(
  context: Mocha.Context,
  make: (client: unknown) => Store,
): Promise<OpenedStore> {
  const server = await requireRedis(context);
  const client = await createClient({ url: server.url }).connect();
  const keyOf = (sessionId: string): string => `sess:${sessionId}`;
  return {
    store: make(client),
    endOf: async (sessionId) => {
      const left = await client.pTTL(keyOf(sessionId));
      if (left === -1) return Number.POSITIVE_INFINITY;
      return left < 0 ? 0 : Date.now() + left;
    },
    age: async (sessionId, end) => {
      const text = await client.get(keyOf(sessionId));
      await client.set(keyOf(sessionId), aged(text ?? ''), { PX: end - Date.now() });
    },
    close: async () => {
      client.destroy();
      await server.stop();
    },
  };
}

async function openPostgres(): Promise<OpenedStore> {
  const database = new PGlite();
  await database.query(
    'CREATE TABLE session (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamptz NOT NULL)',
  );
  const store = new (connectPgSimple(session))({
    // It only ever calls `query`.
    pool: database as unknown as Pool,
    pruneSessionInterval: false,
  });
  return {
    store,
    endOf: async (sessionId) => {
      const { rows } = await database.query<{ expire: Date }>(
        'SELECT expire FROM session WHERE sid = $1',
        [sessionId],
      );
      return rows[0]?.expire.getTime() ?? 0;
    },
    age: async (sessionId, end) => {
      const { rows } = await database.query<{ sess: object }>(
        'SELECT sess FROM session WHERE sid = $1',
        [sessionId],
      );
      await database.query('UPDATE session SET sess = $2, expire = $3 WHERE sid = $1', [
        sessionId,
        aged(JSON.stringify(rows[0]?.sess)),
        new Date(end),
      ]);
    },
    close: () => database.close(),
  };
}

/** It keeps a session as long as its `originalMaxAge` says, counted from the last write or touch. */
function openFiles(): OpenedStore {
  const path = mkdtempSync(join(tmpdir(), 'sessions-'));
  const fileOf = (sessionId: string): string => join(path, `${sessionId}.json`);
  const store = new (createFileStore(session))({ path, reapInterval: -1, logFn: () => {} });
  return {
    store,
    endOf: async (sessionId) => {
      const { __lastAccess, cookie } = JSON.parse(readFileSync(fileOf(sessionId), 'utf8'));
      // Its own default is an hour.
      return __lastAccess + (cookie.originalMaxAge ?? 3_600_000);
    },
    age: async (sessionId, end) => {
      const record = JSON.parse(aged(readFileSync(fileOf(sessionId), 'utf8')));
      record.__lastAccess = end - record.cookie.originalMaxAge;
      writeFileSync(fileOf(sessionId), JSON.stringify(record));
    },
    close: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** It keeps a time to live of its own, which its touches move; and the date too. */
function openMemoryStorePackage(): OpenedStore {
  const store = new (createMemoryStore(session))({});
  // It is an LRU cache, whose entries have an age in milliseconds.
  const cache = (
    store as unknown as {
      store: {
        dump(): { k: string; v: string; e: number }[];
        set(key: string, value: string, age: number): void;
      };
    }
  ).store;
  const entryOf = (sessionId: string) => cache.dump().find(({ k }) => k === sessionId);
  return {
    store,
    endOf: async (sessionId) => entryOf(sessionId)?.e ?? 0,
    age: async (sessionId, end) =>
      cache.set(sessionId, aged(entryOf(sessionId)?.v ?? ''), end - Date.now()),
    close: () => {},
  };
}

/** The date is all that it has, and its touches move it. */
function openMemory(): OpenedStore {
  const store = new MemoryStore();
  const { sessions } = store as unknown as { sessions: Record<string, string> };
  return {
    store,
    endOf: async (sessionId) => {
      const { expires } = JSON.parse(sessions[sessionId] ?? '{"cookie":{"expires":0}}').cookie;
      return expires === null ? Number.POSITIVE_INFINITY : new Date(expires).getTime();
    },
    age: async (sessionId, end) => {
      sessions[sessionId] = aged(sessions[sessionId] ?? '', new Date(end).toISOString());
    },
    close: () => {},
  };
}

/** The rules of connect-mongo 5: a field `expires` beside the session as text, which touches move. */
class MongoLikeStore extends Store {
  readonly documents = new Map<string, { session: string; expires: number }>();

  override get(...[sessionId, callback]: Parameters<Store['get']>): void {
    const document = this.documents.get(sessionId);
    const isAlive = document !== undefined && document.expires > Date.now();
    setImmediate(callback, null, isAlive ? JSON.parse(document.session) : null);
  }

  override set(...[sessionId, session, callback]: Parameters<Store['set']>): void {
    const expires = this.#endOf(session);
    this.documents.set(sessionId, { session: JSON.stringify(session), expires });
    setImmediate(() => callback?.());
  }

  override touch(...[sessionId, session, callback]: Parameters<NonNullable<Store['touch']>>): void {
    const document = this.documents.get(sessionId);
    if (document) document.expires = this.#endOf(session);
    setImmediate(() => callback?.());
  }

  override destroy(...[sessionId, callback]: Parameters<Store['destroy']>): void {
    this.documents.delete(sessionId);
    setImmediate(() => callback?.());
  }

  /** Two weeks, where the cookie has no end. */
  #endOf({ cookie }: SessionData): number {
    return cookie.expires ? new Date(cookie.expires).getTime() : Date.now() + 14 * 86_400_000;
  }
}

function openMongoLike(): OpenedStore {
  const store = new MongoLikeStore();
  return {
    store,
    endOf: async (sessionId) => store.documents.get(sessionId)?.expires ?? 0,
    age: async (sessionId, end) => {
      const { session } = store.documents.get(sessionId) ?? { session: '' };
      store.documents.set(sessionId, { session: aged(session), expires: end });
    },
    close: () => {},
  };
}

/** All of them. */
export const expiringStores: Readonly<
  Record<string, (context: Mocha.Context) => Promise<OpenedStore> | OpenedStore>
> = {
  MemoryStore: openMemory,
  memorystore: openMemoryStorePackage,
  'session-file-store': openFiles,
  'connect-redis 9': (context) =>
    openRedis(context, (client) => new RedisStore({ client: client as never })),
  'connect-redis 8': (context) =>
    openRedis(context, (client) => new RedisStore8({ client: client as never })),
  'connect-pg-simple': openPostgres,
  'a store by the rules of connect-mongo': openMongoLike,
};
