import { expect } from 'chai';
import connectPgSimple from 'connect-pg-simple';
import session from 'express-session';
import type pg from 'pg';
import {
  type PostgresClient,
  type PostgresOptions,
  postgres,
} from '../../../source/postgres/index.js';
import type { RecordChange } from '../../../source/types/options.js';
import { emptyPool, type PostgresServer, requirePostgres } from '../../support/postgres.js';
import { Gate } from '../../support/slow-store.js';
import { codeOf } from '../../support/visits.js';

const Store = connectPgSimple(session);
const sessionId = 'one';
const terms = { lock: undefined };
const hour = 3_600;

/** A record whose cookie expires in so many seconds, as express-session makes it. */
function recordExpiringIn(seconds: number): { cookie: object } {
  const expires = new Date(Date.now() + seconds * 1_000).toISOString();
  return { cookie: { originalMaxAge: seconds * 1_000, expires, path: '/' } };
}

const ageless = { cookie: { originalMaxAge: null, expires: null } };

/** Writes a key, and renews the cookie for its age, as the library does for each save. */
const save: RecordChange = (record) => {
  if (record === null) return undefined;
  const { cookie } = record as { cookie: { originalMaxAge?: number | null } };
  if (typeof cookie.originalMaxAge !== 'number') return { ...record, n: 1 };
  const expires = new Date(Date.now() + cookie.originalMaxAge);
  return { ...record, n: 1, cookie: { ...cookie, expires } };
};

