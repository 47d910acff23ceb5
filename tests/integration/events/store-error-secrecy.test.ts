import { inspect } from 'node:util';
import { PGlite } from '@electric-sql/pglite';
import { expect } from 'chai';
import connectPgSimple from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import { RedisStore as RedisStore8 } from 'connect-redis-8';
import session, { type Store } from 'express-session';
import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { createClient } from 'redis';
import { App } from '../../support/app.js';
import { rejection } from '../../support/outcomes.js';
import { reachable } from '../../support/reachable.js';
import { type RedisServer, requireRedis } from '../../support/redis.js';
import { type Visitor, Visits } from '../../support/visits.js';

const password = 'hunter2-is-in-the-record';

/** A store of a real database, and how to make it fail. */
interface Fragile {
  readonly store: Store;
  readonly readMany?: (ids: readonly string[]) => Promise<(string | null)[]>;
  /** Reads fail from now on. */
  breakReads(sessionId: string): Promise<unknown>;
  /** Writes fail from now on. */
  breakWrites(): Promise<unknown>;
  close(): unknown;
}

describe('The errors of a database', function () {
  // A PostgreSQL in this process takes its time to start.
  this.timeout(60_000);
  let server: RedisServer;
  let operator: ReturnType<typeof createClient>;
  let fragile: Fragile;
  let app: App;
  let visitor: Visitor;
  let reported: unknown[];

  before(async function () {
    server = await requireRedis(this);
    operator = createClient({ url: server.url });
    await operator.connect();
  });
  after(async () => {
    operator?.destroy();
    await server?.stop();
  });
  afterEach(async () => {
    await app.stop();
    await fragile.close();
    await operator.configSet('maxmemory', '0');
    await operator.flushAll();
  });

  const onRedis = {
    // Another type of value: `GET` refuses it.
    breakReads: async (sessionId: string) => {
      await operator.del(`sess:${sessionId}`);
      await operator.rPush(`sess:${sessionId}`, password);
    },
    breakWrites: () => operator.configSet('maxmemory', '1'),
  };

  const databases: Readonly<Record<string, () => Promise<Fragile>>> = {
    ioredis: async () => {
      const client = new Redis(server.url);
      const store = new RedisStore8({ client });
      return { ...onRedis, store, close: () => client.disconnect() };
    },
    'ioredis, read many at a time': async () => {
      const client = new Redis(server.url);
      const store = new RedisStore8({ client });
      // `MGET` takes another type for nothing.
      const readMany = (ids: readonly string[]): Promise<(string | null)[]> =>
        Promise.all(ids.map((id) => client.get(`sess:${id}`)));
      return { ...onRedis, store, readMany, close: () => client.disconnect() };
    },
    'node-redis': async () => {
      const client = createClient({ url: server.url });
      await client.connect();
      const store = new RedisStore({ client });
      return { ...onRedis, store, close: () => client.destroy() };
    },
    PostgreSQL: async () => {
      const database = new PGlite();
      await database.query(
        'CREATE TABLE session (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamptz NOT NULL)',
      );
      const store = new (connectPgSimple(session))({
        pool: database as unknown as Pool,
        pruneSessionInterval: false,
        errorLog: () => {},
      });
      return {
        store,
        breakReads: () => database.query('ALTER TABLE session RENAME COLUMN sess TO other'),
        breakWrites: () =>
          database.query(
            "ALTER TABLE session ADD CONSTRAINT no CHECK (sess->>'n' IS NULL) NOT VALID",
          ),
        close: () => database.close(),
      };
    },
  };

  async function start(open: () => Promise<Fragile>): Promise<void> {
    reported = [];
    fragile = await open();
    const { store, readMany } = fragile;
    app = await App.start({
      store,
      options: { touch: false, onError: (error) => reported.push(error), readMany },
    });
    visitor = await new Visits(app).visitor();
    await visitor.go((session) => {
      session['test:password'] = password;
      return session.save();
    });
  }

  function expectSafe(error: unknown): void {
    expect(error).to.have.property('code', 'ERR_SESSION_STORE');
    expect(error).to.have.property('cause').that.is.an.instanceOf(Error);
    for (const text of [reachable(error), inspect(error, { depth: 50, showHidden: true })]) {
      expect(text).not.to.include(visitor.sessionId);
      expect(text).not.to.include(password);
    }
  }

  for (const [name, open] of Object.entries(databases)) {
    it(`contain no session id and no record where a read fails in ${name}`, async () => {
      await start(open);
      const errors: unknown[] = [];
      app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('ask', (err, _session, ack) => {
          errors.push(err);
          ack();
        });
      });
      const client = await app.connect({ cookie: visitor.cookie });
      await fragile.breakReads(visitor.sessionId);
      await client.emitWithAck('ask');
      expectSafe(errors[0]);
      expectSafe(await rejection(app.expressionIO.update(visitor.sessionId, () => {})));
    });

    it(`contain no session id and no record where a write fails in ${name}`, async () => {
      await start(open);
      await visitor.go(async (session) => {
        await fragile.breakWrites();
        session.n = 1;
        expectSafe(await rejection(session.save()));
        session['test:more'] = 1;
        void session.save();
        expectSafe(
          await rejection(
            session.update((fresh) => {
              fresh.n = 2;
            }),
          ),
        );
      });
      expect(reported).to.have.length(1);
      expectSafe(reported[0]);
    });
  }

  it('quote no record that is not JSON', async () => {
    await start(databases['ioredis, read many at a time'] as () => Promise<Fragile>);
    const errors: unknown[] = [];
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('ask', (err, _session, ack) => {
        errors.push(err);
        ack();
      });
    });
    const client = await app.connect({ cookie: visitor.cookie });
    await operator.set(`sess:${visitor.sessionId}`, password);
    await client.emitWithAck('ask');
    expectSafe(errors[0]);
  });
});
