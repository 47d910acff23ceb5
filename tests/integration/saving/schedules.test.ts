import { expect } from 'chai';
import { RedisStore } from 'connect-redis';
import fc from 'fast-check';
import { createClient } from 'redis';
import { redis } from '../../../source/redis/index.js';
import { useApps } from '../../support/app.js';
import { Engine } from '../../support/engine.js';
import { type RedisServer, requireRedis } from '../../support/redis.js';
import { watch } from '../../support/session-ends.js';
import { randomPace, SlowStore } from '../../support/slow-store.js';
import { codeOf, overHttp, Visits } from '../../support/visits.js';
import { steps, World } from '../../support/world.js';

describe('Whatever the schedule, no update is lost, no session revived, and no socket left', () => {
  const startApp = useApps();
  for (const [store, isAtomic] of [
    ['a store in memory', false],
    ['a store in memory that changes a record in one step', true],
  ] as const) {
    it(`with ${store}`, async function () {
      this.timeout(120_000);
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.array(fc.constantFrom(...steps), { minLength: 2, maxLength: 7 }),
          async (schedule, chosen) => new World(schedule, isAtomic).run(chosen),
        ),
        { numRuns: 4_800 },
      );
    });
  }

  it('with real sockets and requests', async function () {
    this.timeout(120_000);
    const store = new SlowStore();
    store.pace = randomPace(5);
    const app = await startApp({ store });
    const visits = new Visits(app);
    const step = fc.constantFrom(
      'save',
      'update',
      'http write',
      'http update',
      'destroy',
      'logout',
    );
    const visit = async (chosen: readonly string[]): Promise<void> => {
      const { cookie, sessionId } = await app.login();
      const sockets = [await watch(app, { cookie }), await watch(app, { cookie })];
      let updates = 0;
      const works = chosen.map(async (name, at) => {
        const { client } = sockets[at % 2] ?? (await watch(app, { cookie }));
        const increment = (session: { n?: number }): void => {
          session.n = (session.n ?? 0) + 1;
        };
        if (name === 'logout') return app.logout(cookie);
        if (name === 'http write') {
          await overHttp(app, cookie, ({ session }) => {
            session[`test:${at}`] = at;
          });
          return;
        }
        if (name === 'http update') {
          const work = overHttp(app, cookie, () =>
            codeOf(app.expressionIO.update(sessionId, increment)),
          );
          if ((await work).result === 'fulfilled') updates++;
          return;
        }
        await visits.go(client, async (session) => {
          if (name === 'destroy') await session.destroy();
          else if (name === 'save') {
            session[`test:${at}`] = at;
            await codeOf(session.save());
          } else if ((await codeOf(session.update(increment))) === 'fulfilled') updates++;
        });
      });
      const settled = Promise.allSettled(works);
      const isOver = chosen.includes('destroy') || chosen.includes('logout');
      if (isOver) {
        for (const { ended, left } of sockets) {
          expect(await ended).to.equal('destroyed');
          await left;
        }
      }
      await settled;
      const record = store.record(sessionId);
      if (isOver) expect(record).to.equal(undefined);
      else {
        expect(record).to.have.property('n', updates);
        for (const [at, name] of chosen.entries()) {
          if (name === 'save' || name === 'http write') {
            expect(record).to.have.property(`test:${at}`, at);
          }
        }
      }
      for (const { client } of sockets) client.disconnect();
    };
    const sequence = fc.array(step, { minLength: 2, maxLength: 8 });
    await fc.assert(
      // Several visitors at once, because the end of a session takes a quarter of a second.
      fc.asyncProperty(fc.array(sequence, { minLength: 4, maxLength: 4 }), async (sequences) => {
        await Promise.all(sequences.map(visit));
      }),
      { numRuns: 10 },
    );
  });

  describe('with Redis', () => {
    let server: RedisServer;

    before(async function () {
      server = await requireRedis(this);
    });
    after(() => server?.stop());

    it('and two instances with a client of their own', async function () {
      this.timeout(120_000);
      const clients = await Promise.all(
        [0, 1].map(() => createClient({ url: server.url }).connect()),
      );
      const engines = clients.map((client) => {
        const store = new RedisStore({ client });
        return { client, store, engine: new Engine(store, redis(client)) };
      });
      const { client } = engines[0] as (typeof engines)[number];
      const step = fc.constantFrom(
        'save',
        'save',
        'update',
        'update',
        'http write',
        'http write',
        'destroy',
        'expire',
      );
      let next = 0;
      try {
        await fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), async (chosen) => {
            const sessionId = `session-${next++}`;
            const key = `sess:${sessionId}`;
            await client.set(key, '{"cookie":{"path":"/"},"n":0}', { EX: 1_000 });
            let updates = 0;
            const saved: string[] = [];
            await Promise.all(
              chosen.map(async (name, at) => {
                const { engine, store } = engines[at % 2] as (typeof engines)[number];
                if (name === 'expire') return void (await client.del(key));
                if (name === 'update') {
                  const code = await codeOf(
                    engine.update(sessionId, (session) => {
                      session.n = (session.n ?? 0) + 1;
                    }),
                  );
                  if (code === 'fulfilled') updates++;
                  else expect(code).to.equal('ERR_SESSION_ENDED');
                  return;
                }
                if (name === 'http write') {
                  const request = { sessionID: sessionId, sessionStore: store };
                  const found = await store.get(sessionId);
                  if (!found) return;
                  const loaded = store.createSession(request as never, found);
                  loaded[`test:${at}`] = at;
                  await new Promise((resolve) => loaded.save(resolve));
                  saved.push(`test:${at}`);
                  return;
                }
                const session = await engine.open(sessionId);
                if (session === undefined) return;
                if (name === 'destroy') return session.destroy();
                session[`test:${at}`] = at;
                const code = await codeOf(session.save());
                if (code === 'fulfilled') saved.push(`test:${at}`);
                else expect(code).to.equal('ERR_SESSION_ENDED');
              }),
            );
            const text = await client.get(key);
            if (chosen.includes('destroy') || chosen.includes('expire')) {
              expect(text).to.equal(null);
              return;
            }
            const record = JSON.parse(text ?? '{}');
            expect(record).to.have.property('n', updates);
            expect(record).to.include.all.keys('cookie', ...saved);
            expect(await client.ttl(key)).to.be.above(900);
          }),
          { numRuns: 500 },
        );
      } finally {
        for (const { client, engine } of engines) {
          engine.close();
          client.destroy();
        }
      }
    });
  });
});
