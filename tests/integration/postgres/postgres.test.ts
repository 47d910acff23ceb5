import { expect } from 'chai';
import connectPgSimple from 'connect-pg-simple';
import session from 'express-session';
import type pg from 'pg';
import { useFakeTimers } from 'sinon';
import { type PostgresClient, postgres } from '../../../source/postgres/index.js';
import { useApps } from '../../support/app.js';
import {
  emptyPool,
  type PostgresServer,
  requirePostgres,
  sessionTable,
} from '../../support/postgres.js';
import { overHttp } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

const Store = connectPgSimple(session);

describe('expression.socket.io/postgres', () => {
  const startApp = useApps();
  let server: PostgresServer;
  let pool: pg.Pool;

  before(async function () {
    server = await requirePostgres(this);
  });
  after(() => server?.stop());
  beforeEach(async () => {
    pool = await emptyPool(server.url);
  });
  afterEach(() => pool.end());

  const insert = (table: string, sid: string, sess: string, seconds = 60) =>
    pool.query(
      `INSERT INTO ${table} VALUES ($1, $2, now()::timestamp + $3 * interval '1 second')`,
      [sid, sess, seconds],
    );

  it('works in an application with connect-pg-simple', async () => {
    const store = new Store({ pool, pruneSessionInterval: false });
    const app = await startApp({ store, options: { ...postgres(pool) } });
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('increment', async (err, session, ack) => {
        if (err) return ack(err.code);
        session.n = (session.n ?? 0) + 1;
        await session.save();
        ack(session.n);
      });
      socket.sessOn('update', async (err, session, ack) => {
        if (err) return ack(err.code);
        await session.update((fresh) => {
          fresh.n = (fresh.n ?? 0) + 1;
        });
        ack(session.n);
      });
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    expect(await client.emitWithAck('increment')).to.equal(1);
    expect(await client.emitWithAck('update')).to.equal(2);
    const response = await fetch(`${app.url}/session`, { headers: { cookie } });
    expect(await response.json()).to.have.property('n', 2);
    await app.logout(cookie);
    expect(await client.emitWithAck('increment')).to.equal('ERR_SESSION_NOT_FOUND');
  });

  it('lets each write of a request begin the life of a session anew where no cookie expires', async () => {
    const store = new Store({ pool, pruneSessionInterval: false });
    const app = await startApp({ store, options: { ...postgres(pool) } });
    const { cookie } = await app.login();
    await pool.query("UPDATE session SET expire = now() + interval '1 minute'");
    await overHttp(app, cookie, (request) => {
      request.session.n = 1;
    });
    const { rows } = await pool.query(
      "SELECT FROM session WHERE expire > now() + interval '1 hour'",
    );
    expect(rows).to.have.length(1);
  });

  it('reads text in the order of the ids, and `null` for what is not there or over', async () => {
    await insert('session', 'a', '{"cookie":{}, "n":1}');
    await insert('session', 'c', '{"cookie":{},"n":3}');
    await insert('session', 'over', '{"cookie":{}}', -2);
    const { readMany } = postgres(pool);
    expect(await readMany(['c', 'b', 'a', 'c', 'over'])).to.deep.equal([
      '{"cookie":{},"n":3}',
      null,
      '{"cookie":{}, "n":1}',
      '{"cookie":{},"n":3}',
      null,
    ]);
    expect(await readMany([])).to.deep.equal([]);
  });

  // An application's `sessionId` may return whatever a client sends.
  it('has no session under an id that PostgreSQL cannot hold, and reads the others', async () => {
    await insert('session', 'a', '{"cookie":{}}');
    const { readMany, rewrite } = postgres(pool);
    expect(await readMany(['a\0', 'a', '\0'])).to.deep.equal([null, '{"cookie":{}}', null]);
    const read: unknown[] = [];
    await rewrite('a\0', (record) => void read.push(record), { lock: undefined });
    expect(read).to.deep.equal([null]);
  });

  it('finds a session for as long as the store does', async () => {
    const store = new Store({ pool, pruneSessionInterval: false });
    const { readMany } = postgres(pool);
    const clock = useFakeTimers({ now: 1_800_000_000_400, toFake: ['Date'] });
    try {
      for (const milliseconds of [-1_400, -401, -400, -399, 0, 599, 600, 601, 1_600]) {
        await pool.query('DELETE FROM session');
        await pool.query("INSERT INTO session VALUES ('a', '{}', to_timestamp($1))", [
          (Date.now() + milliseconds) / 1_000,
        ]);
        const found = await new Promise((resolve) => {
          store.get('a', (_error, record) => resolve(record ? '{}' : null));
        });
        expect(await readMany(['a']), `${milliseconds}`).to.deep.equal([found]);
      }
    } finally {
      clock.restore();
    }
  });

  it('takes the schema and the table of the store, whatever they are called', async () => {
    await pool.query('CREATE SCHEMA "My ""web"""');
    await pool.query(sessionTable('"My ""web"""."Order ""x"""'));
    const names = { schemaName: 'My "web"', tableName: 'Order "x"' };
    const store = new Store({ pool, pruneSessionInterval: false, ...names });
    await new Promise((resolve) => store.set('a', { cookie: {} } as never, resolve));
    const { readMany, lock, rewrite, claim } = postgres(pool, names);
    expect(await readMany(['a'])).to.deep.equal(['{"cookie":{}}']);
    const held = await lock.acquire('a', new AbortController());
    await rewrite('a', (record) => ({ ...record, n: 1 }), { lock: held });
    await held.release();
    expect(await readMany(['a'])).to.deep.equal(['{"cookie":{},"n":1}']);
    expect(await claim('x', 60_000)).to.equal(true);
    const { rows } = await pool.query('SELECT name FROM "My ""web"""."Order ""x""_locks"');
    expect(rows).to.deep.equal([{ name: 'claim:x' }]);
  });

  it('lets the first claim a name, and nobody else until the time is over', async () => {
    const { claim } = postgres(pool);
    const others = postgres(pool);
    const claims = await Promise.all(
      ['a', 'a', 'a', 'b', 'a'].map((name, at) => (at % 2 ? claim : others.claim)(name, 60_000)),
    );
    expect(claims.filter((isMine) => isMine)).to.have.length(2);
    await pool.query("UPDATE session_locks SET expires = now() WHERE name = 'claim:a'");
    expect(await claim('a', 60_000)).to.equal(true);
    expect(await claim('a', 60_000)).to.equal(false);
  });

  it('takes anything that runs a query', async () => {
    await insert('session', 'a', '{"cookie":{}}');
    const client: PostgresClient = { query: (text, values) => pool.query(text, values) };
    expect(await postgres(client).readMany(['a'])).to.deep.equal(['{"cookie":{}}']);
    // As pg-promise, which connect-pg-simple takes too.
    const direct: PostgresClient = {
      query: async (text, values) => (await pool.query(text, values)).rows,
    };
    expect(await postgres(direct).readMany(['a'])).to.deep.equal(['{"cookie":{}}']);
    const connected = await pool.connect();
    try {
      expect(await postgres(connected).readMany(['a'])).to.deep.equal(['{"cookie":{}}']);
    } finally {
      connected.release();
    }
  });

  it('tells what it expected where it is given something else', () => {
    const client: PostgresClient = { query: async () => ({ rows: [] }) };
    expect(() => postgres({} as PostgresClient)).to.throw(TypeError, 'a pool of `pg`');
    expect(() => postgres(client, { tableName: 7 as never })).to.throw(TypeError, '`tableName`');
    expect(() => postgres(client, { tableName: 'web"."session' })).to.throw(
      TypeError,
      'schemaName',
    );
    expect(() => postgres(client, { tableName: 'x'.repeat(60) })).to.throw(
      TypeError,
      '`lockTableName`: expected at most 63 bytes',
    );
    expect(() => postgres(client, { ttl: '60' as never })).to.throw(TypeError, '`ttl`');
    expect(() => postgres(client, { timeout: 0.5 })).to.throw(TypeError, '`timeout`');
  });

  describe('creates the table of locks', () => {
    const acquire = (helper: ReturnType<typeof postgres>) =>
      helper.lock.acquire('a', new AbortController());

    it('once, by however many at the same time', async () => {
      const helpers = Array.from({ length: 10 }, () => postgres(pool));
      const claims = await Promise.all(helpers.map(({ claim }) => claim('a', 60_000)));
      expect(claims.filter((isMine) => isMine)).to.have.length(1);
    });

    it('not where it is told not to, or may not but finds it there', async () => {
      const error = await acquire(postgres(pool, { createLockTable: false })).catch(
        (error) => error,
      );
      expect(error).to.have.property('code', '42P01');
      await (await acquire(postgres(pool))).release();
      await (await acquire(postgres(pool, { createLockTable: false }))).release();
      await pool.query(`
        DROP ROLE IF EXISTS guest;
        CREATE ROLE guest LOGIN;
        GRANT USAGE ON SCHEMA public TO guest;
        GRANT ALL ON session, session_locks TO guest`);
      const restricted = await pool.connect();
      try {
        await restricted.query('SET ROLE guest');
        await (await acquire(postgres(restricted))).release();
      } finally {
        restricted.release(true);
        await pool.query('DROP OWNED BY guest; DROP ROLE guest');
      }
    });

    it('again, where that failed at first', async () => {
      let isDown = true;
      const helper = postgres({
        query: async (text, values) => {
          if (isDown) throw Object.assign(new Error(), { code: 'down' });
          return pool.query(text, values);
        },
      });
      expect(await acquire(helper).catch((error) => error.code)).to.equal('down');
      isDown = false;
      await (await acquire(helper)).release();
    });

    it('again, where it has gone meanwhile', async () => {
      const helper = postgres(pool);
      await (await acquire(helper)).release();
      await pool.query('DROP TABLE session_locks');
      expect(await acquire(helper).catch((error) => error.code)).to.equal('42P01');
      await (await acquire(helper)).release();
    });

    it('and removes from it what nobody released', async () => {
      await postgres(pool).claim('kept', 60_000);
      await pool.query("INSERT INTO session_locks VALUES ('lock:x', 't', now() - interval '1 s')");
      await postgres(pool).claim('other', 60_000);
      const names = async () => (await pool.query('SELECT name FROM session_locks')).rows;
      // It is done in the background.
      await until(async () => !(await names()).some(({ name }) => name === 'lock:x'));
      expect((await names()).map(({ name }) => name)).to.have.members([
        'claim:kept',
        'claim:other',
      ]);
    });
  });
});
