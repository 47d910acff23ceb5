import { expect } from 'chai';
import { RedisStore } from 'connect-redis';
import { createClient, createCluster } from 'redis';
import { type RedisSessionOptions, redis } from '../../../source/redis/index.js';
import { App } from '../../support/app.js';
import { Engine } from '../../support/engine.js';
import { type RedisServer, requireRedis } from '../../support/redis.js';
import { clientKinds, type OpenedClient, withScripts } from '../../support/redis-clients.js';
import { Gate } from '../../support/slow-store.js';
import { codeOf, Visits } from '../../support/visits.js';

/** What the tests do to Redis behind everybody's back. */
interface Operator {
  set(key: string, value: string, options?: { EX: number }): Promise<unknown>;
  get(key: string): Promise<unknown>;
  del(key: string): Promise<unknown>;
  pTTL(key: string): Promise<unknown>;
  destroy(): void;
}

type Rewrite = NonNullable<RedisSessionOptions['rewrite']>;

const sessionId = 'one';
const key = `sess:${sessionId}`;
const terms = { lock: undefined };

for (const [name, { isCluster, open }] of Object.entries(clientKinds)) {
  describe(`The atomic write over ${name}`, () => {
    let server: RedisServer;
    let operator: Operator;
    let opened: OpenedClient;
    let rewrite: Rewrite;

    before(async function () {
      server = await requireRedis(this, { isCluster });
      const { url } = server;
      operator = (await (isCluster
        ? createCluster({ rootNodes: [{ url }] }).connect()
        : createClient({ url }).connect())) as unknown as Operator;
    });
    after(async () => {
      operator?.destroy();
      await server?.stop();
    });

    beforeEach(async () => {
      opened = await open(server.url);
      ({ rewrite } = redis(opened.client) as { rewrite: Rewrite });
      await operator.set(key, '{"cookie":{"path":"/"},"n":0}', { EX: 1_000 });
    });
    afterEach(() => opened.close());

    const record = async (): Promise<unknown> => JSON.parse(String(await operator.get(key)));

    it('writes what the change makes of the record, and keeps its time to live', async () => {
      await rewrite(sessionId, (found) => ({ ...found, n: 1 }), terms);
      expect(await record()).to.deep.equal({ cookie: { path: '/' }, n: 1 });
      expect(Number(await operator.pTTL(key))).to.be.within(900_000, 1_000_000);
    });

    it('fails where the record cannot be parsed, and tells nothing of what is in it', async () => {
      for (const text of ['{"secret', '"secret"']) {
        await operator.set(key, text);
        const error = await rewrite(sessionId, () => undefined, terms).catch((error) => error);
        expect(error).to.be.instanceOf(TypeError);
        expect(error.message).not.to.include('secret');
      }
    });

    it('writes nothing where the change makes nothing of it', async () => {
      const before = await operator.get(key);
      await rewrite(sessionId, () => undefined, terms);
      expect(await operator.get(key)).to.equal(before);
    });

    it('passes on what the change throws, and writes nothing', async () => {
      const mistake = new Error('a mistake');
      const error = await rewrite(
        sessionId,
        () => {
          throw mistake;
        },
        terms,
      ).catch((error) => error);
      expect(error).to.equal(mistake);
      expect(await record()).to.have.property('n', 0);
    });

    it('begins anew where the record changed meanwhile', async () => {
      const writing = new Gate();
      let attempts = 0;
      const written = (redis(slowly(opened, writing)) as { rewrite: Rewrite }).rewrite(
        sessionId,
        (found) => ({ ...found, mine: ++attempts }),
        terms,
      );
      await writing.reached;
      await operator.set(key, '{"cookie":{},"n":5,"theirs":1}', { EX: 1_000 });
      writing.open();
      await written;
      expect(await record()).to.deep.equal({ cookie: {}, n: 5, theirs: 1, mine: 2 });
    });

    it('revives nothing that was removed meanwhile, and tells the change so', async () => {
      const found: unknown[] = [];
      const removed = new Gate();
      const slow = slowly(opened, removed);
      const written = (redis(slow) as { rewrite: Rewrite }).rewrite(
        sessionId,
        (record) => {
          found.push(record);
          return record ?? undefined;
        },
        terms,
      );
      await removed.reached;
      await operator.del(key);
      removed.open();
      await written;
      expect(await operator.get(key)).to.equal(null);
      expect(found.at(-1)).to.equal(null);
    });

    it('follows an expiry that was changed, and removes what is to live no more', async () => {
      const expiring = (milliseconds: number) => (found: object | null) => ({
        ...found,
        cookie: { expires: new Date(Date.now() + milliseconds) },
      });
      await rewrite(sessionId, expiring(60_000), terms);
      expect(Number(await operator.pTTL(key))).to.be.within(40_000, 60_000);
      await rewrite(sessionId, expiring(-1), terms);
      expect(await operator.get(key)).to.equal(null);
    });

    it('leaves a session without a time to live without one', async () => {
      await operator.set(key, '{"cookie":{},"n":0}');
      await rewrite(sessionId, (found) => ({ ...found, n: 1 }), terms);
      expect(await operator.pTTL(key)).to.equal(-1);
    });
  });
}

