import { expectNoCrash } from '../support/crashes.js';
import { note, printTable } from '../support/fault-table.js';
import { FaultyRedis, requireRedisServer } from '../support/faulty-redis.js';
import { type OpenedDrill, singleClients, startRedisDrill } from '../support/redis-drills.js';
import { faults } from '../support/redis-faults.js';

for (const [kind, open] of Object.entries(singleClients)) {
  describe(`While something happens to a single Redis (${kind})`, () => {
    let server: FaultyRedis;
    let opened: OpenedDrill;

    before(async function () {
      requireRedisServer(this);
      server = await FaultyRedis.start();
    });
    after(async () => {
      await server?.stop();
      printTable();
    });
    beforeEach(async () => {
      const { client, close } = await open(server.url);
      opened = await startRedisDrill(client, close);
    });
    afterEach(() => opened?.close());
    expectNoCrash();

    for (const { name, happen, losesData = false } of faults) {
      it(`each event is heard once, no update is lost, and all heals by itself: ${name}`, async () => {
        const report = await opened.drill.during(() => happen(server), { losesData });
        note(`Redis, ${kind}`, name, report);
      });
    }
  });
}
