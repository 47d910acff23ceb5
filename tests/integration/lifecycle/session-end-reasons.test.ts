import { expect } from 'chai';
import session, { type SessionData } from 'express-session';
import createMemoryStore from 'memorystore';
import { App } from '../../support/app.js';
import { watch } from '../../support/session-ends.js';
import { holdNext, SlowStore } from '../../support/slow-store.js';
import { overHttp, Visits } from '../../support/visits.js';

/** Its touch moves a time to live, and leaves the date in the record as it was. */
class LivingStore extends SlowStore {
  override record(sessionId: string): SessionData | undefined {
    const text = this.records.get(sessionId);
    return text === undefined ? undefined : JSON.parse(text);
  }

  override touch(...[, , callback]: Parameters<SlowStore['touch']>): void {
    setImmediate(() => callback?.());
  }
}

/** Throws instead of calling back. */
class ThrowingStore extends SlowStore {
  override destroy(): void {
    throw new Error('the store threw');
  }
}

class ClearableStore extends SlowStore {
  override clear(callback?: () => void): void {
    this.records.clear();
    setImmediate(() => callback?.());
  }
}

describe('The reason of the end of a session', () => {
  let app: App;
  afterEach(() => app.stop());

  it('is regenerated when an event reads the session meanwhile, whose cookie has a past date', async () => {
    const store = new LivingStore();
    app = await App.start({ store, options: { touch: false } });
    const visitor = await app.login();
    const record = { ...store.record(visitor.sessionId) };
    const cookie = { path: '/', originalMaxAge: 60_000, expires: new Date(Date.now() - 1_000) };
    store.records.set(visitor.sessionId, JSON.stringify({ ...record, cookie }));
    const { socket, client, ended, left } = await watch(app, visitor);
    socket.sessOn('event', () => {});
    await overHttp(app, visitor.cookie, async (request) => {
      const gate = holdNext(store, 'get');
      client.emit('event');
      await gate.reached;
      await new Promise<void>((resolve) => request.session.regenerate(() => resolve()));
      gate.open();
    });
    expect(await ended).to.equal('regenerated');
    expect(await left).to.equal('transport close');
  });

  it('is destroyed when the store removes several sessions by a list of their ids', async () => {
    const store = new (createMemoryStore(session))({});
    app = await App.start({ store, options: { touch: false } });
    const visitors = [await app.login(), await app.login()];
    const watched = await Promise.all(visitors.map((visitor) => watch(app, visitor)));
    const sessionIds = visitors.map(({ sessionId }) => sessionId);
    // Its types have one id only.
    await new Promise((resolve) => Reflect.apply(store.destroy, store, [sessionIds, resolve]));
    const reasons = await Promise.all(watched.map(({ ended }) => ended));
    expect(reasons).to.deep.equal(['destroyed', 'destroyed']);
  });

  it('is expired when the store removes all sessions', async () => {
    app = await App.start({ options: { touch: false } });
    const visitor = await app.login();
    const { ended, left } = await watch(app, visitor);
    await new Promise((resolve) => app.store.clear?.(resolve));
    expect(await ended).to.equal('expired');
    expect(await left).to.equal('io server disconnect');
  });

  it('is expired when the store removes all sessions while a socket reads its own', async () => {
    const store = new ClearableStore();
    app = await App.start({ store, options: { touch: false } });
    const visitor = await app.login();
    const ended = new Promise((resolve) => {
      app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.on('sessionend', resolve);
      });
    });
    const read = holdNext(store, 'get', 'after');
    app.client(visitor);
    await read.reached;
    await new Promise<void>((resolve) => store.clear(resolve));
    read.open();
    expect(await ended).to.equal('expired');
  });

  it('is expired when the store removes all sessions before an event touches it', async () => {
    const store = new ClearableStore();
    app = await App.start({ store, options: { touch: 1 } });
    const visitor = await app.login();
    await overHttp(app, visitor.cookie, ({ session }) => {
      session.cookie.maxAge = 3_600_000;
    });
    const { socket, client, ended } = await watch(app, visitor);
    socket.sessOn('event', () => {});
    const read = holdNext(store, 'get', 'after');
    client.emit('event');
    await read.reached;
    await new Promise<void>((resolve) => store.clear(resolve));
    read.open();
    expect(await ended).to.equal('expired');
  });

  it('is expired when it expires after a logout that failed, as the store threw', async () => {
    const store = new ThrowingStore();
    app = await App.start({ store, options: { touch: false } });
    const visits = new Visits(app);
    const visitor = await app.login();
    const { client, ended } = await watch(app, visitor);
    await overHttp(app, visitor.cookie, ({ session }) => {
      expect(() => session.destroy(() => {})).to.throw('the store threw');
    });
    store.records.clear();
    expect(await visits.go(client, () => {})).to.equal('ERR_SESSION_NOT_FOUND');
    expect(await ended).to.equal('expired');
  });

  it('is destroyed by a logout after a login that the store never answered', async () => {
    const store = new SlowStore();
    app = await App.start({ store, options: { touch: false, storeTimeout: 50 } });
    const visitor = await app.login();
    const { ended } = await watch(app, visitor);
    const hung = holdNext(store, 'destroy');
    await overHttp(app, visitor.cookie, async (request) => {
      request.session.regenerate(() => {});
      await hung.reached;
    });
    await app.logout(visitor.cookie);
    expect(await ended).to.equal('destroyed');
  });
});
