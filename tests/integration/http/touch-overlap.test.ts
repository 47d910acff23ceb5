import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import type { SessionData } from 'express-session';
import { Site } from '../../support/site.js';
import { Gate, holdNext, SlowStore } from '../../support/slow-store.js';
import { codeOf } from '../../support/visits.js';

/** A store whose `touch` writes what it is given, as some do: by `set`, or by itself. */
class WritingStore extends SlowStore {
  override touch(sessionId: string, session: SessionData, callback?: () => void): void {
    this.set(sessionId, session, callback);
  }
}

class UpsertingStore extends SlowStore {
  override touch(sessionId: string, session: SessionData, callback?: () => void): void {
    super.set(sessionId, session, callback);
  }
}

describe('A request that goes on as its session is touched', () => {
  for (const end of ['another write', 'a logout'] as const) {
    it(`saves what it changed, and nothing else, after ${end}`, async () => {
      const store = new SlowStore();
      const site = await Site.start({ store });
      try {
        const { cookie, sessionId } = await site.visitor();
        const saved = new Gate();
        await site.visit(cookie, async ({ session }, response) => {
          await site.visit(cookie, (other) => {
            if (end === 'a logout') return new Promise((done) => other.session.destroy(done));
            other.session['test:other'] = 1;
            return undefined;
          });
          // What has ended is not touched any more.
          const touch = holdNext(store, end === 'a logout' ? 'get' : 'touch');
          response.end('"the answer"');
          await touch.reached;
          session['test:late'] = 1;
          session.save(() => saved.open());
          touch.open();
        });
        await saved.pass();
        const record = await site.record(sessionId);
        if (end === 'a logout') expect(record).to.equal(undefined);
        else expect(record).to.include({ 'test:other': 1, 'test:late': 1 });
      } finally {
        await site.stop();
      }
    });
  }
});

describe('A store whose touch writes the session', () => {
  for (const [Store, resave] of [
    [WritingStore, false],
    [WritingStore, true],
    [UpsertingStore, false],
    [UpsertingStore, true],
  ] as const) {
    it(`loses nothing, and revives nothing, by a request that changed nothing (${Store.name}, resave: ${resave})`, async () => {
      const site = await Site.start({ store: new Store(), session: { resave } });
      try {
        const { cookie, sessionId } = await site.visitor();
        await site.visit(cookie, () =>
          site.visit(cookie, (other) => {
            other.session['test:other'] = 1;
          }),
        );
        expect(await site.record(sessionId)).to.have.property('test:other', 1);
        await site.visit(cookie, () =>
          site.visit(cookie, (other) => new Promise((done) => other.session.destroy(done))),
        );
        expect(await site.record(sessionId)).to.equal(undefined);
      } finally {
        await site.stop();
      }
    });
  }

  describe('and reads the session while it ends', () => {
    let site: Site;
    let cookie: string;
    let sessionId: string;

    beforeEach(async () => {
      site = await Site.start({ store: new UpsertingStore(), options: { touch: 0 } });
      ({ cookie, sessionId } = await site.visitor());
    });
    afterEach(() => site.stop());

    /** Ends the session when the store has read it, but has not answered yet. */
    async function endOnceRead(read: Gate): Promise<void> {
      await read.reached;
      await new Promise((done) => site.store.destroy(sessionId, done));
      read.open();
    }

    it('revives nothing by a request', async () => {
      let ending: Promise<void> | undefined;
      await site.visit(cookie, () => {
        ending = endOnceRead(holdNext(site.store as SlowStore, 'get', 'after'));
      });
      await ending;
      expect(await site.record(sessionId)).to.equal(undefined);
    });

    it('revives nothing by an event whose listener saves no changes', async () => {
      const store = site.store as SlowStore;
      site.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('save', async (_err, session, ack) => {
          const ending = endOnceRead(holdNext(store, 'get', 'after'));
          await session?.save().catch(() => {});
          await ending;
          ack();
        });
      });
      const client = await site.connect(cookie);
      await client.emitWithAck('save');
      expect(await site.record(sessionId)).to.equal(undefined);
    });

    it('revives nothing by an event whose touch waits for a write', async () => {
      const store = site.store as SlowStore;
      site.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('event', (_err, _session, ack) => ack());
      });
      const client = await site.connect(cookie);
      const write = holdNext(store, 'set');
      const updating = site.expressionIO.update(sessionId, (session) => {
        session.n = 1;
      });
      await write.reached;
      await client.emitWithAck('event');
      await new Promise((done) => store.destroy(sessionId, done));
      write.open();
      expect(await codeOf(updating)).to.equal('ERR_SESSION_ENDED');
      await setImmediate();
      expect(await site.record(sessionId)).to.equal(undefined);
    });
  });
});
