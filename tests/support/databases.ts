/**
 * @module The databases for which the library has a helper, as tests use them: through clients of
 * their own, and with a look at the records and locks that they hold.
 */

import connectPgSimple from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import session, { type Store } from 'express-session';
import { createClient } from 'redis';
import type { ExpressionSocketOptions, SessionLock } from '../../source/index.js';
import { postgres } from '../../source/postgres/index.js';
import { redis } from '../../source/redis/index.js';
import { emptyPool, openPool, requirePostgres } from './postgres.js';
import { requireRedis } from './redis.js';
import { clientKinds } from './redis-clients.js';

/** What an application makes of a client. */
export interface DatabaseClient {
  readonly store: Store;
  /** What the helper returns. */
  readonly options: Pick<ExpressionSocketOptions, 'readMany' | 'rewrite' | 'claim'> & {
    readonly lock: SessionLock;
  };
  close(): Promise<unknown>;
}

/** A database that runs for tests. */
export interface SessionDatabase {
  readonly url: string;
  /** Opens another client. */
  open(): Promise<DatabaseClient>;
  /** Empties the database. */
  clear(): Promise<unknown>;
  /** Stores a session. */
  store(sessionId: string, record: object): Promise<unknown>;
  /** The session as it is stored. */
  record(sessionId: string): Promise<Record<string, unknown> | undefined>;
  /** How many milliseconds the lock of a session has left; nothing where nobody holds it. */
  lockTimeLeft(sessionId: string): Promise<number | undefined>;
  /** Lets the lock of a session end in so many milliseconds. */
  expireLock(sessionId: string, milliseconds: number): Promise<unknown>;
  /** Lets another holder have the lock of a session. */
  takeLock(sessionId: string): Promise<unknown>;
  /** Whether it is still the other holder that has it. */
  isLockTaken(sessionId: string): Promise<boolean>;
  removeLock(sessionId: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts a database; where there is none on the machine, see `withoutService`. */
type StartDatabase = (context: Mocha.Context) => Promise<SessionDatabase>;

const otherHolder = 'another holder';

function startRedis({ isCluster, open }: (typeof clientKinds)[string]): StartDatabase {
  return async (context) => {
    const server = await requireRedis(context, { isCluster });
    const operator = await createClient({ url: server.url }).connect();
    const keyOf = (sessionId: string): string => `sess:${sessionId}`;
    const lockOf = (sessionId: string): string => `{${keyOf(sessionId)}}:lock`;
    return {
      url: server.url,
      open: async () => {
        const { client, close } = await open(server.url);
        const store = new RedisStore({ client: operator });
        return { store, options: redis(client), close: async () => close() };
      },
      clear: () => operator.flushAll(),
      store: (sessionId, record) =>
        operator.set(keyOf(sessionId), JSON.stringify(record), { EX: 3_600 }),
      record: async (sessionId) =>
        JSON.parse((await operator.get(keyOf(sessionId))) ?? 'null') ?? undefined,
      lockTimeLeft: async (sessionId) => {
        const left = await operator.pTTL(lockOf(sessionId));
        return left === -2 ? undefined : left;
      },
      expireLock: (sessionId, milliseconds) => operator.pExpire(lockOf(sessionId), milliseconds),
      takeLock: (sessionId) => operator.set(lockOf(sessionId), otherHolder),
      isLockTaken: async (sessionId) => (await operator.get(lockOf(sessionId))) === otherHolder,
      removeLock: (sessionId) => operator.del(lockOf(sessionId)),
      stop: async () => {
        operator.destroy();
        await server.stop();
      },
    };
  };
}

const startPostgres: StartDatabase = async (context) => {
  const server = await requirePostgres(context);
  const operator = await emptyPool(server.url);
  const Store = connectPgSimple(session);
  const lockOf = (sessionId: string): string => `lock:${sessionId}`;
  return {
    url: server.url,
    open: async () => {
      const pool = openPool(server.url, { max: 4 });
      const store = new Store({ pool, pruneSessionInterval: false });
      return { store, options: postgres(pool), close: () => pool.end() };
    },
    clear: async () => {
      await postgres(operator).claim('so that the table exists', 1);
      await operator.query('TRUNCATE session, session_locks');
    },
    store: (sessionId, record) =>
      operator.query("INSERT INTO session VALUES ($1, $2, now() + interval '1 hour')", [
        sessionId,
        JSON.stringify(record),
      ]),
    record: async (sessionId) =>
      (await operator.query('SELECT sess FROM session WHERE sid = $1', [sessionId])).rows[0]?.sess,
    lockTimeLeft: async (sessionId) => {
      const { rows } = await operator.query(
        "SELECT 1000 * date_part('epoch', expires - now()) AS left FROM session_locks WHERE name = $1",
        [lockOf(sessionId)],
      );
      return rows[0]?.left;
    },
    expireLock: (sessionId, milliseconds) =>
      operator.query(
        "UPDATE session_locks SET expires = now() + $2 * interval '1 millisecond' WHERE name = $1",
        [lockOf(sessionId), milliseconds],
      ),
    takeLock: (sessionId) =>
      operator.query('UPDATE session_locks SET token = $2 WHERE name = $1', [
        lockOf(sessionId),
        otherHolder,
      ]),
    isLockTaken: async (sessionId) => {
      const { rows } = await operator.query('SELECT token FROM session_locks WHERE name = $1', [
        lockOf(sessionId),
      ]);
      return rows[0]?.token === otherHolder;
    },
    removeLock: (sessionId) =>
      operator.query('DELETE FROM session_locks WHERE name = $1', [lockOf(sessionId)]),
    stop: async () => {
      await operator.end();
      await server.stop();
    },
  };
};

/** The databases, by the client that the helper is given. */
export const databases: Readonly<Record<string, StartDatabase>> = {
  ...Object.fromEntries(
    Object.entries(clientKinds).map(([name, kind]) => [`Redis, through ${name}`, startRedis(kind)]),
  ),
  PostgreSQL: startPostgres,
};
