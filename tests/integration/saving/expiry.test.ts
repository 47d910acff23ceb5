import { expect } from 'chai';
import type { Socket as Client } from 'socket.io-client';
import type { ExpressionSocketOptions, SocketSession } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { expiringStores, type OpenedStore } from '../../support/expiring-stores.js';
import { enablePerConnection, enablePerMessage } from '../../support/sessions.js';
import { overHttp, Visits } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

/** How long a session lives, and how much of that is left when the tests begin, in milliseconds. */
const lifetime = 100_000;
const left = 50_000;

/** What a write may cost in time, and stores that count in seconds. */
const tolerance = 5_000;

for (const [name, open] of Object.entries(expiringStores)) {
  describe(`The end of a session in ${name}`, () => {
    let opened: OpenedStore;
    let app: App;

    before(async function () {
      // A PostgreSQL in this process takes its time to start.
      this.timeout(60_000);
      opened = await open(this);
      // Each application listens to the store.
      opened.store.setMaxListeners(0);
    });
    after(() => opened?.close());
    afterEach(() => app.stop());

    async function start(options: ExpressionSocketOptions = {}): Promise<void> {
      app = await App.start({
        store: opened.store,
        options: { touch: false, ...options },
      });
    }

    /** A visitor whose session was touched long after its last whole write. */
    async function agedVisitor(): Promise<{ cookie: string; sessionId: string }> {
      const { cookie, sessionId } = await app.login();
      await overHttp(app, cookie, ({ session }) => {
        session.cookie.maxAge = lifetime;
        return new Promise<void>((resolve, reject) =>
          session.save((error) => (error ? reject(error) : resolve())),
        );
      });
      await opened.age(sessionId, Date.now() + left);
      return { cookie, sessionId };
    }

    const remaining = async (sessionId: string): Promise<number> =>
      (await opened.endOf(sessionId)) - Date.now();

    async function expectRenewed(sessionId: string, whole = lifetime): Promise<void> {
      expect(await remaining(sessionId)).to.be.within(whole - tolerance, whole + tolerance);
      expect((await recordOf(sessionId)).cookie.originalMaxAge).to.be.closeTo(whole, 100);
    }

    function recordOf(sessionId: string): Promise<SocketSession> {
      return new Promise((resolve, reject) => {
        opened.store.get(sessionId, (error, record) =>
          error || !record ? reject(error ?? new Error('it is gone')) : resolve(record as never),
        );
      });
    }

    const writes: Record<string, (session: SocketSession) => unknown> = {
      'session.save()': (session) => {
        session.n = 7;
        return session.save();
      },
      'session.save() of a cookie that was changed otherwise': (session) => {
        session.n = 7;
        session.cookie.sameSite = 'strict';
        return session.save();
      },
      'session.update()': (session) =>
        session.update((fresh) => {
          fresh.n = 7;
        }),
      'expressionIO.update()': (session) =>
        app.expressionIO.update(session.id, (fresh) => {
          fresh.n = 7;
        }),
    };

    for (const [what, write] of Object.entries(writes)) {
      it(`is a whole lifetime away after ${what}`, async () => {
        await start();
        const { cookie, sessionId } = await agedVisitor();
        const visits = new Visits(app);
        await visits.go(await app.connect({ cookie }), write);
        expect(await recordOf(sessionId)).to.have.property('n', 7);
        await expectRenewed(sessionId);
      });
    }

    it('stays after each write where the cookie has none but the store has', async () => {
      await start();
      const { cookie, sessionId } = await app.login();
      const before = await remaining(sessionId);
      const visits = new Visits(app);
      const client = await app.connect({ cookie });
      for (const write of Object.values(writes)) {
        await visits.go(client, write);
        const after = await remaining(sessionId);
        if (before === Number.POSITIVE_INFINITY) expect(after).to.equal(before);
        else expect(after).to.be.closeTo(before, tolerance);
      }
    });

    it('stays what it was where a save changes nothing, and touches are off', async () => {
      await start();
      const { cookie, sessionId } = await agedVisitor();
      await new Visits(app).go(await app.connect({ cookie }), (session) => session.save());
      expect(await remaining(sessionId)).to.be.within(left - tolerance, left + tolerance);
    });

    it('is a whole lifetime away after an event that touches it', async () => {
      await start({ touch: 0 });
      const { cookie, sessionId } = await agedVisitor();
      await new Visits(app).go(await app.connect({ cookie }), () => {});
      let now = 0;
      await until(() => {
        void remaining(sessionId).then((milliseconds) => {
          now = milliseconds;
        });
        return now > lifetime - tolerance;
      });
      expect(now).to.be.at.most(lifetime + tolerance);
    });

    it('is moved by a listener', async () => {
      await start();
      const { cookie, sessionId } = await agedVisitor();
      await new Visits(app).go(await app.connect({ cookie }), (session) => {
        session.cookie.maxAge = 3 * lifetime;
        return session.save();
      });
      await expectRenewed(sessionId, 3 * lifetime);
    });

    it('is what HTTP has set, though a listener got the session before', async () => {
      await start();
      const { cookie, sessionId } = await agedVisitor();
      await new Visits(app).go(await app.connect({ cookie }), async (session) => {
        session.n = 7;
        await overHttp(app, cookie, (request) => {
          request.session.cookie.maxAge = 3 * lifetime;
          return new Promise<void>((resolve) => request.session.save(() => resolve()));
        });
        await session.save();
      });
      await expectRenewed(sessionId, 3 * lifetime);
    });

    it('survives writes of many sockets, one after another', async () => {
      await start();
      const { cookie, sessionId } = await agedVisitor();
      const visits = new Visits(app);
      const client = await app.connect({ cookie });
      for (let n = 0; n < 5; n++) {
        await visits.go(client, (session) =>
          session.update((fresh) => {
            fresh.n = n;
          }),
        );
        await opened.age(sessionId, Date.now() + left);
      }
      await visits.go(client, writes['session.save()'] ?? (() => {}));
      await expectRenewed(sessionId);
    });

    for (const isPerMessage of [true, false]) {
      it(`survives \`enable\` ${isPerMessage ? 'per message' : 'per connection'}`, async () => {
        await start();
        app.expressionIO.close();
        const { cookie, sessionId } = await agedVisitor();
        if (isPerMessage) {
          enablePerMessage(app).on('sconnection', (client) => {
            client.on('smessage', (_message, session) => {
              session.n = 7;
            });
          });
        } else {
          enablePerConnection(app).on('sconnection', (client, session) => {
            client.on('message', (_message, ack) => {
              session.n = 7;
              ack();
            });
          });
        }
        const client: Client = await app.connect({ cookie });
        // It is saved after the message, or when the client leaves.
        if (isPerMessage) client.send('hello');
        else {
          await new Promise<void>((resolve) => client.send('hello', () => resolve()));
          client.disconnect();
        }
        let n: unknown;
        await until(() => {
          void recordOf(sessionId).then((record) => {
            n = record.n;
          });
          return n === 7;
        });
        await expectRenewed(sessionId);
      });
    }
  });
}
