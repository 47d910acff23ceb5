import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import { useFakeTimers } from 'sinon';
import { redis } from '../../../source/redis/index.js';
import { Engine } from '../../support/engine.js';
import { type RedisServer, requireRedis } from '../../support/redis.js';
import { clientKinds, type OpenedClient, withScripts } from '../../support/redis-clients.js';
import { Gate } from '../../support/slow-store.js';
import { codeOf } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

type Operator = Awaited<ReturnType<ReturnType<typeof createClient>['connect']>>;

const sessionId = 'one';
const key = `sess:${sessionId}`;
const lockKey = `{${key}}:lock`;
/** Terms of a lock that somebody wants for ever. */
const forever = () => ({ signal: new AbortController().signal });

for (const [name, { isCluster, open }] of Object.entries(clientKinds)) {
  describe(`The lock over ${name}`, () => {
    let server: RedisServer;
    let one: OpenedClient;
    let other: OpenedClient;

    before(async function () {
      server = await requireRedis(this, { isCluster });
    });
    after(() => server?.stop());
    beforeEach(async () => {
      one = await open(server.url);
      other = await open(server.url);
    });
    afterEach(() => {
      one.close();
      other.close();
    });

    it('is held by one at a time', async () => {
      const locks = [redis(one.client).lock, redis(other.client).lock];
      let holders = 0;
      let most = 0;
      await Promise.all(
        Array.from({ length: 10 }, async (_, at) => {
          const held = await locks[at % 2]?.acquire(sessionId, forever());
          most = Math.max(most, ++holders);
          await new Promise(setImmediate);
          holders--;
          await held?.release();
        }),
      );
      expect(most).to.equal(1);
    });

    it('is one of each session', async () => {
      const first = await redis(one.client).lock.acquire('a', forever());
      const second = await redis(other.client).lock.acquire('b', forever());
      await Promise.all([first.release(), second.release()]);
    });

    it('is waited for no longer than wanted', async () => {
      const held = await redis(one.client).lock.acquire(sessionId, forever());
      const waiting = new AbortController();
      const refused = redis(other.client)
        .lock.acquire(sessionId, waiting)
        .catch((error) => error);
      waiting.abort(new Error('nobody wants it any more'));
      expect(await refused).to.be.instanceOf(Error);
      await held.release();
      const again = await redis(other.client).lock.acquire(sessionId, forever());
      await again.release();
    });

    it('is not released by somebody whose time is over', async () => {
      const held = await redis(one.client).lock.acquire(sessionId, forever());
      const operator = await open(server.url);
      try {
        // As Redis does when the time is over, and then gives it to the next.
        const forget = "return redis.call('SET', KEYS[1], 'somebody else')";
        if ('mGet' in operator.client) {
          await operator.client.eval(forget, { keys: [lockKey], arguments: [] });
        } else await operator.client.eval(forget, 1, lockKey);
        await held.release();
        expect(String(await operator.client.get(lockKey))).to.equal('somebody else');
        const free = "return redis.call('DEL', KEYS[1])";
        if ('mGet' in operator.client) {
          await operator.client.eval(free, { keys: [lockKey], arguments: [] });
        } else await operator.client.eval(free, 1, lockKey);
      } finally {
        operator.close();
      }
    });
  });
}

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

  it('lets nothing be written by a holder whose key another has taken', async () => {
    const code = await codeOf(
      engine.update(sessionId, async (session) => {
        await operator.set(lockKey, 'another holder');
        increment(session);
      }),
    );
    expect(code).to.equal('ERR_SESSION_LOCK');
    expect(await n()).to.equal(0);
    expect(await operator.get(lockKey)).to.equal('another holder');
  });

  it('lets nothing be written by a holder whose key is gone', async () => {
    const code = await codeOf(
      engine.update(sessionId, async (session) => {
        await operator.del(lockKey);
        increment(session);
      }),
    );
    expect(code).to.equal('ERR_SESSION_LOCK');
    expect(await n()).to.equal(0);
  });

  it('is free again, and leaves nothing behind, after an update', async () => {
    await engine.update(sessionId, increment);
    expect(await operator.keys('*')).to.deep.equal([key]);
  });

  it('is acquired, and a name claimed, by a client that sends a command again whose answer was lost', async () => {
    const twice = withScripts(operator, async (run) => {
      await run();
      return run();
    });
    const held = await redis(twice).lock.acquire(sessionId, {
      signal: AbortSignal.timeout(1_000),
    });
    await held.release();
    expect(await redis(twice).claim('a', 60_000)).to.equal(true);
    expect(await redis(twice).claim('a', 60_000)).to.equal(false);
  });

  it('names the session by its key alone, and ends by itself', async () => {
    await engine.update(sessionId, async () => {
      expect(await operator.pTTL(lockKey)).to.be.within(1, 15_000);
    });
  });

  describe('held for long', () => {
    let clock: ReturnType<typeof useFakeTimers>;

    beforeEach(() => {
      clock = useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    });
    afterEach(() => clock.restore());

    it('is renewed while its holder lives', async () => {
      const held = await redis(operator).lock.acquire(sessionId, forever());
      for (let time = 0; time < 30; time += 2.5) {
        // As if so much of it had passed.
        await operator.pExpire(lockKey, 7_500);
        clock.tick(2_500);
        await until(async () => (await operator.pTTL(lockKey)) > 7_600);
      }
      await held.release();
      expect(await operator.exists(lockKey)).to.equal(0);
    });

    it('tells its holder that it is lost', async () => {
      const held = await redis(operator).lock.acquire(sessionId, forever());
      if (!held.lost) throw new Error('it cannot tell');
      const lost = once(held.lost, 'abort');
      await operator.set(lockKey, 'another holder');
      clock.tick(2_500);
      await lost;
      await held.release();
      expect(await operator.get(lockKey)).to.equal('another holder');
    });
  });

  it('is free within 15 seconds after its holder was killed', async function () {
    this.timeout(40_000);
    const child = hold(server.url);
    try {
      for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
        if (line === 'held') break;
      }
      child.kill('SIGKILL');
      await once(child, 'exit');
      const diedAt = performance.now();
      await engine.update(sessionId, increment);
      expect(performance.now() - diedAt).to.be.below(15_000);
      expect(await n()).to.equal(1);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('lets nothing be written by a holder that stood still for longer than it lives', async function () {
    this.timeout(40_000);
    const child = hold(server.url);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[
      Symbol.asyncIterator
    ]();
    try {
      expect((await lines.next()).value).to.equal('held');
      child.kill('SIGSTOP');
      // As if its time had passed.
      await operator.pExpire(lockKey, 1);
      await engine.update(sessionId, increment);
      child.kill('SIGCONT');
      child.stdin?.write('write\n');
      expect((await lines.next()).value).to.equal('ERR_SESSION_LOCK');
      expect(await n()).to.equal(1);
    } finally {
      child.kill('SIGKILL');
    }
  });

  for (const kind of ['node-redis', 'ioredis']) {
    it(`and all the rest work again by themselves after a restart of Redis (${kind})`, async () => {
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

function hold(url: string): ChildProcess {
  const program = join(import.meta.dirname, '../../support/lock-holder.ts');
  return spawn(process.execPath, ['--import', 'tsx', program, url, sessionId], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}
