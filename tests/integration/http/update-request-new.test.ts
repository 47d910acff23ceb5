import { expect } from 'chai';
import type { SessionData } from 'express-session';
import { Site } from '../../support/site.js';
import { holdNext, SlowStore } from '../../support/slow-store.js';
import { codeOf } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

/** Stores a new session at once, but each further write of it only after an update was stored. */
class LateStore extends SlowStore {
  #isFirst = true;

  override set(sessionId: string, session: SessionData, callback?: () => void): void {
    const isUpdated = (): boolean => this.record(sessionId)?.n !== undefined;
    // What it was when it was given: the request's session shows the update's result later.
    const given: SessionData = JSON.parse(JSON.stringify(session));
    const write = (): void => super.set(sessionId, given, callback);
    if (this.#isFirst || session.n !== undefined) write();
    else void until(isUpdated).then(write);
    this.#isFirst = false;
  }
}

function count(fresh: { n?: number }): number {
  fresh.n = (fresh.n ?? 0) + 1;
  return fresh.n;
}

describe('Updates by request of a new session', () => {
  let site: Site;

  afterEach(() => site.stop());

  it('lose nothing at once where the store takes its time for one write and not for another', async () => {
    site = await Site.start({ store: new LateStore() });
    const { result } = await site.visit(undefined, async (request) => {
      const counts = [1, 2, 3].map(() => site.expressionIO.update(request, count));
      return [(await Promise.all(counts)).sort(), request.session.n];
    });
    expect(result).to.deep.equal([[1, 2, 3], 3]);
  });

  it('at once all fail where the store is down, and work again once it is not', async () => {
    const store = new SlowStore();
    store.failing.add('set');
    site = await Site.start({ store });
    const { result } = await site.visit(undefined, async (request) => {
      const all = [1, 2].map(() => codeOf(site.expressionIO.update(request, count)));
      const codes = await Promise.all(all);
      store.failing.delete('set');
      return [...codes, await site.expressionIO.update(request, count)];
    });
    expect(result).to.deep.equal(['ERR_SESSION_STORE', 'ERR_SESSION_STORE', 1]);
  });

  it('fail with ERR_SESSION_STORE where the store throws', async () => {
    site = await Site.start();
    const { result } = await site.visit(undefined, async (request) => {
      request.session['test:big'] = 1n;
      const code = await codeOf(site.expressionIO.update(request, count));
      delete request.session['test:big'];
      return [code, await site.expressionIO.update(request, count)];
    });
    expect(result).to.deep.equal(['ERR_SESSION_STORE', 1]);
  });

  it('fail with ERR_SESSION_STORE_TIMEOUT where the store never answers', async () => {
    const store = new SlowStore();
    const gate = holdNext(store, 'set');
    site = await Site.start({ store, options: { storeTimeout: 50 } });
    const { result } = await site.visit(undefined, async (request) => {
      const code = await codeOf(site.expressionIO.update(request, count));
      gate.open();
      return [code, await site.expressionIO.update(request, count), request.session.n];
    });
    expect(result).to.deep.equal(['ERR_SESSION_STORE_TIMEOUT', 1, 1]);
  });
});
