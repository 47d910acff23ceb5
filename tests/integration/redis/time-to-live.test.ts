import { expect } from 'chai';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import { type RedisOptions, redis } from '../../../source/redis/index.js';
import { useApps } from '../../support/app.js';
import { type RedisServer, requireRedis } from '../../support/redis.js';
import { clientKinds, withScripts } from '../../support/redis-clients.js';
import { codeOf, overHttp, Visits } from '../../support/visits.js';

type Client = Awaited<ReturnType<ReturnType<typeof createClient>['connect']>>;
type Change = (record: object | null) => object | undefined;

const sessionId = 'one';
const key = `sess:${sessionId}`;
const hour = 3_600_000;

/** A record whose cookie expires in so many milliseconds, as express-session makes it. */
function recordExpiringIn(milliseconds: number, more: object = {}): { cookie: object } {
  const expires = new Date(Date.now() + milliseconds).toISOString();
  return { cookie: { originalMaxAge: milliseconds, expires, path: '/' }, ...more };
}

/** Writes a key, and renews the cookie for its age, as the library does for each save. */
const save: Change = (record) => {
  if (record === null) return undefined;
  const { cookie } = record as { cookie: { originalMaxAge?: number | null } };
  const { originalMaxAge } = cookie;
  if (typeof originalMaxAge !== 'number') return { ...record, n: 1 };
  const expires = new Date(Date.now() + originalMaxAge);
  return { ...record, n: 1, cookie: { ...cookie, expires } };
};

