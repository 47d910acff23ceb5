/**
 * @module The clients of PostgreSQL that are understood, and the names of tables in SQL.
 */

import { describeValue } from '../errors.js';

/**
 * A pool of `pg`, or anything else that runs a query: a client of `pg`, PGlite, or a function of
 * yours around another package.
 */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** Runs a query and returns its rows, each of which has the columns that the query names. */
export async function queryRows<Row>(
  client: PostgresClient,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  const { rows } = await client.query(text, values);
  // The text of the query says which columns there are.
  return rows as Row[];
}

/** The names that connect-pg-simple knows tables by. */
export interface TableNames {
  readonly schemaName?: string | undefined;
  readonly tableName: string;
}

/** The longest name that PostgreSQL takes, in bytes; it cuts what is longer. */
const longestName = 63;

/**
 * Writes the name of a table as SQL has it.
 *
 * @param option the option that it comes from, for the message
 * @throws {TypeError} where PostgreSQL has no such names
 */
export function quotedTable({ schemaName, tableName }: TableNames, option: string): string {
  const table = quoted(tableName, option);
  return schemaName === undefined ? table : `${quoted(schemaName, 'schemaName')}.${table}`;
}

function quoted(name: unknown, option: string): string {
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

/** @throws {TypeError} where the client is none of those that are understood */
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
 * Whether a command failed because another one got ahead of it, and may be tried again: under the
 * isolation levels above `READ COMMITTED`, where a database has one of those as its default, or as
 * one of two that waited for each other.
 *
 * @see https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
 */
export function isConflict(error: unknown): boolean {
  const code = sqlStateOf(error);
  return code === '40001' || code === '40P01';
}
