import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import { type DatabaseClient, databases, type SessionDatabase } from '../../support/databases.js';
import { Engine } from '../../support/engine.js';
import { rejection } from '../../support/outcomes.js';
import { codeOf } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

const sessionId = 'one';
const forever = () => ({ signal: new AbortController().signal });
const increment = (session: { n?: number }): void => {
  session.n = (session.n ?? 0) + 1;
};

for (const [name, start] of Object.entries(databases)) {
  describe(`The lock in ${name}`, () => {
    let database: SessionDatabase;
    let clients: readonly [DatabaseClient, DatabaseClient];
    let engines: readonly [Engine, Engine];

    before(async function () {
      database = await start(this);
    });
    after(() => database?.stop());
    beforeEach(async () => {
      await database.clear();
      await database.store(sessionId, { cookie: { path: '/' }, n: 0 });
      clients = [await database.open(), await database.open()];
      const engineOf = ({ store, options }: DatabaseClient): Engine => new Engine(store, options);
      engines = [engineOf(clients[0]), engineOf(clients[1])];
    });
    afterEach(async () => {
      for (const engine of engines) engine.close();
      for (const client of clients) await client.close();
    });

    const n = async (): Promise<unknown> => (await database.record(sessionId))?.n;
    const acquire = (client: DatabaseClient, id = sessionId) =>
      client.options.lock.acquire(id, forever());

    it('is held by one at a time', async () => {
      let holders = 0;
      let most = 0;
      await Promise.all(
        Array.from({ length: 10 }, async (_, at) => {
          const held = await acquire(clients[at % 2 ? 1 : 0]);
          most = Math.max(most, ++holders);
          await setImmediate();
          holders--;
          await held.release();
        }),
      );
      expect(most).to.equal(1);
    });

    it('lets no update of two clients be lost', async () => {
      await Promise.all(
        Array.from({ length: 40 }, (_, at) => engines[at % 2 ? 1 : 0].update(sessionId, increment)),
      );
      expect(await n()).to.equal(40);
    });

    it('does not make another session wait', async () => {
      const first = await acquire(clients[0], 'a');
      const second = await acquire(clients[1], 'b');
      await Promise.all([first.release(), second.release()]);
    });

    it('is not waited for once the signal is aborted, and nobody holds it then', async () => {
      const held = await acquire(clients[0]);
      const waiting = new AbortController();
      const refused = rejection(clients[1].options.lock.acquire(sessionId, waiting));
      waiting.abort(new Error('nobody wants it any more'));
      expect(await refused).to.be.instanceOf(Error);
      await held.release();
      // A command that was sent already may still acquire the lock, which is given back then.
      await until(async () => (await database.lockTimeLeft(sessionId)) === undefined);
      await (await acquire(clients[1])).release();
    });

    it('is free again after an update', async () => {
      await engines[0].update(sessionId, increment);
      expect(await n()).to.equal(1);
      expect(await database.lockTimeLeft(sessionId)).to.equal(undefined);
    });

    for (const [what, lose] of [
      ['was taken by another', () => database.takeLock(sessionId)],
      ['is gone', () => database.removeLock(sessionId)],
      ['has expired', () => database.expireLock(sessionId, 0)],
    ] as const) {
      it(`lets its holder write nothing once it ${what}`, async () => {
        const code = await codeOf(
          engines[0].update(sessionId, async (session) => {
            await lose();
            increment(session);
          }),
        );
        expect(code).to.equal('ERR_SESSION_LOCK');
        expect(await n()).to.equal(0);
      });
    }

    it('is not released by a holder that has lost it', async () => {
      const held = await acquire(clients[0]);
      await database.takeLock(sessionId);
      await held.release();
      expect(await database.isLockTaken(sessionId)).to.equal(true);
    });

    describe('held for long', () => {
      let clock: ReturnType<typeof useFakeTimers>;

      beforeEach(() => {
        clock = useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      });
      afterEach(() => clock.restore());

      it('is renewed while its holder lives, and ends by itself', async () => {
        const held = await acquire(clients[0]);
        expect(await database.lockTimeLeft(sessionId)).to.be.within(1, 15_000);
        for (let time = 0; time < 30; time += 2.5) {
          // As if more of it had passed than does between two renewals.
          await database.expireLock(sessionId, 5_000);
          clock.tick(2_500);
          await until(async () => Number(await database.lockTimeLeft(sessionId)) > 5_100);
        }
        await held.release();
        expect(await database.lockTimeLeft(sessionId)).to.equal(undefined);
      });

      it('tells its holder that it is lost', async () => {
        const held = await acquire(clients[0]);
        if (!held.lost) throw new Error('the lock has no `lost`');
        const lost = once(held.lost, 'abort');
        await database.takeLock(sessionId);
        clock.tick(2_500);
        await lost;
        await held.release();
        expect(await database.isLockTaken(sessionId)).to.equal(true);
      });
    });
  });
}
