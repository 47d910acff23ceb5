import { expect } from 'chai';
import { createClient } from 'redis';
import type { Server } from 'socket.io';
import { received } from '../../support/app.js';
import { type Nodes, startNodes } from '../../support/nodes.js';
import { type RedisServer, requireRedis } from '../../support/redis.js';
import type { Site } from '../../support/site.js';
import { until } from '../../support/waiting.js';

/** Holds what other nodes send until it is released. */
function holdMessages(io: Server): { release(): void } {
  const namespace = io.of('/');
  const receive = namespace._onServerSideEmit.bind(namespace);
  const held: [string, ...unknown[]][] = [];
  namespace._onServerSideEmit = (args) => void held.push(args);
  return {
    release: () => {
      namespace._onServerSideEmit = receive;
      for (const args of held) receive(args);
    },
  };
}

describe('Two nodes on one Redis', () => {
  let server: RedisServer;
  let nodes: Nodes;
  let one: Site;
  let two: Site;

  before(async function () {
    server = await requireRedis(this);
  });
  after(() => server?.stop());
  afterEach(() => nodes.stop());

  async function start(settings: Parameters<typeof startNodes>[2]): Promise<void> {
    nodes = await startNodes(2, server, settings);
    [one, two] = nodes.sites as [Site, Site];
  }

  for (const hasHelper of [false, true]) {
    const helper = hasHelper ? 'with the helper' : 'without the helper';

    it(`keep what a request on the other one wrote, ${helper}`, async () => {
      await start({ hasHelper });
      const { cookie, sessionId } = await one.visitor();
      await one.visit(cookie, async ({ session }) => {
        await two.visit(cookie, (other) => {
          other.session['test:theirs'] = 1;
        });
        session['test:ours'] = 1;
      });
      expect(await one.record(sessionId)).to.include({ n: 0, 'test:theirs': 1, 'test:ours': 1 });
    });

    it(`revive no session that was logged out on the other one, ${helper}`, async () => {
      await start({ hasHelper });
      const { cookie, sessionId } = await one.visitor();
      await one.visit(cookie, async ({ session }) => {
        await two.visit(cookie, (other) => new Promise((done) => other.session.destroy(done)));
        session['test:late'] = 1;
      });
      expect(await one.record(sessionId)).to.equal(undefined);
      expect(one.told).to.deep.equal([{ code: 'ERR_SESSION_ENDED', event: 'http' }]);
    });
  }

  it('lose none of 50 requests at once, nor of what sockets and updates write, with the helper', async () => {
    await start({ hasHelper: true });
    for (const { expressionIO } of nodes.sites) {
      expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('save', async (err, session, at: number, ack) => {
          if (err) return ack(err.code);
          session[`test:${at}`] = at;
          await session.save();
          ack();
        });
      });
    }
    const { cookie, sessionId } = await one.visitor();
    const clients = [await one.connect(cookie), await two.connect(cookie)];
    const works = Array.from({ length: 60 }, (_, at) => {
      const site = at % 2 === 0 ? one : two;
      if (at % 6 < 2) return clients[at % 2]?.emitWithAck('save', at);
      return site.visit(cookie, async (request) => {
        if (at % 6 < 4) {
          await site.expressionIO.update(request, (fresh) => {
            fresh.n = Number(fresh.n) + 1;
          });
        }
        request.session[`test:${at}`] = at;
      });
    });
    await Promise.all(works);
    const { cookie: _cookie, ...data } = (await one.record(sessionId)) ?? {};
    const keys = Array.from({ length: 60 }, (_, at) => [`test:${at}`, at]);
    expect(data).to.deep.equal({ n: 20, ...Object.fromEntries(keys) });
  });

  it('end the sockets on one soon after the session has expired, though the other kept it alive', async () => {
    // Long enough for announcements, which are sent once a second, on a machine that is busy.
    const lifetime = 3_000;
    await start({ session: { cookie: { maxAge: lifetime } } });
    const reasons: string[] = [];
    two.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.on('sessionend', (reason) => reasons.push(reason));
    });
    const operator = await createClient({ url: server.url }).connect();
    try {
      const { cookie, sessionId } = await one.visitor();
      const client = await two.connect(cookie);
      let reads = 0;
      const { get } = two.store;
      two.store.get = (...args) => {
        reads++;
        get.apply(two.store, args);
      };
      let isOver = false;
      const left = received(client, 'disconnect').then(() => {
        isOver = true;
      });
      const firstEnd = Date.now() + lifetime;
      await until(async () => {
        await one.visit(cookie, () => {});
        return Date.now() > firstEnd;
      });
      expect(isOver).to.equal(false);
      // The touches on the other node were announced, so that it need not look.
      expect(reads).to.equal(0);
      // The real expiry: when Redis forgets it.
      const key = `sess:${sessionId}`;
      const expiresAt = Date.now() + (await operator.pTTL(key));
      await left;
      // About a second, and some more for a slow machine.
      expect(Date.now() - expiresAt).to.be.within(-50, 8_000);
      expect(await operator.exists(key)).to.equal(0);
      expect(reasons).to.deep.equal(['expired']);
    } finally {
      operator.destroy();
    }
  });

  it('end the sockets of a logout on the other one, although the application removed all listeners of its server', async () => {
    await start({});
    const { cookie } = await one.visitor();
    expect(two.expressionIO.sockets.namespace).to.equal(two.io.of('/'));
    two.io.removeAllListeners();
    const client = await two.connect(cookie);
    const left = received(client, 'disconnect');
    await one.visit(cookie, ({ session }) => new Promise((done) => session.destroy(done)));
    await left;
  });

  it('end the sockets of a login as such, also where an event finds the session gone before the message comes', async () => {
    await start({});
    const { cookie } = await one.visitor();
    const reasons: string[] = [];
    const codes: unknown[] = [];
    two.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.on('sessionend', (reason) => reasons.push(reason));
      socket.sessOn('event', (err, _session, ack) => {
        codes.push(err?.code);
        ack();
      });
    });
    const client = await two.connect(cookie);
    const left = received(client, 'disconnect');
    const messages = holdMessages(two.io);
    await one.visit(cookie, async ({ session }) => {
      await new Promise((done) => session.regenerate(done));
      await client.emitWithAck('event');
      messages.release();
    });
    expect((await left)[0]).to.equal('transport close');
    expect(codes).to.deep.equal(['ERR_SESSION_NOT_FOUND']);
    expect(reasons).to.deep.equal(['regenerated']);
  });

  it('end the sockets on one when the other removes all sessions from the store', async () => {
    await start({});
    const { cookie } = await one.visitor();
    const reasons: string[] = [];
    two.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.on('sessionend', (reason) => reasons.push(reason));
    });
    const left = received(await two.connect(cookie), 'disconnect');
    one.store.clear?.();
    await left;
    expect(reasons).to.deep.equal(['expired']);
  });
});
