/**
 * @module The supported PostgreSQL clients, and the names of tables in SQL.
 */

import { describeValue } from '../errors.js';

/**
 * A pool of `pg`, or any other object that runs a query: a client of `pg`, a database of pg-promise,
 * PGlite, or your own wrapper of another package. It resolves to the rows, or to an object with them.
 */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] } | unknown[]>;
}

/** Runs a query and returns its rows. */
export async function queryRows<Row>(
  client: PostgresClient,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  const result = await client.query(text, values);
  const rows: unknown = Array.isArray(result) ? result : Reflect.get(Object(result), 'rows');
  if (!Array.isArray(rows)) {
    throw new TypeError(
      '`query` of the PostgreSQL client resolved to no rows; expected `{ rows }`',
    );
  }
  // The query determines the columns of a row.
  return rows as Row[];
}

/** The longest name in PostgreSQL, in bytes; longer ones are cut. */
const longestName = 63;

/**
 * Quotes the name of a table or schema for SQL.
 *
 * @param option the option that it comes from, for the message
 * @throws {TypeError} if PostgreSQL does not allow the name
 */
export function quotedName(name: unknown, option: string): string {
  if (typeof name !== 'string' || name === '') {
    const given = name === '' ? 'an empty string' : describeValue(name);
    throw new TypeError(`\`${option}\`: expected the name of a table or schema, got ${given}`);
  }
  if (name.includes('"."')) {
    throw new TypeError(`\`${option}\`: expected one name; give the schema as \`schemaName\``);
  }
  if (Buffer.byteLength(name) > longestName) {
    throw new TypeError(`\`${option}\`: expected at most ${longestName} bytes, got ${name}`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** @throws {TypeError} if the client is not a supported one */
export function assertPostgresClient(client: unknown): asserts client is PostgresClient {
  const query: unknown = Reflect.get(Object(client), 'query');
  if (typeof query === 'function') return;
  throw new TypeError(
    `\`client\`: expected a pool of \`pg\`, or an object with the method \`query(text, values)\`, got ${describeValue(client)}`,
  );
}

/** The code of an error of PostgreSQL. */
export function sqlStateOf(error: unknown): unknown {
  return Reflect.get(Object(error), 'code');
}

/**
 * Whether a command failed because of a concurrent one and may be retried: by a deadlock, or if the
 * default isolation level of the database is above `READ COMMITTED`.
 *
 * @see https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
 */
export function isConflict(error: unknown): boolean {
  const code = sqlStateOf(error);
  return code === '40001' || code === '40P01';
}
