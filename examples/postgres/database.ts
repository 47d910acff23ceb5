/**
 * @module PostgreSQL: the server at an address, or one embedded in this process.
 */

import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';

/** The table that connect-pg-simple expects. */
const schema = `CREATE TABLE IF NOT EXISTS session (
  sid varchar PRIMARY KEY,
  sess json NOT NULL,
  expire timestamptz NOT NULL
)`;

/** What the example asks of a database; a pool of `pg` and PGlite both have it. */
export interface Database {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** Opens the database, with an empty table of sessions where it had none. */
export async function openDatabase(url: string | undefined): Promise<Database> {
  const database: Database = url ? new pg.Pool({ connectionString: url }) : new PGlite();
  await database.query(schema);
  return database;
}