describe('The time to live of a session in Redis', () => {
  const startApp = useApps();
  let server: RedisServer;
  let client: Client;

  before(async function () {
    server = await requireRedis(this);
    client = await createClient({ url: server.url }).connect();
  });
  after(async () => {
    client?.destroy();
    await server?.stop();
  });
  beforeEach(() => client.flushAll());

  async function rewrite(change: Change, options?: RedisOptions): Promise<void> {
    await redis(client, options).rewrite?.(sessionId, change, { lock: undefined });
  }

  const put = (record: object, milliseconds: number) =>
    client.set(key, JSON.stringify(record), { PX: milliseconds });

  it('is that of the cookie after a write, where that is later than the one in force', async () => {
    await put(recordExpiringIn(hour), 60_000);
    await rewrite(save);
    expect(await client.pTTL(key)).to.be.within(hour - 30_000, hour);
  });

  it('is not cut by a write, where touches have moved it beyond that of the cookie', async () => {
    await put(recordExpiringIn(1_000), hour);
    await rewrite(save);
    expect(await client.pTTL(key)).to.be.within(hour - 30_000, hour);
  });

  it('is kept where the record itself has long expired, as after many touches', async () => {
    const record = { cookie: { originalMaxAge: 1_000, expires: new Date(0), path: '/' } };
    await put(record, hour);
    await rewrite((found) => ({ ...found, n: 1 }));
    expect(await client.pTTL(key)).to.be.within(hour - 30_000, hour);
  });

  it('becomes that of a cookie with another age, sooner or later', async () => {
    await put(recordExpiringIn(hour), hour);
    await rewrite((found) => ({ ...found, ...recordExpiringIn(60_000) }));
    expect(await client.pTTL(key)).to.be.within(30_000, 60_000);
    await rewrite((found) => ({ ...found, ...recordExpiringIn(2 * hour) }));
    expect(await client.pTTL(key)).to.be.within(2 * hour - 30_000, 2 * hour);
  });

  it('ends at once where a cookie of another age has expired', async () => {
    await put(recordExpiringIn(hour), hour);
    await rewrite((found) => ({ ...found, cookie: { originalMaxAge: -1, expires: new Date(0) } }));
    expect(await client.exists(key)).to.equal(0);
  });

  it('is kept where a cookie no longer expires, and no `ttl` is given', async () => {
    await put(recordExpiringIn(hour), hour);
    await rewrite((found) => ({ ...found, cookie: { originalMaxAge: null, expires: null } }));
    expect(await client.pTTL(key)).to.be.within(hour - 30_000, hour);
  });

  for (const [what, ttl] of [
    ['a number of seconds', 7_200],
    ['a function of the session', (session: { n?: number }) => 7_200 * (session.n ?? 0)],
  ] as const) {
    it(`is renewed to a \`ttl\` that is ${what}, where no cookie expires`, async () => {
      await put({ cookie: { originalMaxAge: null, expires: null } }, hour);
      await rewrite(save, { ttl });
      expect(await client.pTTL(key)).to.be.within(2 * hour - 30_000, 2 * hour);
      await client.pExpire(key, 3 * hour);
      await rewrite(save, { ttl });
      expect(await client.pTTL(key)).to.be.within(3 * hour - 30_000, 3 * hour);
    });
  }

  it('is what the store would have set, for a cookie that was changed', async () => {
    for (const [options, cookie] of [
      [{ ttl: 500 }, { originalMaxAge: null, expires: null }],
      [{ ttl: () => 700 }, { originalMaxAge: 90_000, expires: new Date(Date.now() + 90_000) }],
      [{}, { originalMaxAge: 90_000, expires: new Date(Date.now() + 90_000) }],
    ] as const) {
      const store = new RedisStore({ client, ...options });
      await store.set(sessionId, { cookie } as never);
      const expected = await client.pTTL(key);
      await put(recordExpiringIn(hour), hour);
      await rewrite((found) => ({ ...found, cookie }), options);
      expect(await client.pTTL(key)).to.be.within(expected - 10_000, expected + 10_000);
    }
  });

  describe('where there is none', () => {
    it('is not begun by a write', async () => {
      await client.set(key, JSON.stringify(recordExpiringIn(hour)));
      await rewrite(save);
      expect(await client.pTTL(key)).to.equal(-1);
    });

    it('is begun by a cookie of another age, but not with `disableTTL`', async () => {
      const shorten: Change = (found) => ({ ...found, ...recordExpiringIn(60_000) });
      await client.set(key, JSON.stringify(recordExpiringIn(hour)));
      await rewrite(shorten, { disableTTL: true });
      expect(await client.pTTL(key)).to.equal(-1);
      await client.set(key, JSON.stringify(recordExpiringIn(hour)));
      await rewrite(shorten);
      expect(await client.pTTL(key)).to.be.within(30_000, 60_000);
    });
  });

  it('is kept with `disableTTL` by a key that has one all the same', async () => {
    await put(recordExpiringIn(hour), 60_000);
    await rewrite(save, { disableTTL: true });
    expect(await client.pTTL(key)).to.be.within(30_000, 60_000);
  });

  describe('in its last millisecond', () => {
    for (const [name, { open, isCluster }] of Object.entries(clientKinds)) {
      if (isCluster) continue;
      it(`is over: it is deleted, and the change is told that there is no session (${name})`, async () => {
        const opened = await open(server.url);
        try {
          const record = JSON.stringify(recordExpiringIn(hour));
          await client.set(key, record, { PX: hour });
          const found: unknown[] = [];
          await redis(lastMillisecond(opened.client)).rewrite?.(
            sessionId,
            (stored) => {
              found.push(stored);
              return save(stored);
            },
            { lock: undefined },
          );
          expect(found).to.have.length(2);
          expect(found[1]).to.equal(null);
          expect(await client.get(key)).to.equal(null);
        } finally {
          opened.close();
        }
      });
    }

    it('makes no session live for ever, whenever it is written', async () => {
      const { rewrite: write } = redis(client);
      // Cookies without an expiry: nothing but what is left of the key's own life is kept.
      const record = JSON.stringify({ cookie: { originalMaxAge: null, expires: null } });
      for (let round = 0; round < 40; round++) {
        const ids = Array.from({ length: 25 }, (_, at) => `${round}-${at}`);
        const terms = { lock: undefined };
        await Promise.all(
          ids.map(async (id, at) => {
            await client.set(`sess:${id}`, record, { PX: 1 + (at % 3) });
            await write?.(id, save, terms);
          }),
        );
      }
      const left = await Promise.all(
        (await client.keys('sess:*')).map(async (name) => client.pTTL(name)),
      );
      expect(left).not.to.include(-1);
    });
  });

  it('begins anew with each write of a request where no cookie expires, as without the helper', async () => {
    const app = await startApp({ store: new RedisStore({ client }), options: redis(client) });
    const { cookie, sessionId: ownId } = await app.login();
    await client.expire(`sess:${ownId}`, 60);
    await overHttp(app, cookie, (request) => {
      request.session.n = 1;
    });
    expect(await client.ttl(`sess:${ownId}`)).to.be.within(86_000, 86_400);
  });

  it('ends a session in an application without touches, as it does without saves', async () => {
    const app = await startApp({
      store: new RedisStore({ client, ttl: 60 }),
      options: { ...redis(client), touch: false },
    });
    const { go, sessionId } = await new Visits(app).visitor();
    await client.pExpire(`sess:${sessionId}`, 500);
    // Saves until the session is over, so that some come in its last milliseconds.
    let saves = 0;
    let code: unknown = 'fulfilled';
    while (code === 'fulfilled') {
      const work = go((session) => {
        session.n = ++saves;
        return codeOf(session.save());
      });
      code = await work;
    }
    expect(code).to.be.oneOf(['ERR_SESSION_ENDED', 'ERR_SESSION_NOT_FOUND']);
    expect(await client.exists(`sess:${sessionId}`)).to.equal(0);
  });
});

/** A client for whose scripts each key is in its last millisecond. */
function lastMillisecond(client: Parameters<typeof withScripts>[0]): typeof client {
  const stub = `
    local real = redis
    local redis = { call = function(command, ...)
      if command == 'PTTL' then return 0 end
      return real.call(command, ...)
    end }
  `;
  return withScripts(client, (run, text) => {
    // So that the client is given the text.
    if (text === undefined) throw new Error('NOSCRIPT');
    return run(stub + text);
  });
}
