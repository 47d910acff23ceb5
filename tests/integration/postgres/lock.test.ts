import { expect } from 'chai';
import connectPgSimple from 'connect-pg-simple';
import session from 'express-session';
import type pg from 'pg';
import { postgres } from '../../../source/postgres/index.js';
import { Engine } from '../../support/engine.js';
import { emptyPool, type PostgresServer, requirePostgres } from '../../support/postgres.js';
import { codeOf } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

const Store = connectPgSimple(session);
const sessionId = 'one';
const forever = () => ({ signal: new AbortController().signal });

describe('The lock in PostgreSQL', () => {
  let server: PostgresServer;
  let pool: pg.Pool;
  let engine: Engine;

  before(async function () {
    server = await requirePostgres(this);
    pool = await emptyPool(server.url);
  });
  after(async () => {
    await pool?.end();
    await server?.stop();
  });
  beforeEach(async () => {
    await pool.query('DELETE FROM session');
    await postgres(pool).claim('so that there is a table', 1);
    await pool.query('DELETE FROM session_locks');
    await pool.query(
      `INSERT INTO session VALUES ($1, '{"cookie":{"path":"/"},"n":0}', now() + interval '1 hour')`,
      [sessionId],
    );
    engine = new Engine(new Store({ pool, pruneSessionInterval: false }), postgres(pool));
  });
  afterEach(() => engine.close());

  const n = async () => (await pool.query('SELECT sess FROM session')).rows[0]?.sess.n;
  const increment = (session: { n?: number }): void => {
    session.n = (session.n ?? 0) + 1;
  };

  it('takes no connection of the pool while it is held or waited for', async () => {
    const narrow = new (pool.constructor as typeof pg.Pool)({
      connectionString: server.url,
      max: 1,
    });
    const other = new Engine(
      new Store({ pool: narrow, pruneSessionInterval: false }),
      postgres(narrow),
    );
    try {
      await Promise.all(
        Array.from({ length: 4 }, () =>
          other.update(sessionId, async (session) => {
            await narrow.query('SELECT 1');
            increment(session);
          }),
        ),
      );
      expect(await n()).to.equal(4);
    } finally {
      other.close();
      await narrow.end();
    }
  });

  it('is not taken over while a write that it allows is under way', async () => {
    const helper = postgres(pool);
    const held = await helper.lock.acquire(sessionId, forever());
    // The write has to wait for whoever changes the session's row, once it has checked the lock.
    const blocker = await pool.connect();
    try {
      await blocker.query('BEGIN; UPDATE session SET expire = expire');
      const write = helper.rewrite(sessionId, (found) => ({ ...found, n: 1 }), { lock: held });
      const waiting = async (text: string): Promise<number> =>
        (
          await pool.query(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1",
            [text],
          )
        ).rows.length;
      await until(async () => (await waiting('%FOR SHARE%')) > 0);
      const order: string[] = [];
      // As if its time were over: who takes it over has to wait for the write all the same.
      const takeOver = pool
        .query("UPDATE session_locks SET token = 'another holder'")
        .then(() => order.push('taken over'));
      await until(async () => (await waiting('UPDATE session_locks%')) > 0);
      await blocker.query('COMMIT');
      await write.then(() => order.push('written'));
      await takeOver;
      expect(order).to.have.members(['written', 'taken over']);
      expect(await n()).to.equal(1);
    } finally {
      blocker.release(true);
      await held.release();
    }
  });

  it('settles its release, and lets nobody wait for it, while the database does not answer', async () => {
    const helper = postgres(pool, { timeout: 100 });
    const held = await helper.lock.acquire(sessionId, forever());
    const other = await pool.connect();
    try {
      await other.query('BEGIN; LOCK TABLE session_locks IN ACCESS EXCLUSIVE MODE');
      expect(await codeOf(held.release())).to.equal('ERR_SESSION_STORE_TIMEOUT');
      const waiting = new AbortController();
      const code = codeOf(helper.lock.acquire('other', waiting));
      waiting.abort(Object.assign(new Error(), { code: 'not wanted' }));
      expect(await code).to.equal('not wanted');
      await other.query('ROLLBACK');
    } finally {
      other.release(true);
    }
    // What was late is undone, long before it would end by itself.
    for (const name of [sessionId, 'other']) {
      const next = await postgres(pool).lock.acquire(name, { signal: AbortSignal.timeout(8_000) });
      await next.release();
    }
  });
});
