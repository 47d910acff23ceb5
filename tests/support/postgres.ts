/**
 * @module A PostgreSQL server of the tests' own, on a free port of this machine, in a folder that is
 * removed afterwards.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './ports.js';
import { withoutService } from './service.js';

const run = promisify(execFile);

/** Where Debian keeps the programs of each version: those of servers are not in the PATH. */
const versions = '/usr/lib/postgresql';

/** A running PostgreSQL. */
export interface PostgresServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL server. Where there is none on the machine, see `withoutService`.
 *
 * @param context `this` of a mocha `before`
 */
export async function requirePostgres(context: Mocha.Context): Promise<PostgresServer> {
  const programs = programFolder();
  if (programs === undefined) {
    return withoutService(
      context,
      'There is no PostgreSQL server on this machine; POSTGRES_BIN_PATH may name the folder of `initdb` and `postgres`.',
    );
  }
  context.timeout(60_000);
  const user = await ordinaryUser();
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  // Its own trust in everybody who connects is meant: it listens on the loopback only.
  const settings = ['--auth=trust', '--username=test', '--encoding=UTF8', '--no-sync'];
  const where = { ...user, cwd: folder };
  await run(join(programs, 'initdb'), [`--pgdata=${data}`, '--locale=C', ...settings], where);
  const port = await freePort();
  const child = spawn(join(programs, 'postgres'), ['-D', data, ...serverArguments(port)], {
    ...where,
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  await ready(child);
  const url = `postgres://test@127.0.0.1:${port}/postgres`;
  return {
    url,
    stop: async () => {
      await stop(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A pool that survives a server that stops. */
export function openPool(url: string, settings: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, ...settings });
  pool.on('error', () => {});
  // A connection that is in use or being closed does not emit its errors on the pool.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** A pool with the table of connect-pg-simple, and nothing else in its database. */
export async function emptyPool(url: string, settings: pg.PoolConfig = {}): Promise<pg.Pool> {
  const pool = openPool(url, settings);
  await pool.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  await pool.query(sessionTable('session'));
  return pool;
}

/** The table that connect-pg-simple creates. */
export function sessionTable(name: string): string {
  return `CREATE TABLE ${name} (
    sid varchar NOT NULL COLLATE "default" PRIMARY KEY,
    sess json NOT NULL,
    expire timestamp(6) NOT NULL
  )`;
}

/** The newest of those that are installed. */
function programFolder(): string | undefined {
  const named = process.env.POSTGRES_BIN_PATH;
  const folders = named ? [named] : debianFolders();
  return folders.find((folder) => {
    try {
      for (const program of ['initdb', 'postgres']) accessSync(join(folder, program));
      return true;
    } catch {
      return false;
    }
  });
}

function debianFolders(): string[] {
  try {
    const names = readdirSync(versions).sort((a, b) => Number(b) - Number(a));
    return names.map((name) => join(versions, name, 'bin'));
  } catch {
    return [];
  }
}

function serverArguments(port: number): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: 60,
    shared_buffers: '16MB',
    // Above errors, which tests bring about.
    log_min_messages: 'log',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** PostgreSQL refuses to run as root: then, it runs as the user that Debian made for it, or as nobody. */
async function ordinaryUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all(
        ['-u', '-g'].map(async (option) => Number((await run('id', [option, name])).stdout)),
      );
      if (uid && gid) return { uid, gid };
    } catch {
      // There is no such user.
    }
  }
  throw new Error('There is no user `postgres` or `nobody` that PostgreSQL could run as');
}

async function ready(child: ChildProcess): Promise<void> {
  if (!child.stderr) throw new Error('postgres has no output');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes('database system is ready to accept connections')) {
      // A full pipe would stop the server.
      child.stderr.resume();
      return;
    }
    lines.push(line);
  }
  throw new Error(`postgres did not start: ${lines.join('\n')}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  // Ends connections, and does not wait for them.
  child.kill('SIGINT');
  await once(child, 'exit');
}
