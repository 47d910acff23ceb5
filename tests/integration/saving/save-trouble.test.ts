import { expect } from 'chai';
import { MemoryStore } from 'express-session';
import { App } from '../../support/app.js';
import { ProcessEvents } from '../../support/process-events.js';
import { down, Gate, holdNext, SlowStore } from '../../support/slow-store.js';
import { codeOf, overHttp, Visits } from '../../support/visits.js';

describe('A store that throws', () => {
  it('makes save(), update() and destroy() fail with ERR_SESSION_STORE, and nothing else', async () => {
    class ThrowingStore extends MemoryStore {
      isDown = false;
      override set(...args: Parameters<MemoryStore['set']>): void {
        if (this.isDown) throw down;
        super.set(...args);
      }
      override destroy(...args: Parameters<MemoryStore['destroy']>): void {
        if (this.isDown) throw down;
        super.destroy(...args);
      }
    }
    const store = new ThrowingStore();
    const app = await App.start({ store });
    const rejections = new ProcessEvents('unhandledRejection');
    try {
      const { go } = await new Visits(app).visitor();
      const codes = await go(async (session) => {
        store.isDown = true;
        session.n = 1;
        const failures = [
          await codeOf(session.save()),
          await codeOf(
            session.update((fresh) => {
              fresh.n = 1;
            }),
          ),
          await codeOf(session.destroy()),
        ];
        store.isDown = false;
        return [...failures, await codeOf(session.save())];
      });
      expect(codes).to.deep.equal([
        'ERR_SESSION_STORE',
        'ERR_SESSION_STORE',
        'ERR_SESSION_STORE',
        'fulfilled',
      ]);
      expect(rejections.values).to.deep.equal([]);
    } finally {
      rejections.stop();
      await app.stop();
    }
  });
});

describe('A store that hangs', () => {
  let store: SlowStore;
  let app: App;
  let visits: Visits;

  beforeEach(async () => {
    store = new SlowStore();
    app = await App.start({
      store,
      options: { storeTimeout: 200, touch: false, onSessionEnd: 'ignore' },
    });
    visits = new Visits(app);
  });
  afterEach(() => app.stop());

  it('in a write makes an HTTP write wait for storeTimeout at most', async () => {
    const { cookie, go } = await visits.visitor();
    await go(async (session) => {
      const gate = holdNext(store, 'set');
      session.n = 1;
      const saved = codeOf(session.save());
      await gate.reached;
      await overHttp(app, cookie, (request) => {
        request.session.n = 2;
      });
      expect(await saved).to.equal('ERR_SESSION_STORE_TIMEOUT');
    });
  });

  it('in a write of HTTP makes a save wait for storeTimeout at most', async () => {
    const { cookie, sessionId, go } = await visits.visitor();
    await go(async (session) => {
      const gate = holdNext(store, 'set');
      const written = overHttp(app, cookie, (request) => {
        request.session['test:theirs'] = 2;
      });
      await gate.reached;
      session.n = 1;
      // What hangs may still land, and would take along what was saved meanwhile.
      expect(await codeOf(session.save())).to.equal('ERR_SESSION_STORE_TIMEOUT');
      gate.open();
      await written;
      expect(await codeOf(session.save())).to.equal('fulfilled');
    });
    expect(store.record(sessionId)).to.have.property('n');
  });

  it('in a write of HTTP lets a save have its turn before the requests that come later', async () => {
    // The save waits for as long as a request takes.
    await app.stop();
    app = await App.start({ store, options: { touch: false, onSessionEnd: 'ignore' } });
    visits = new Visits(app);
    const { cookie, go } = await visits.visitor();
    await go(async (session) => {
      const first = holdNext(store, 'set');
      const written = overHttp(app, cookie, (request) => {
        request.session['test:theirs'] = 2;
      });
      await first.reached;
      session.n = 1;
      const saved = codeOf(session.save());
      const second = holdNext(store, 'touch');
      const handling = new Gate();
      const touched = overHttp(app, cookie, () => void handling.pass());
      await handling.reached;
      // Its touch comes with its answer.
      await new Promise(setImmediate);
      first.open();
      expect(await saved).to.equal('fulfilled');
      await second.reached;
      second.open();
      await Promise.all([written, touched]);
    });
  });

  it('in a write does not make a logout wait, and the logout is not undone', async () => {
    const { cookie, sessionId, go } = await visits.visitor();
    await go(async (session) => {
      const gate = holdNext(store, 'set');
      session.n = 1;
      const saved = codeOf(session.save());
      await gate.reached;
      // It comes back while the write hangs still.
      await app.logout(cookie);
      expect(store.record(sessionId)).to.equal(undefined);
      await saved;
      const removed = holdNext(store, 'destroy', 'after');
      gate.open();
      await removed.reached;
      removed.open();
    });
    expect(store.record(sessionId)).to.equal(undefined);
  });

  it('in a logout for longer than storeTimeout still loses the session in the end', async () => {
    const { cookie, sessionId, go } = await visits.visitor();
    await go(async (session) => {
      const gate = holdNext(store, 'destroy');
      const loggedOut = app.logout(cookie);
      await gate.reached;
      session.n = 1;
      // It waits for the logout until the deadline, and then takes it for one that did not work.
      const writing = holdNext(store, 'set');
      const saved = codeOf(session.save());
      await writing.reached;
      gate.open();
      await loggedOut;
      writing.open();
      expect(await saved).to.be.oneOf(['fulfilled', 'ERR_SESSION_ENDED']);
      expect(await codeOf(session.save())).to.equal('ERR_SESSION_ENDED');
    });
    expect(store.record(sessionId)).to.equal(undefined);
  });

  it('works again once it answers', async () => {
    const { sessionId, go } = await visits.visitor();
    const gate = holdNext(store, 'get');
    expect(await go(() => {})).to.equal('ERR_SESSION_STORE_TIMEOUT');
    gate.open();
    await go((session) => {
      session.n = 7;
      return session.save();
    });
    expect(store.record(sessionId)).to.have.property('n', 7);
  });
});
