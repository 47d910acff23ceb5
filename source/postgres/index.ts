/**
 * @module The entry point `expression.socket.io/postgres`: options that use PostgreSQL directly, for
 * sessions of connect-pg-simple.
 */

import { comparingRewrite } from '../database/rewrite.js';
import { assertTimeout, TimeLimit } from '../database/time-limit.js';
import { tokenClaim, tokenLock } from '../database/token-lock.js';
import { describeNumber } from '../errors.js';
import type { ExpressionSocketOptions, RewriteRecord, SessionLock } from '../types/options.js';
import { assertPostgresClient, type PostgresClient, quotedName } from './postgres-client.js';
import { PostgresLockTable } from './postgres-lock.js';
import { PostgresRecords } from './postgres-records.js';

export type { PostgresClient } from './postgres-client.js';

/** How sessions are stored: pass the options of connect-pg-simple. */
export interface PostgresOptions {
  /**
   * The schema of the tables.
   *
   * @default the connection's `search_path`
   */
  readonly schemaName?: string | undefined;

  /**
   * The table of the sessions.
   *
   * @default 'session'
   */
  readonly tableName?: string | undefined;

  /**
   * How long a session lives, in seconds, if its cookie does not expire. A write never shortens
   * the lifetime of a session, unless it changes that of its cookie.
   *
   * @default a write leaves the expiry of such a session as it is
   */
  readonly ttl?: number | undefined;

  /**
   * The table of locks and claims, in the same schema. All processes of an application share it;
   * applications with separate session tables need separate ones.
   *
   * @default the name of the session table, followed by `_locks`
   */
  readonly lockTableName?: string | undefined;

  /**
   * Whether to create the table of locks if it is missing, at the first lock or claim. If the
   * application may not create tables, turn it off and create the table yourself:
   *
   * ```sql
   * CREATE UNLOGGED TABLE session_locks (
   *   name text PRIMARY KEY,
   *   token text NOT NULL,
   *   expires timestamptz NOT NULL
   * );
   * ```
   *
   * `UNLOGGED` saves a write to the disk for each lock. A crash of PostgreSQL then loses the current
   * locks, whose updates fail with `ERR_SESSION_LOCK`, and the list of tickets used in the last minute.
   *
   * @default true
   */
  readonly createLockTable?: boolean | undefined;

  /**
   * How long a write, a claim, or the release of a lock may take, in milliseconds, including retries.
   * Use the value of the option `storeTimeout`.
   *
   * @default 5000
   */
  readonly timeout?: number | undefined;
}

/** The options that `postgres` makes. */
export interface PostgresSessionOptions {
  readonly readMany: NonNullable<ExpressionSocketOptions['readMany']>;
  readonly rewrite: RewriteRecord;
  readonly lock: SessionLock;
  readonly claim: NonNullable<ExpressionSocketOptions['claim']>;
}

/**
 * Makes the options for PostgreSQL: sessions are read many at a time and written atomically, and locks
 * and claims are shared by all processes that use the same database.
 *
 * No connection of the pool is held while a session is locked or changed: each step is one query.
 *
 * @param client a pool of `pg`, or anything else with its method `query(text, values)`
 * @param options the options of connect-pg-simple that differ from its defaults
 * @throws {TypeError} if an argument is wrong; says what was expected
 *
 * @example
 * const store = new (connectPgSimple(session))({ pool });
 * new ExpressionSocket(io, store, cookieParser(secret), { ...postgres(pool) });
 */
export function postgres(
  client: PostgresClient,
  options: PostgresOptions = {},
): PostgresSessionOptions {
  const { ttl, createLockTable = true, timeout = 5_000 } = options;
  assertPostgresClient(client);
  assertTtl(ttl);
  assertTimeout(timeout);
  // For connect-pg-simple, an empty name means the default.
  const tableName = options.tableName || 'session';
  const schema = options.schemaName ? `${quotedName(options.schemaName, 'schemaName')}.` : '';
  const table = schema + quotedName(tableName, 'tableName');
  const lockTable =
    schema + quotedName(options.lockTableName ?? `${tableName}_locks`, 'lockTableName');
  const limit = new TimeLimit('PostgreSQL', timeout);
  const locks = new PostgresLockTable({ client, limit, table: lockTable, createLockTable });
  const records = new PostgresRecords({ client, limit, table, locks, ttl });
  return {
    readMany: (sessionIds) => records.readMany(sessionIds),
    rewrite: comparingRewrite(records),
    lock: tokenLock(locks),
    claim: tokenClaim(locks),
  };
}

function assertTtl(ttl: unknown): void {
  if (ttl === undefined || (typeof ttl === 'number' && ttl >= 0)) return;
  throw new TypeError(
    `\`ttl\`: expected a number of seconds, as connect-pg-simple has it, got ${describeNumber(ttl)}`,
  );
}
