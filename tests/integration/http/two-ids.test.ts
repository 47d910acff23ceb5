import { expect } from 'chai';
import type { RequestHandler } from 'express';
import session, { MemoryStore, type SessionData } from 'express-session';
import { secret } from '../../support/app.js';
import { Site } from '../../support/site.js';

describe('A request that has to do with two session ids', () => {
  let site: Site;

  afterEach(() => site.stop());

  it('revives no session that it has copied to another id before its logout', async () => {
    site = await Site.start();
    const { cookie, sessionId } = await site.visitor();
    await site.visit(cookie, async (request) => {
      const copied = request.session as SessionData;
      await new Promise((resolve) => site.store.set('a copy', copied, resolve));
      await site.visit(cookie, (other) => new Promise((resolve) => other.session.destroy(resolve)));
      request.session.n = 5;
    });
    expect(await site.record(sessionId)).to.equal(undefined);
    expect(await site.record('a copy')).to.have.property('n', 0);
    expect(site.told).to.deep.equal([{ code: 'ERR_SESSION_ENDED', event: 'http' }]);
  });

  it('updates the one of the session that it has', async () => {
    const store = new MemoryStore();
    const options = { secret, store, resave: false, saveUninitialized: false };
    const otherSession = session({ ...options, name: 'other' });
    const first = new WeakMap<object, Parameters<RequestHandler>[0]['session']>();
    const withBoth: RequestHandler = (request, response, next) => {
      first.set(request, request.session);
      Reflect.deleteProperty(request, 'session');
      otherSession(request, response, next);
    };
    site = await Site.start({ store, middlewares: [withBoth] });
    const { result } = await site.visit(undefined, async (request) => {
      request.session['test:second'] = 1;
      await new Promise((resolve) => request.session.save(resolve));
      Reflect.set(request, 'session', first.get(request));
      await site.expressionIO.update(request, (fresh) => {
        fresh.n = 1;
      });
      const records = [await site.record(request.session.id), await site.record(request.sessionID)];
      return [request.session, ...records].map((one) => ({ ...one, cookie: undefined }));
    });
    expect(result).to.deep.equal([{ n: 1 }, { n: 1 }, { 'test:second': 1 }]);
  });
});
