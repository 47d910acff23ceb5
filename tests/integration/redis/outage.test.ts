import { expect } from 'chai';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import { useFakeTimers } from 'sinon';
import { redis } from '../../../source/redis/index.js';
import { Engine } from '../../support/engine.js';
import { type RedisServer, requireRedis } from '../../support/redis.js';
import { clientKinds, type OpenedClient, withScripts } from '../../support/redis-clients.js';
import { codeOf } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

type Operator = Awaited<ReturnType<ReturnType<typeof createClient>['connect']>>;

const sessionId = 'one';
const key = `sess:${sessionId}`;
const lockKey = `{${key}}:lock`;
const timeout = 200;
const terms = { lock: undefined };
const forever = () => ({ signal: new AbortController().signal });

for (const kind of ['node-redis', 'ioredis']) {
  describe(`While Redis does not answer (${kind})`, () => {
    let server: RedisServer;
    let operator: Operator;
    let opened: OpenedClient;

    before(async function () {
      server = await requireRedis(this);
      operator = await createClient({ url: server.url }).connect();
    });
    after(async () => {
      operator?.destroy();
      await server?.stop();
    });
    beforeEach(async () => {
      await operator.flushAll();
      await operator.set(key, '{"cookie":{},"n":0}', { EX: 1_000 });
      opened = (await clientKinds[kind]?.open(server.url)) as OpenedClient;
      // From now on, Redis knows the scripts: each is one command.
      const held = await redis(opened.client).lock.acquire('other', forever());
      await held.release();
    });
    afterEach(() => {
      server.resume();
      opened.close();
    });

    it('a lock is released for no longer than the time limit, and is free once Redis is back', async () => {
      const held = await redis(opened.client, { timeout }).lock.acquire(sessionId, forever());
      server.pause();
      expect(await codeOf(held.release())).to.equal('ERR_SESSION_STORE_TIMEOUT');
      server.resume();
      // Sooner than the lock would end by itself.
      const next = await redis(operator).lock.acquire(sessionId, {
        signal: AbortSignal.timeout(8_000),
      });
      await next.release();
    });

    it('a lock is waited for no longer than wanted, and given back where it comes late', async () => {
      const { lock } = redis(opened.client, { timeout });
      server.pause();
      const waiting = new AbortController();
      const code = codeOf(lock.acquire(sessionId, waiting));
      waiting.abort(Object.assign(new Error(), { code: 'not wanted' }));
      expect(await code).to.equal('not wanted');
      server.resume();
      // Answered after the commands before it.
      await opened.client.get(key);
      const next = await redis(operator).lock.acquire(sessionId, {
        signal: AbortSignal.timeout(8_000),
      });
      await next.release();
      expect(await operator.exists(lockKey)).to.equal(0);
    });

    it('writes and claims end at the time limit, and nothing is changed by them later', async () => {
      const { rewrite, claim } = redis(opened.client, { timeout });
      let changes = 0;
      server.pause();
      const write = rewrite?.(
        sessionId,
        (record) => {
          changes++;
          return { ...record, n: 1 };
        },
        terms,
      );
      const codes = [codeOf(write ?? Promise.resolve()), codeOf(claim('a', 1_000))];
      expect(await Promise.all(codes)).to.deep.equal([
        'ERR_SESSION_STORE_TIMEOUT',
        'ERR_SESSION_STORE_TIMEOUT',
      ]);
      server.resume();
      // Answered after the commands before it.
      await opened.client.get(key);
      expect(changes).to.equal(0);
    });

    it('an update whose lock was acquired before ends with the error that came first', async () => {
      const engine = new Engine(
        new RedisStore({ client: operator }),
        redis(opened.client, { timeout }),
      );
      try {
        const code = await codeOf(
          engine.update(sessionId, (session) => {
            session.n = 1;
            server.pause();
          }),
        );
        expect(code).to.equal('ERR_SESSION_STORE_TIMEOUT');
      } finally {
        engine.close();
      }
    });

    it('tells of the time limit without the session id', async () => {
      server.pause();
      const { rewrite } = redis(opened.client, { timeout });
      const error = await rewrite?.('a secret id', (record) => record ?? undefined, terms).catch(
        (error: unknown) => error,
      );
      expect(error).to.be.instanceOf(Error);
      expect((error as Error).message).to.equal('Redis did not complete a command within 200 ms');
      expect(error).not.to.have.property('cause');
    });
  });
}

describe('While there is no connection to Redis', () => {
  it('node-redis does not send later what was given up meanwhile', async function () {
    const server = await requireRedis(this);
    const client = createClient({ url: server.url });
    try {
      server.pause();
      // What is asked for is queued until the server answers the client's greeting.
      const connecting = client.connect();
      const { claim } = redis(client, { timeout: 50 });
      expect(await codeOf(claim('late', 60_000))).to.equal('ERR_SESSION_STORE_TIMEOUT');
      server.resume();
      await connecting;
      expect(await redis(client).claim('late', 60_000)).to.equal(true);
    } finally {
      client.destroy();
      await server.stop();
    }
  });
});

describe('A write that others always get ahead of', () => {
  it('ends at the time limit', async function () {
    const server = await requireRedis(this);
    const client = await createClient({ url: server.url }).connect();
    try {
      await client.set(key, '{"cookie":{},"n":0}', { EX: 1_000 });
      const outrun = withScripts(client, () => 0);
      const { rewrite } = redis(outrun, { timeout: 100 });
      let changes = 0;
      const clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      const code = codeOf(
        rewrite?.(
          sessionId,
          (record) => {
            changes++;
            return { ...record };
          },
          terms,
        ) as Promise<void>,
      );
      await until(() => changes > 1).finally(() => {
        clock.tick(100);
        clock.restore();
      });
      expect(await code).to.equal('ERR_SESSION_STORE_TIMEOUT');
    } finally {
      client.destroy();
      await server.stop();
    }
  });
});
