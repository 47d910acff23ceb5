import { expect } from 'chai';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import { redis } from '../../../source/redis/index.js';
import { Engine } from '../../support/engine.js';
import { type RedisServer, requireRedis } from '../../support/redis.js';
import { clientKinds, withScripts } from '../../support/redis-clients.js';
import { Gate } from '../../support/slow-store.js';
import { codeOf } from '../../support/visits.js';

type Operator = Awaited<ReturnType<ReturnType<typeof createClient>['connect']>>;

const sessionId = 'one';
const key = `sess:${sessionId}`;
const lockKey = `{${key}}:lock`;

describe('The lock in Redis', () => {
  let server: RedisServer;
  let operator: Operator;
  let engine: Engine;

  before(async function () {
    server = await requireRedis(this);
  });
  after(() => server?.stop());
  beforeEach(async () => {
    operator = await createClient({ url: server.url }).connect();
    await operator.flushAll();
    await operator.set(key, '{"cookie":{"path":"/"},"n":0}', { EX: 1_000 });
    engine = new Engine(new RedisStore({ client: operator }), redis(operator));
  });
  afterEach(() => {
    engine.close();
    operator.destroy();
  });

  const n = async (): Promise<unknown> => JSON.parse((await operator.get(key)) ?? '{}').n;
  const increment = (session: { n?: number }): void => {
    session.n = (session.n ?? 0) + 1;
  };

  it('is acquired, and a name claimed, by a client that sends a command again whose answer was lost', async () => {
    const twice = withScripts(operator, async (run) => {
      await run();
      return run();
    });
    const held = await redis(twice).lock.acquire(sessionId, {
      signal: AbortSignal.timeout(10_000),
    });
    await held.release();
    expect(await redis(twice).claim('a', 60_000)).to.equal(true);
    expect(await redis(twice).claim('a', 60_000)).to.equal(false);
  });

  it('leaves nothing behind after an update', async () => {
    await engine.update(sessionId, increment);
    expect(await operator.keys('*')).to.deep.equal([key]);
  });

  it('is stored under the key of its session, and ends by itself', async () => {
    await engine.update(sessionId, async () => {
      expect(await operator.pTTL(lockKey)).to.be.within(1, 15_000);
    });
  });

  for (const kind of ['node-redis', 'ioredis']) {
    it(`works again by itself, as does all the rest, after a restart of Redis (${kind})`, async () => {
      const opened = await clientKinds[kind]?.open(server.url);
      if (!opened) throw new Error('there is no such client');
      const client = opened.client;
      const other = new Engine(new RedisStore({ client: operator }), redis(client));
      operator.on('error', () => {});
      try {
        await other.update(sessionId, increment);
        const inside = new Gate();
        const interrupted = other.update(sessionId, async (session) => {
          await inside.pass();
          increment(session);
        });
        await inside.reached;
        await server.restart();
        await operator.set(key, '{"cookie":{"path":"/"},"n":10}', { EX: 1_000 });
        inside.open();
        // Its lock is forgotten, and so nothing is written.
        expect(await codeOf(interrupted)).to.equal('ERR_SESSION_LOCK');
        await other.update(sessionId, increment);
        expect(await n()).to.equal(11);
      } finally {
        other.close();
        opened.close();
      }
    });
  }
});
