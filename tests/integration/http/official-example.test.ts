import { expect } from 'chai';
import { received } from '../../support/app.js';
import { Site } from '../../support/site.js';
import { forEachStore } from '../../support/store-kinds.js';

function increment(session: { n?: number }): number {
  session.n = (session.n ?? 0) + 1;
  return session.n;
}

/** https://socket.io/how-to/use-with-express-session, with its settings. */
describe("Socket.IO's example of sessions, with this library in it", () => {
  forEachStore((_kind, openStore) => {
    let site: Site;

    beforeEach(async () => {
      site = await Site.start({
        ...(await openStore()),
        session: { resave: true, saveUninitialized: true },
      });
      site.io.engine.use(site.session);
      site.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('incr', async (err, session, ack) => {
          ack(err ? err.code : await session.update(increment));
        });
      });
    });
    afterEach(() => site.stop());

    function incr(cookie?: string): ReturnType<typeof site.visit<number>> {
      return site.visit(cookie, async (request) => {
        const count = await site.expressionIO.update(request, increment);
        site.expressionIO.to(request.sessionID).emit('current count', count);
        return count;
      });
    }

    it('counts the first click of a first visitor', async () => {
      const { status, result, cookie } = await incr();
      expect({ status, result }).to.deep.equal({ status: 200, result: 1 });
      const client = await site.connect(cookie);
      expect(await client.emitWithAck('incr')).to.equal(2);
    });

    it('shows 100 after 50 clicks by fetch and 50 by emit', async () => {
      const { cookie } = await site.visit(undefined, () => 'the page');
      const clients = await Promise.all([site.connect(cookie), site.connect(cookie)]);
      const told: number[] = [];
      clients[0]?.on('current count', (count: number) => told.push(count));
      const clicks = Array.from({ length: 100 }, async (_, at) =>
        at % 2 === 0
          ? (await incr(cookie)).result
          : clients[at % 4 === 1 ? 0 : 1]?.emitWithAck('incr'),
      );
      const counts = await Promise.all(clicks);
      expect(counts.sort((one, other) => one - other)).to.deep.equal(
        Array.from({ length: 100 }, (_, at) => at + 1),
      );
      const { result } = await site.visit(cookie, ({ session }) => session.n);
      expect(result).to.equal(100);
      await clients[0]?.emitWithAck('incr');
      expect(told).to.have.length(50);
    });

    it('disconnects the clients of a session that logs out', async () => {
      const { cookie } = await incr();
      const client = await site.connect(cookie);
      const left = received(client, 'disconnect');
      await site.visit(cookie, ({ session }) => new Promise((done) => session.destroy(done)));
      expect(await left).to.include('io server disconnect');
    });
  });
});
