import { expect } from 'chai';
import type { SinonFakeTimers } from 'sinon';
import { App } from '../../support/app.js';
import { stopClock, withoutPings } from '../../support/clock.js';
import { watch } from '../../support/session-ends.js';
import { SlowStore } from '../../support/slow-store.js';
import { overHttp, Visits } from '../../support/visits.js';
import { barrier, until } from '../../support/waiting.js';

const minute = 60_000;
const hour = 60 * minute;

describe('A session that expires', () => {
  let store: SlowStore;
  let app: App;
  let clock: SinonFakeTimers | undefined;

  beforeEach(async () => {
    store = new SlowStore();
    app = await App.start({ store, options: { touch: false }, server: withoutPings });
  });
  afterEach(() => {
    clock?.restore();
    clock = undefined;
    return app.stop();
  });

  /** Somebody whose session lives for so long. */
  async function visitorFor(milliseconds: number): Promise<{ cookie: string; sessionId: string }> {
    const visitor = await app.login();
    await live(visitor.cookie, milliseconds);
    return visitor;
  }

  function live(cookie: string, milliseconds: number): Promise<unknown> {
    return overHttp(app, cookie, (request) => {
      request.session.cookie.maxAge = milliseconds;
      return new Promise<void>((resolve) => request.session.save(() => resolve()));
    });
  }

  /** Lets time pass, from now on only when a test says so, until a condition is true. */
  async function passTimeUntil(condition: () => boolean): Promise<void> {
    await until(() => {
      clock?.tick(1_000);
      return condition();
    });
  }

  it('ends its idle sockets with the reason `expired` as soon as it is over', async () => {
    const visitor = await visitorFor(minute);
    clock = stopClock();
    const { client, raw, ended, left, told } = await watch(app, visitor);
    const { expires } = store.record(visitor.sessionId)?.cookie ?? {};
    clock.tick(new Date(expires ?? 0).getTime() - Date.now() - 1);
    await barrier(client, raw);
    expect(told).to.deep.equal([]);
    clock.tick(101);
    expect(await ended).to.equal('expired');
    expect(await left).to.equal('io server disconnect');
    await until(() => told.length === 2);
    expect(told).to.deep.equal(['sessionend: expired', 'disconnect']);
  });

  it('ends the sockets of all namespaces, and of nobody else', async () => {
    app.expressionIO.of('/news');
    const visitor = await visitorFor(minute);
    const bystander = await visitorFor(hour);
    clock = stopClock();
    const other = await watch(app, bystander);
    const watched = [
      await watch(app, visitor),
      await watch(app, { ...visitor, namespace: '/news' }),
    ];
    clock.tick(minute);
    for (const { ended } of watched) expect(await ended).to.equal('expired');
    await barrier(other.client, other.raw);
    expect(other.told).to.deep.equal([]);
  });

  it('ends them where the time was shortened while they were connected', async () => {
    const visitor = await visitorFor(minute);
    const { ended } = await watch(app, visitor);
    await live(visitor.cookie, 100);
    expect(await ended).to.equal('expired');
  });

  it('ends them where a listener shortened the time', async () => {
    const visits = new Visits(app);
    const visitor = await visitorFor(minute);
    const { ended, client } = await watch(app, visitor);
    await visits.go(client, (session) => {
      session.cookie.maxAge = 100;
      return session.save();
    });
    expect(await ended).to.equal('expired');
  });

  it('ends them on time where the store ignores touches, as with `disableTouch`', async () => {
    class UntouchedStore extends SlowStore {
      override touch(_sessionId: string, _session: unknown, callback: () => void): void {
        callback();
      }
    }
    await app.stop();
    store = new UntouchedStore();
    app = await App.start({ store, options: { touch: false }, server: withoutPings });
    const visitor = await visitorFor(minute);
    clock = stopClock();
    const { ended, raw } = await watch(app, visitor);
    clock.tick(minute / 2);
    await overHttp(app, visitor.cookie, () => {});
    expect(raw.connected).to.equal(true);
    clock.tick(minute / 2 + 200);
    // It is read once more, in case another process has ended it.
    await until(() => {
      clock?.tick(50);
      return !raw.connected;
    });
    expect(await ended).to.equal('expired');
  });

  it('lives on where it was extended elsewhere, which only the store knows', async () => {
    const visitor = await visitorFor(minute);
    clock = stopClock();
    const watched = await watch(app, visitor);
    const record = store.record(visitor.sessionId);
    const expires = new Date(Date.now() + hour);
    store.records.set(
      visitor.sessionId,
      JSON.stringify({ ...record, cookie: { ...record?.cookie, expires } }),
    );
    const reads = store.count('get');
    clock.tick(minute);
    await until(() => store.count('get') > reads);
    await barrier(watched.client, watched.raw);
    expect(watched.told).to.deep.equal([]);
  });

  it('lives on where the store keeps it, though its cookie has expired', async () => {
    const visitor = await visitorFor(minute);
    clock = stopClock();
    const watched = await watch(app, visitor);
    const stale = { ...store.record(visitor.sessionId) };
    store.record = () => stale as never;
    const reads = store.count('get');
    await passTimeUntil(() => store.count('get') > reads + 1);
    await barrier(watched.client, watched.raw);
    expect(watched.told).to.deep.equal([]);
    store.record = () => undefined;
    await passTimeUntil(() => watched.told.length > 0);
    expect(await watched.ended).to.equal('expired');
  });

  it('is watched also beyond what a timer can count', async () => {
    const sessions = [2 ** 31 + 10, 2 ** 33, 1e15 - Date.now()];
    for (const milliseconds of sessions) {
      const watched = await watch(app, await visitorFor(milliseconds));
      const reads = store.count('get');
      for (let trips = 0; trips < 20; trips++) await barrier(watched.client, watched.raw);
      // A timer that overflows would fire at once, and over and over again.
      expect(store.count('get')).to.equal(reads);
      expect(watched.told).to.deep.equal([]);
    }
  });

  it('ends no socket while the store is down, and its own once the store is back', async () => {
    const [bystanding, visitor] = [await visitorFor(24 * hour), await visitorFor(minute)];
    clock = stopClock();
    const bystander = await watch(app, bystanding);
    const watched = await watch(app, visitor);
    store.failing.add('get');
    const reads = store.count('get');
    await passTimeUntil(() => store.count('get') > reads + 1);
    await barrier(watched.client, watched.raw);
    expect(watched.told).to.deep.equal([]);
    store.failing.clear();
    await passTimeUntil(() => watched.told.length > 0);
    expect(await watched.ended).to.equal('expired');
    await barrier(bystander.client, bystander.raw);
    expect(bystander.told).to.deep.equal([]);
  });

  it('ends no socket while the store hangs', async () => {
    await app.stop();
    app = await App.start({ store, options: { touch: false }, server: withoutPings });
    const visitor = await visitorFor(minute);
    clock = stopClock();
    const watched = await watch(app, visitor);
    let asked = 0;
    store.pace = ({ operation }) => {
      if (operation !== 'get') return undefined;
      asked++;
      return new Promise(() => {});
    };
    await passTimeUntil(() => asked > 1);
    await barrier(watched.client, watched.raw);
    expect(watched.told).to.deep.equal([]);
  });

  it('ends its sockets at once where an event finds that the store no longer has it', async () => {
    const visits = new Visits(app);
    const visitor = await app.login();
    const { client, ended } = await watch(app, visitor);
    store.records.clear();
    expect(await visits.go(client, () => {})).to.equal('ERR_SESSION_NOT_FOUND');
    expect(await ended).to.equal('expired');
  });

  it('is checked once, however many sockets it has', async () => {
    const visitor = await visitorFor(minute);
    clock = stopClock();
    const watched = await Promise.all(Array.from({ length: 10 }, () => watch(app, visitor)));
    const reads = store.count('get');
    clock.tick(minute);
    await Promise.all(watched.map(({ ended }) => ended));
    expect(store.count('get') - reads).to.be.at.most(3);
  });

  describe('in a store whose own `get` removes it', () => {
    /** Some stores call their own `destroy` when they find an expired session. */
    class RemovingStore extends SlowStore {
      override get(...[sessionId, callback]: Parameters<SlowStore['get']>): void {
        const hasExpired = this.records.has(sessionId) && this.record(sessionId) === undefined;
        if (hasExpired) this.destroy(sessionId, callback);
        else super.get(sessionId, callback);
      }
    }

    beforeEach(async () => {
      await app.stop();
      store = new RemovingStore();
      app = await App.start({ store, options: { touch: false }, server: withoutPings });
    });

    it('ends by the reason of expired', async () => {
      const visitor = await visitorFor(minute);
      clock = stopClock();
      const { ended } = await watch(app, visitor);
      clock.tick(minute);
      expect(await ended).to.equal('expired');
    });

    it('ends by the reason of destroyed when the visitor logs out before', async () => {
      const visitor = await visitorFor(minute);
      const { ended } = await watch(app, visitor);
      await overHttp(app, visitor.cookie, (request) => {
        return new Promise<void>((resolve) => request.session.destroy(() => resolve()));
      });
      expect(await ended).to.equal('destroyed');
    });
  });
});
