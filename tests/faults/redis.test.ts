import { expectNoCrash } from '../support/crashes.js';
import { FaultyRedis, requireRedisServer } from '../support/faulty-redis.js';
import { type OpenedDrill, singleClients, startRedisDrill } from '../support/redis-drills.js';
import { commonFaults } from '../support/redis-faults.js';

for (const [kind, open] of Object.entries(singleClients)) {
  describe(`While something happens to Redis (${kind})`, function () {
    this.timeout(60_000);
    let server: FaultyRedis;
    let opened: OpenedDrill;

    before(async function () {
      requireRedisServer(this);
      server = await FaultyRedis.start();
    });
    after(() => server?.stop());
    beforeEach(async () => {
      const { client, close } = await open(server.url);
      opened = await startRedisDrill(client, close);
    });
    afterEach(() => opened?.close());
    expectNoCrash();

    for (const { name, happen } of commonFaults) {
      it(`each event is heard once, no update is lost, and all heals by itself: ${name}`, async () => {
        await opened.drill.during(() => happen(server));
      });
    }
  });
}
