/**
 * @module Locks and claims as rows of a table.
 *
 * Advisory locks are not used because they belong to a connection: if all connections of a pool wait
 * for locks, none is left for the queries of the holder.
 */

import type { TimeLimit } from '../database/time-limit.js';
import type { LockTable, LockToken } from '../database/token-lock.js';
import { isConflict, type PostgresClient, queryRows, sqlStateOf } from './postgres-client.js';

/** How often expired rows are removed, in milliseconds. */
const pruneInterval = 600_000;

/** What the table of locks depends on. */
interface PostgresLockDependencies {
  readonly client: PostgresClient;
  readonly limit: TimeLimit;
  /** The quoted name of the table. */
  readonly table: string;
  /** Whether to create the table if it is missing. */
  readonly createLockTable: boolean;
}

/** The errors of two processes that create the same table at the same time. */
const createdMeanwhile: ReadonlySet<unknown> = new Set(['23505', '42P07', '42710']);

/** The table of locks and claims. */
export class PostgresLockTable implements LockTable {
  readonly client: PostgresClient;
  readonly limit: TimeLimit;
  readonly #table: string;
  readonly #createsTable: boolean;
  #creation: Promise<void> | undefined;
  #prunedAt = Number.NEGATIVE_INFINITY;

  constructor({ client, limit, table, createLockTable }: PostgresLockDependencies) {
    this.client = client;
    this.limit = limit;
    this.#table = table;
    this.#createsTable = createLockTable;
  }

  lockName(sessionId: string): string {
    return `lock:${sessionId}`;
  }

  claimName(name: string): string {
    return `claim:${name}`;
  }

  async acquire({ name, token }: LockToken, milliseconds: number): Promise<boolean> {
    await this.#ready();
    this.#prune();
    try {
      // A row that is held is only read, because a failing update would lock it for a moment.
      const rows = await queryRows(
        this.client,
        `INSERT INTO ${this.#table} AS held (name, token, expires)
        SELECT $1::text, $2::text, now() + $3::float8 * interval '1 millisecond'
        WHERE NOT EXISTS (SELECT FROM ${this.#table} WHERE name = $1::text AND expires > now())
        ON CONFLICT (name) DO UPDATE SET token = excluded.token, expires = excluded.expires
        WHERE held.expires <= now()
        RETURNING 1 AS done`,
        [name, token, milliseconds],
      );
      return rows.length > 0;
    } catch (error) {
      if (isConflict(error)) return false;
      // The table may be missing after a failover, which copies no unlogged tables: check again.
      this.#creation = undefined;
      throw error;
    }
  }

  async renew({ name, token }: LockToken, milliseconds: number): Promise<boolean> {
    const rows = await queryRows(
      this.client,
      `UPDATE ${this.#table} SET expires = now() + $3::float8 * interval '1 millisecond'
      WHERE name = $1 AND token = $2 AND expires > now()
      RETURNING 1 AS done`,
      [name, token, milliseconds],
    );
    return rows.length > 0;
  }

  async release({ name, token }: LockToken): Promise<void> {
    await this.client.query(`DELETE FROM ${this.#table} WHERE name = $1 AND token = $2`, [
      name,
      token,
    ]);
  }

  /**
   * The query for a lock that must be held during a write, by the SQL placeholders of its name and
   * token. It locks the row, so that nobody else can acquire the lock until the statement has finished.
   */
  heldQuery(name: string, token: string): string {
    return `SELECT FROM ${this.#table} WHERE name = ${name} AND token = ${token} AND expires > now() FOR SHARE`;
  }

  #ready(): Promise<void> {
    if (!this.#createsTable) return Promise.resolve();
    this.#creation ??= this.#create().catch((error) => {
      // The next call tries again.
      this.#creation = undefined;
      throw error;
    });
    return this.#creation;
  }

  async #create(): Promise<void> {
    // Without the right to create tables, an existing one may still be used.
    const [found] = await queryRows<{ table: unknown }>(
      this.client,
      'SELECT to_regclass($1) AS table',
      [this.#table],
    );
    if (found?.table) return;
    try {
      await this.client.query(lockTableSql(this.#table));
    } catch (error) {
      if (!createdMeanwhile.has(sqlStateOf(error))) throw error;
    }
  }

  /** Removes expired rows: locks of processes that have died, and claims. */
  #prune(): void {
    const now = performance.now();
    if (now - this.#prunedAt < pruneInterval) return;
    this.#prunedAt = now;
    this.client
      .query(`DELETE FROM ${this.#table} WHERE expires < now()`)
      // Expired rows do no harm, and a later call removes them.
      .catch(() => {});
  }
}

/** The SQL that creates a table of locks; see the option `createLockTable`. */
function lockTableSql(table: string): string {
  return `CREATE UNLOGGED TABLE IF NOT EXISTS ${table} (
    name text PRIMARY KEY,
    token text NOT NULL,
    expires timestamptz NOT NULL
  )`;
}
