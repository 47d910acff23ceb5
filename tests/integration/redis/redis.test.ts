import { expect } from 'chai';
import { RedisStore } from 'connect-redis';
import { Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';
import { type RedisClient, redis } from '../../../source/redis/index.js';
import { useApps } from '../../support/app.js';
import { Engine } from '../../support/engine.js';
import { type RedisServer, requireRedis } from '../../support/redis.js';

/** What the tests do with any client. */
interface Opened {
  readonly client: RedisClient;
  close(): unknown;
}

async function nodeRedis(url: string): Promise<Opened> {
  const client = await createClient({ url }).connect();
  return { client, close: () => client.destroy() };
}

function ioRedis(url: string): Opened {
  const client = new Redis(url);
  return { client, close: () => client.disconnect() };
}

describe('expression.socket.io/redis', () => {
  const startApp = useApps();
  let server: RedisServer;
  let writer: Awaited<ReturnType<ReturnType<typeof createClient>['connect']>>;

  before(async function () {
    server = await requireRedis(this);
    writer = await createClient({ url: server.url }).connect();
  });
  after(async () => {
    writer?.destroy();
    await server?.stop();
  });

  for (const [name, open] of [
    ['node-redis', nodeRedis],
    ['ioredis', ioRedis],
  ] as const) {
    describe(`with ${name}`, () => {
      let opened: Opened;

      beforeEach(async () => {
        await writer.flushAll();
        opened = await open(server.url);
      });
      afterEach(() => opened.close());

      it('reads what connect-redis wrote, in an application', async () => {
        const store = new RedisStore({ client: writer });
        const app = await startApp({ store, options: { ...redis(opened.client) } });
        app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
          socket.sessOn('increment', async (err, session, ack) => {
            if (err) return ack(err.code);
            session.n = (session.n ?? 0) + 1;
            await session.save();
            ack(session.n);
          });
        });
        const { cookie } = await app.login();
        const client = await app.connect({ cookie });
        expect(await client.emitWithAck('increment')).to.equal(1);
        expect(await client.emitWithAck('increment')).to.equal(2);
        await app.logout(cookie);
        expect(await client.emitWithAck('increment')).to.equal('ERR_SESSION_NOT_FOUND');
      });

      it('answers in the order of the ids, with text, and with `null` for what is not there', async () => {
        await writer.set('sess:a', '{"cookie":{},"n":1}');
        await writer.set('sess:c', '{"cookie":{},"n":3}');
        const { readMany } = redis(opened.client, { chunk: 2 });
        expect(await readMany(['c', 'b', 'a'])).to.deep.equal([
          '{"cookie":{},"n":3}',
          null,
          '{"cookie":{},"n":1}',
        ]);
        expect(await readMany([])).to.deep.equal([]);
      });

      it('takes an empty text and a key of another kind for no session, as connect-redis does', async () => {
        await writer.set('sess:a', '{"cookie":{}}');
        await writer.set('sess:empty', '');
        await writer.hSet('sess:hash', 'field', 'value');
        const { readMany } = redis(opened.client);
        expect(await readMany(['a', 'empty', 'hash'])).to.deep.equal(['{"cookie":{}}', null, null]);
      });

      it('lets a session fail alone that the serializer cannot parse', async () => {
        await writer.set('sess:a', '{"cookie":{}}');
        await writer.set('sess:broken', '{"cookie":');
        await writer.set('sess:text', '"text"');
        const { readMany } = redis(opened.client, {
          serializer: { parse: (text: string) => JSON.parse(text) },
        });
        const [a, broken, text] = await readMany(['a', 'broken', 'text']);
        expect(a).to.deep.equal({ cookie: {} });
        expect(broken).to.be.instanceOf(SyntaxError);
        expect(text).to.be.instanceOf(TypeError);
      });

      it('lets the first claim a name, and nobody else until the time is over', async () => {
        const { claim } = redis(opened.client);
        const claims = await Promise.all(['a', 'a', 'a', 'b'].map((name) => claim(name, 60_000)));
        expect(claims.filter((isMine) => isMine)).to.have.length(2);
        expect(await redis(writer).claim('a', 60_000)).to.equal(false);
        expect(await writer.pTTL('expression.socket.io:a')).to.be.within(50_000, 60_000);
        await writer.del('expression.socket.io:a');
        expect(await claim('a', 60_000)).to.equal(true);
      });

      it('takes the prefix and the serializer of the store', async () => {
        await writer.set('web:a', 'n is 7');
        const { readMany } = redis(opened.client, {
          prefix: 'web:',
          serializer: { parse: async (text: string) => ({ cookie: {}, text }) },
        });
        expect(await readMany(['a'])).to.deep.equal([{ cookie: {}, text: 'n is 7' }]);
      });
    });
  }

  it('reads a chunk at a time', async () => {
    const chunks: number[] = [];
    const client = {
      get: async () => null,
      eval: async () => null,
      mGet: async (keys: string[]) => {
        chunks.push(keys.length);
        return keys.map(() => null);
      },
    };
    await redis(client, { chunk: 4 }).readMany(Array.from({ length: 10 }, (_, at) => `${at}`));
    expect(chunks).to.deep.equal([4, 4, 2]);
  });

  it('answers with the error of a chunk that failed, for its ids', async () => {
    const down = new Error('down');
    const client = {
      get: async () => null,
      eval: async () => null,
      mget: async (keys: string[]) => {
        if (keys.includes('sess:c')) throw down;
        return keys.map(() => '{"cookie":{}}');
      },
    };
    expect(await redis(client, { chunk: 2 }).readMany(['a', 'b', 'c'])).to.deep.equal([
      '{"cookie":{}}',
      '{"cookie":{}}',
      down,
    ]);
  });

  it('tells what it expected where it is given something else', () => {
    expect(() => redis({} as RedisClient)).to.throw(TypeError, 'a client of node-redis or ioredis');
    const client = { get: async () => '', mGet: async () => [], eval: async () => 0 };
    expect(() => redis(client, { chunk: 0 })).to.throw(TypeError, '`chunk`');
    expect(() => redis(client, { timeout: 0 })).to.throw(TypeError, '`timeout`');
    expect(() => redis(client, { ttl: -1 })).to.throw(TypeError, '`ttl`');
    expect(() => redis(client, { serializer: {} as never })).to.throw(TypeError, '`serializer`');
  });

  it('takes a client of node-redis 4 in its legacy mode, which connect-redis 6 needs', async () => {
    await writer.set('sess:a', '{"cookie":{},"n":1}');
    const callbacks = (): void => {};
    const legacy = { get: callbacks, mGet: callbacks, eval: callbacks, v4: writer };
    const client = { ...legacy, options: { legacyMode: true } } as unknown as RedisClient;
    expect(await redis(client).readMany(['a'])).to.deep.equal(['{"cookie":{},"n":1}']);
    const [error] = await redis(legacy as unknown as RedisClient).readMany(['a']);
    expect(error).to.be.instanceOf(TypeError).with.property('message').that.includes('callbacks');
  });

  describe('with a cluster', () => {
    let cluster: RedisServer;

    before(async function () {
      cluster = await requireRedis(this, { isCluster: true });
    });
    after(() => cluster?.stop());

    for (const name of ['node-redis', 'ioredis']) {
      it(`reads keys of several slots (${name})`, async () => {
        const { port } = new URL(cluster.url);
        const opened: Opened =
          name === 'ioredis'
            ? clusterOfIoRedis(Number(port))
            : await clusterOfNodeRedis(cluster.url);
        try {
          const seed = await createCluster({ rootNodes: [{ url: cluster.url }] }).connect();
          const ids = ['a', 'b', 'c', 'd'];
          for (const id of ids) await seed.set(`sess:${id}`, `{"cookie":{},"id":"${id}"}`);
          seed.destroy();
          const { claim } = redis(opened.client);
          for (const id of ids) {
            const claims = [await claim(name + id, 60_000), await claim(name + id, 60_000)];
            expect(claims).to.deep.equal([true, false]);
          }
          expect(await redis(opened.client).readMany([...ids, 'absent'])).to.deep.equal([
            ...ids.map((id) => `{"cookie":{},"id":"${id}"}`),
            null,
          ]);
        } finally {
          opened.close();
        }
      });
    }

    it('writes and locks where ioredis puts a `keyPrefix` in front of each key', async () => {
      const { port } = new URL(cluster.url);
      for (const keyPrefix of ['app:', '{app}:']) {
        const client = new Redis.Cluster([{ host: '127.0.0.1', port: Number(port) }], {
          keyPrefix,
        });
        await client.set('sess:a', '{"cookie":{},"n":0}');
        const store = new RedisStore({ client: client as never });
        const engine = new Engine(store, redis(client));
        try {
          await engine.update('a', (session) => {
            session.n = (session.n ?? 0) + 1;
          });
          expect(await client.get('sess:a')).to.include('"n":1');
        } finally {
          engine.close();
          client.disconnect();
        }
      }
    });
  });
});

function clusterOfIoRedis(port: number): Opened {
  const client = new Redis.Cluster([{ host: '127.0.0.1', port }]);
  return { client, close: () => client.disconnect() };
}

async function clusterOfNodeRedis(url: string): Promise<Opened> {
  const client = await createCluster({ rootNodes: [{ url }] }).connect();
  return { client, close: () => client.destroy() };
}
