/**
 * @module The sessions of connect-pg-simple as rows of its table: `sid`, `sess` and `expire`.
 */

import {
  type ComparedRecords,
  isLifetimeChanged,
  type RecordWrite,
  recordExpiry,
  type WriteOutcome,
} from '../database/rewrite.js';
import type { TimeLimit } from '../database/time-limit.js';
import { tokenOf } from '../database/token-lock.js';
import { isConflict, type PostgresClient, queryRows } from './postgres-client.js';
import type { PostgresLockTable } from './postgres-lock.js';

/** What the records depend on. */
interface PostgresRecordsDependencies {
  readonly client: PostgresClient;
  readonly limit: TimeLimit;
  /** The quoted name of the table. */
  readonly table: string;
  readonly locks: PostgresLockTable;
  /** How long a session lives if its cookie does not expire, in seconds. */
  readonly ttl: number | undefined;
}

interface RecordRow {
  readonly sid: string;
  readonly sess: string;
}

/** The sessions in a table. */
export class PostgresRecords implements ComparedRecords {
  readonly limit: TimeLimit;
  readonly #dependencies: PostgresRecordsDependencies;
  readonly #select: string;
  readonly #update: string;
  readonly #updateUnderLock: string;

  constructor(dependencies: PostgresRecordsDependencies) {
    this.#dependencies = dependencies;
    this.limit = dependencies.limit;
    const { table, locks } = dependencies;
    this.#select = `SELECT sid, sess::text AS sess FROM ${table} WHERE sid = ANY($1) AND expire >= to_timestamp($2)`;
    this.#update = `${updateSql(table)} RETURNING true AS "isWritten", true AS "isHeld"`;
    // The lock is checked, and its row locked, before the record is touched.
    this.#updateUnderLock = `
      WITH held AS (${locks.heldQuery('$7', '$8')}),
      written AS (${updateSql(table)} AND EXISTS (SELECT FROM held) RETURNING 1)
      SELECT EXISTS (SELECT FROM written) AS "isWritten", EXISTS (SELECT FROM held) AS "isHeld"`;
  }

  /** Reads sessions in one query, as text, in the order of their ids. */
  async readMany(sessionIds: readonly string[]): Promise<(string | null)[]> {
    const rows = await this.#read(sessionIds);
    const found = new Map(rows.map(({ sid, sess }) => [sid, sess]));
    return sessionIds.map((sessionId) => found.get(sessionId) ?? null);
  }

  async read(sessionId: string): Promise<string | undefined> {
    const [row] = await this.#read([sessionId]);
    return row?.sess;
  }

  parse(text: string): unknown {
    return JSON.parse(text);
  }

  async write(sessionId: string, write: RecordWrite): Promise<WriteOutcome> {
    const held = tokenOf(write.lock, this.#dependencies.client);
    const text = held ? this.#updateUnderLock : this.#update;
    const expiry = recordExpiry(write.session, this.#dependencies.ttl);
    const values: unknown[] = [
      sessionId,
      write.before,
      JSON.stringify(write.session),
      now(),
      // In seconds, as connect-pg-simple rounds them.
      expiry === undefined ? null : Math.ceil(expiry / 1_000),
      isLifetimeChanged(write.record, write.session),
      ...(held ? [held.name, held.token] : []),
    ];
    try {
      const [row] = await queryRows<{ isWritten: boolean; isHeld: boolean }>(
        this.#dependencies.client,
        text,
        values,
      );
      if (row?.isHeld === false) return 'lock lost';
      return row?.isWritten ? 'written' : 'changed';
    } catch (error) {
      if (isConflict(error)) return 'changed';
      throw error;
    }
  }

  #read(sessionIds: readonly string[]): Promise<RecordRow[]> {
    // PostgreSQL has no text with a NUL, and one such id would fail the query of all others.
    const possible = sessionIds.filter((sessionId) => !sessionId.includes('\0'));
    return queryRows(this.#dependencies.client, this.#select, [possible, now()]);
  }
}

/**
 * Updates a session if it is still the one that was read. Its current expiry is never shortened,
 * unless the write changes the lifetime of the session: `touch` of connect-pg-simple changes only the
 * column.
 */
function updateSql(table: string): string {
  return `UPDATE ${table} SET sess = $3::text::json, expire = CASE
      WHEN $5::float8 IS NULL THEN expire
      WHEN $6::boolean THEN to_timestamp($5::float8)
      ELSE greatest(expire, to_timestamp($5::float8))
    END
    WHERE sid = $1 AND sess::text = $2 AND expire >= to_timestamp($4)`;
}

/** The time that connect-pg-simple compares with `expire`: that of the application, in whole seconds. */
function now(): number {
  return Math.ceil(Date.now() / 1_000);
}
