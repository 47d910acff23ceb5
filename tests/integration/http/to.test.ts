import { expect } from 'chai';
import type { Socket as Client } from 'socket.io-client';
import { received } from '../../support/app.js';
import { type Nodes, startNodes } from '../../support/nodes.js';
import { type RedisServer, requireRedis } from '../../support/redis.js';
import type { Site } from '../../support/site.js';

/** How many nodes there are, and what the applications on them have. */
const clusters: Readonly<Record<string, number>> = { 'on one node': 1, 'on two nodes': 2 };

for (const [where, count] of Object.entries(clusters)) {
  describe(`The sockets of a session, ${where}`, () => {
    let server: RedisServer | undefined;
    let nodes: Nodes;
    let ours: Client[];
    let other: Client;
    let cookie: string;
    let sessionId: string;

    before(async function () {
      if (count > 1) server = await requireRedis(this);
    });
    after(() => server?.stop());

    beforeEach(async () => {
      nodes = await startNodes(count, server);
      for (const site of nodes.sites) site.expressionIO.sockets.on('connection', () => {});
      ({ cookie, sessionId } = await node(0).visitor());
      ours = [await node(0).connect(cookie), await node(1).connect(cookie)];
      other = await node(1).connect((await node(0).visitor()).cookie);
    });
    afterEach(() => nodes.stop());

    function node(at: number): Site {
      return nodes.sites[at % count] as Site;
    }

    /** What clients are told, until all of them have answered a last message to everybody. */
    async function toldBy(emit: () => unknown, clients = [...ours, other]): Promise<unknown[][]> {
      const told = clients.map((client) => {
        const own: unknown[] = [];
        client.onAny((event, ...args) => {
          if (event !== 'last') own.push(...args.filter((arg) => typeof arg !== 'function'));
        });
        return own;
      });
      const last = clients.map((client) => received(client, 'last'));
      await emit();
      node(0).io.emit('last');
      await Promise.all(last);
      return told;
    }

    for (const method of ['to', 'in'] as const) {
      it(`all get the event, and no others (${method})`, async () => {
        const told = await toldBy(() =>
          node(0).expressionIO[method](sessionId).emit('news', 1, 'a'),
        );
        expect(told).to.deep.equal([[1, 'a'], [1, 'a'], []]);
      });

      it(`get the event in a namespace through its wrapper (${method})`, async () => {
        for (const site of nodes.sites) site.expressionIO.of('/chat').on('connection', () => {});
        const chat = await node(1).connect(cookie, '/chat');
        const told = [received(chat, 'news'), toldBy(() => {})] as const;
        node(0).expressionIO.of('/chat')[method](sessionId).emit('news', 1);
        expect(await told[0]).to.deep.equal([1]);
        expect(await told[1]).to.deep.equal([[], [], []]);
        expect(
          await toldBy(
            () => node(0).expressionIO[method](sessionId).emit('news', 2),
            [chat, ...ours].slice(1),
          ),
        ).to.deep.equal([[2], [2]]);
      });
    }

    it('get the event unless they are in a room that is excepted', async () => {
      await node(0)
        .io.in(ours[0]?.id ?? '')
        .socketsJoin('excepted');
      await allJoined('excepted', 1);
      const told = await toldBy(() =>
        node(0).expressionIO.to(sessionId).except('excepted').emit('news', 1),
      );
      expect(told).to.deep.equal([[], [1], []]);
    });

    it('acknowledge', async () => {
      for (const [at, client] of ours.entries()) client.on('question', (ack) => ack(at));
      const answers = await node(0)
        .expressionIO.to(sessionId)
        .timeout(10_000)
        .emitWithAck('question');
      expect(answers).to.have.members([0, 1]);
    });

    it('are fetched', async () => {
      const found = await node(0).expressionIO.in(sessionId).fetchSockets();
      expect(found.map(({ id }) => id)).to.have.members(ours.map(({ id }) => id));
    });

    it('join and leave rooms', async () => {
      node(0).expressionIO.in(sessionId).socketsJoin('a room');
      await allJoined('a room', 2);
      expect(await toldBy(() => node(0).io.to('a room').emit('news', 1))).to.deep.equal([
        [1],
        [1],
        [],
      ]);
    });

    it('are disconnected', async () => {
      const left = ours.map((client) => received(client, 'disconnect'));
      node(0).expressionIO.in(sessionId).disconnectSockets(true);
      await Promise.all(left);
      expect(await toldBy(() => {}, [other])).to.deep.equal([[]]);
      expect(other.connected).to.equal(true);
    });

    it('are reached where the application has them leave their rooms', async () => {
      for (const site of nodes.sites) {
        for (const raw of site.io.of('/').sockets.values()) {
          for (const room of [...raw.rooms]) await raw.leave(room);
        }
      }
      const told = await toldBy(() => node(0).expressionIO.to(sessionId).emit('news', 1));
      expect(told).to.deep.equal([[1], [1], []]);
    });

    it('are reached where the application has all sockets leave the room', async () => {
      const [raw] = node(0).io.of('/').sockets.values();
      const rooms = [...(raw?.rooms ?? [])].filter((room) => room !== raw?.id);
      node(0).io.socketsLeave(rooms);
      // The other node answers after it has done so.
      await node(0).io.fetchSockets();
      const told = await toldBy(() => node(0).expressionIO.to(sessionId).emit('news', 1));
      expect(told).to.deep.equal([[1], [1], []]);
    });

    it('are reached by the new id as soon as they are back after a login', async () => {
      const client = ours[1] as Client;
      client.io.reconnection(true);
      client.io.reconnectionDelay(5);
      const back = received(client, 'connect');
      const { result } = await node(0)
        .visit(cookie, async (request) => {
          await new Promise((resolve) => request.session.regenerate(resolve));
          request.session.n = 1;
          return request.sessionID;
        })
        .then((visit) => {
          client.io.opts.extraHeaders = { cookie: visit.cookie };
          return visit;
        });
      await back;
      expect(result).to.not.equal(sessionId);
      const told = await toldBy(
        () => node(0).expressionIO.to(result).emit('news', 1),
        [client, other],
      );
      expect(told).to.deep.equal([[1], []]);
    });

    it('are in no room of the session once it has ended', async () => {
      const left = ours.map((client) => received(client, 'disconnect'));
      await node(0).visit(cookie, ({ session }) => new Promise((done) => session.destroy(done)));
      await Promise.all(left);
      expect(await node(0).expressionIO.in(sessionId).fetchSockets()).to.deep.equal([]);
    });

    it('have a room that names no session id', async () => {
      for (const site of nodes.sites) {
        for (const raw of site.io.of('/').sockets.values()) {
          expect([...raw.rooms].join()).to.not.include(sessionId);
        }
      }
    });

    it('do not see the room of the session among their own', async () => {
      const rooms: string[][] = [];
      for (const site of nodes.sites) {
        site.expressionIO.sockets.on('connection', (_err, _session, socket) => {
          socket.join('a room');
          rooms.push([...socket.rooms].filter((room) => room !== socket.id));
        });
      }
      await node(1).connect(cookie);
      expect(rooms).to.deep.equal([['a room']]);
    });

    it('are none where the id is not that of a session', () => {
      for (const method of ['to', 'in'] as const) {
        expect(() => node(0).expressionIO[method](undefined as never)).to.throw(
          TypeError,
          new RegExp(`\`${method}\`.*`),
        );
        expect(() => node(0).expressionIO.sockets[method]('')).to.throw(TypeError);
      }
    });

    /** Waits until so many sockets are in a room, on all nodes. */
    async function allJoined(room: string, size: number): Promise<void> {
      for (let attempt = 0; attempt < 1_000; attempt++) {
        if ((await node(0).io.in(room).fetchSockets()).length >= size) return;
      }
      throw new Error('they did not join');
    }
  });
}