/** A client whose scripts wait for a gate. */
function slowly({ client }: OpenedClient, gate: Gate): OpenedClient['client'] {
  return withScripts(client, async (run) => {
    await gate.pass();
    return run();
  });
}

describe('Two instances on the same Redis', () => {
  let server: RedisServer;
  let clients: Awaited<ReturnType<typeof connect>>[];
  let engines: Engine[];

  const connect = () => createClient({ url: server.url }).connect();

  before(async function () {
    server = await requireRedis(this);
  });
  after(() => server?.stop());

  beforeEach(async () => {
    clients = [await connect(), await connect()];
    engines = clients.map((client) => new Engine(new RedisStore({ client }), redis(client)));
    await clients[0]?.set(key, '{"cookie":{"path":"/"},"n":0}', { EX: 1_000 });
  });
  afterEach(() => {
    for (const engine of engines) engine.close();
    for (const client of clients) client.destroy();
  });

  it('erase nothing of each other by their saves', async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        const session = await engines[at % 2]?.open(sessionId);
        if (session === undefined) throw new Error('there is no session');
        session[`test:${at}`] = at;
        await session.save();
      }),
    );
    const record = JSON.parse((await clients[0]?.get(key)) ?? '{}');
    for (let at = 0; at < 40; at++) expect(record).to.have.property(`test:${at}`, at);
  });

  it('lose no update of each other', async () => {
    await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        engines[at % 2]?.update(sessionId, (session) => {
          session.n = (session.n ?? 0) + 1;
        }),
      ),
    );
    expect(JSON.parse((await clients[0]?.get(key)) ?? '{}')).to.have.property('n', 40);
  });

  it('save nothing of a session that the other has logged out', async () => {
    const mine = await engines[0]?.open(sessionId);
    const theirs = await engines[1]?.open(sessionId);
    if (!(mine && theirs)) throw new Error('there is no session');
    await theirs.destroy();
    mine.n = 1;
    expect(await codeOf(mine.save())).to.equal('ERR_SESSION_ENDED');
    expect(await codeOf(mine.update(() => {}))).to.equal('ERR_SESSION_ENDED');
    expect(await clients[0]?.exists(key)).to.equal(0);
  });
});

describe("The time to live of connect-redis' sessions", () => {
  let server: RedisServer;
  let app: App;
  let client: Awaited<ReturnType<ReturnType<typeof createClient>['connect']>>;

  before(async function () {
    server = await requireRedis(this);
  });
  after(() => server?.stop());
  beforeEach(async () => {
    client = await createClient({ url: server.url }).connect();
    app = await App.start({
      store: new RedisStore({ client, ttl: 100 }),
      options: redis(client),
    });
  });
  afterEach(async () => {
    await app.stop();
    client.destroy();
  });

  it('is kept by a save, also where a touch has changed it', async () => {
    const { go, sessionId } = await new Visits(app).visitor();
    await client.expire(`sess:${sessionId}`, 5_000);
    await go((session) => {
      session.n = 1;
      return session.save();
    });
    expect(await client.ttl(`sess:${sessionId}`)).to.be.within(90, 100);
    await client.expire(`sess:${sessionId}`, 5_000);
    await go((session) => {
      session.n = 2;
      return session.save();
    });
    expect(await client.ttl(`sess:${sessionId}`)).to.be.within(4_900, 5_000);
  });

  it('follows the age that a listener gives the cookie', async () => {
    const { go, sessionId } = await new Visits(app).visitor();
    await go((session) => {
      session.cookie.maxAge = 600_000;
      return session.save();
    });
    expect(await client.ttl(`sess:${sessionId}`)).to.be.within(500, 600);
    await go((session) =>
      session.update((fresh) => {
        fresh.cookie.maxAge = 300_000;
      }),
    );
    expect(await client.ttl(`sess:${sessionId}`)).to.be.within(200, 300);
  });

  it('ends the socket when it is shortened so by a listener', async () => {
    const { go, client: socket } = await new Visits(app).visitor();
    const left = new Promise((resolve) => socket.once('disconnect', resolve));
    await go((session) => {
      session.cookie.maxAge = 300;
      return session.save();
    });
    expect(await left).to.equal('io server disconnect');
  });
});