describe('The atomic write in PostgreSQL', () => {
  let server: PostgresServer;
  let pool: pg.Pool;

  before(async function () {
    server = await requirePostgres(this);
    pool = await emptyPool(server.url);
  });
  after(async () => {
    await pool?.end();
    await server?.stop();
  });
  beforeEach(() => pool.query('DELETE FROM session'));

  const put = (record: object, seconds: number) =>
    pool.query(
      `INSERT INTO session VALUES ($1, $2, now() + $3 * interval '1 second')
      ON CONFLICT (sid) DO UPDATE SET sess = excluded.sess, expire = excluded.expire`,
      [sessionId, record, seconds],
    );
  const record = async () =>
    (await pool.query('SELECT sess FROM session WHERE sid = $1', [sessionId])).rows[0]?.sess;
  const secondsLeft = async (): Promise<number> =>
    (await pool.query("SELECT date_part('epoch', expire - now()::timestamp) AS left FROM session"))
      .rows[0]?.left;
  const rewrite = (change: RecordChange, options?: PostgresOptions) =>
    postgres(pool, options).rewrite(sessionId, change, terms);

  it('writes what the change makes of the record', async () => {
    await put({ cookie: { path: '/' }, n: 0 }, hour);
    await rewrite((found) => ({ ...found, n: 1 }));
    expect(await record()).to.deep.equal({ cookie: { path: '/' }, n: 1 });
  });

  it('writes texts of any kind as they are', async () => {
    await put(ageless, hour);
    const text = 'ä \u{1f600} " \\ \' $1 \u0001 \ud800 ';
    await rewrite((found) => ({ ...found, text }));
    expect(await record()).to.have.property('text', text);
    await rewrite((found) => ({ ...found, n: 1 }));
    expect(await record()).to.include({ text, n: 1 });
  });

  it('writes nothing where the change makes nothing of it', async () => {
    await put({ cookie: {}, n: 0 }, hour);
    await rewrite(() => undefined);
    expect(await record()).to.deep.equal({ cookie: {}, n: 0 });
  });

  it('passes on what the change throws, and writes nothing', async () => {
    await put({ cookie: {}, n: 0 }, hour);
    const mistake = new Error('a mistake');
    const error = await rewrite(() => {
      throw mistake;
    }).catch((error) => error);
    expect(error).to.equal(mistake);
    expect(await record()).to.have.property('n', 0);
  });

  it('tells the change that there is no session, or that it is over', async () => {
    const found: unknown[] = [];
    const look: RecordChange = (record) => {
      found.push(record);
      return undefined;
    };
    await rewrite(look);
    await put({ cookie: {} }, -2);
    await rewrite(look);
    expect(found).to.deep.equal([null, null]);
  });

  it('begins anew where the record changed meanwhile', async () => {
    await put({ cookie: {}, n: 0 }, hour);
    const writing = new Gate();
    let attempts = 0;
    const written = postgres(slowly(pool, writing)).rewrite(
      sessionId,
      (found) => ({ ...found, mine: ++attempts }),
      terms,
    );
    await writing.reached;
    await put({ cookie: {}, n: 5, theirs: 1 }, hour);
    writing.open();
    await written;
    expect(await record()).to.deep.equal({ cookie: {}, n: 5, theirs: 1, mine: 2 });
  });

  for (const [what, end] of [
    ['was removed', () => pool.query('DELETE FROM session')],
    ['expired', () => put({ cookie: {}, n: 0 }, -2)],
  ] as const) {
    it(`revives nothing that ${what} meanwhile, and tells the change so`, async () => {
      await put({ cookie: {}, n: 0 }, hour);
      const found: unknown[] = [];
      const writing = new Gate();
      const written = postgres(slowly(pool, writing)).rewrite(
        sessionId,
        (record) => {
          found.push(record);
          return record ? { ...record, n: 1 } : undefined;
        },
        terms,
      );
      await writing.reached;
      await end();
      writing.open();
      await written;
      expect(found).to.deep.equal([{ cookie: {}, n: 0 }, null]);
      expect((await record())?.n).not.to.equal(1);
    });
  }

  it('loses none of many changes at the same time', async () => {
    await put({ cookie: {}, n: 0 }, hour);
    const helpers = [postgres(pool), postgres(pool)];
    await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        helpers[at % 2]?.rewrite(
          sessionId,
          (found) => ({ ...found, n: Number(Reflect.get(found ?? {}, 'n')) + 1 }),
          terms,
        ),
      ),
    );
    expect(await record()).to.have.property('n', 40);
  });

  it('loses none where the database is as strict as it can be', async () => {
    const options = '-c default_transaction_isolation=serializable';
    const strict = new (pool.constructor as typeof pg.Pool)({
      connectionString: server.url,
      options,
    });
    try {
      await put({ cookie: {}, n: 0 }, hour);
      const { rewrite, lock } = postgres(strict);
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          const held = await lock.acquire(sessionId, new AbortController());
          await rewrite(
            sessionId,
            (found) => ({ ...found, n: Number(Reflect.get(found ?? {}, 'n')) + 1 }),
            { lock: held },
          );
          await held.release();
        }),
      );
      expect(await record()).to.have.property('n', 20);
    } finally {
      await strict.end();
    }
  });

  it('works on a column of the type jsonb too', async () => {
    await pool.query('ALTER TABLE session ALTER COLUMN sess TYPE jsonb');
    try {
      await put({ cookie: {}, n: 0 }, hour);
      await rewrite((found) => ({ ...found, n: 1 }));
      expect(await record()).to.deep.equal({ cookie: {}, n: 1 });
    } finally {
      await pool.query('ALTER TABLE session ALTER COLUMN sess TYPE json');
    }
  });

  it('ends at the time limit where the database does not answer', async () => {
    await put({ cookie: {}, n: 0 }, hour);
    const other = await pool.connect();
    try {
      await other.query('BEGIN; LOCK TABLE session IN ACCESS EXCLUSIVE MODE');
      let changes = 0;
      const code = await codeOf(
        rewrite(
          (found) => {
            changes++;
            return { ...found, n: 1 };
          },
          { timeout: 100 },
        ),
      );
      expect(code).to.equal('ERR_SESSION_STORE_TIMEOUT');
      await other.query('ROLLBACK');
      expect(changes).to.equal(0);
    } finally {
      other.release(true);
    }
  });

  describe('leaves the end of the session', () => {
    it('where it is later than that of the cookie, for touches have moved it', async () => {
      await put(recordExpiringIn(1), hour);
      await rewrite(save);
      expect(await secondsLeft()).to.be.within(hour - 30, hour);
    });

    it('where the record itself has long expired, as after many touches', async () => {
      await put({ cookie: { originalMaxAge: 1_000, expires: new Date(0) } }, hour);
      await rewrite((found) => ({ ...found, n: 1 }));
      expect(await secondsLeft()).to.be.within(hour - 30, hour);
    });

    it('where the cookie does not expire, and no `ttl` is given', async () => {
      await put(ageless, hour);
      await rewrite(save);
      expect(await secondsLeft()).to.be.within(hour - 30, hour);
      await put(recordExpiringIn(60), hour);
      await rewrite((found) => ({ ...found, ...ageless }));
      expect(await secondsLeft()).to.be.within(hour - 30, hour);
    });
  });

  describe('moves the end of the session', () => {
    it('to that of the cookie, where that is later', async () => {
      await put(recordExpiringIn(hour), 10);
      await rewrite(save);
      expect(await secondsLeft()).to.be.within(hour - 30, hour + 1);
    });

    it('by the `ttl`, where the cookie does not expire', async () => {
      await put(ageless, 10);
      await rewrite(save, { ttl: hour });
      expect(await secondsLeft()).to.be.within(hour - 30, hour + 1);
    });

    it('to that of a cookie with another age, sooner or later', async () => {
      await put(recordExpiringIn(hour), hour);
      await rewrite((found) => ({ ...found, ...recordExpiringIn(60) }));
      expect(await secondsLeft()).to.be.within(30, 61);
      await rewrite((found) => ({ ...found, ...recordExpiringIn(2 * hour) }));
      expect(await secondsLeft()).to.be.within(2 * hour - 30, 2 * hour + 1);
    });

    it('into the past, where a cookie of another age has expired', async () => {
      await put(recordExpiringIn(hour), hour);
      await rewrite((found) => ({ ...found, ...recordExpiringIn(-2) }));
      expect(await postgres(pool).readMany([sessionId])).to.deep.equal([null]);
    });
  });

  it('gives a changed cookie the end that the store would give it', async () => {
    for (const [ttl, cookie] of [
      [500, { originalMaxAge: null, expires: null }],
      [500, { originalMaxAge: 90_000, expires: new Date(Date.now() + 90_000) }],
    ] as const) {
      const store = new Store({ pool, pruneSessionInterval: false, ttl });
      await new Promise((resolve) => store.set(sessionId, { cookie } as never, resolve));
      const expected = await secondsLeft();
      await put(recordExpiringIn(hour), hour);
      await rewrite((found) => ({ ...found, cookie }), { ttl });
      expect(await secondsLeft()).to.be.within(expected - 5, expected + 5);
    }
  });
});

/** A client whose updates wait for a gate. */
function slowly(pool: pg.Pool, gate: Gate): PostgresClient {
  return {
    query: async (text, values) => {
      if (text.includes('UPDATE')) await gate.pass();
      return pool.query(text, values);
    },
  };
}
