import { expect } from 'chai';
import type { SessionData } from 'express-session';
import { Site } from '../../support/site.js';
import { forEachStore } from '../../support/store-kinds.js';

const hour = 3_600_000;
const month = 30 * 24 * hour;

describe('The lifetime of a cookie', () => {
  forEachStore((_kind, openStore) => {
    let site: Site;
    let cookie: string;
    let sessionId: string;

    beforeEach(async () => {
      site = await Site.start({
        ...(await openStore()),
        session: { cookie: { maxAge: hour } },
      });
      ({ cookie, sessionId } = await site.visitor());
    });
    afterEach(() => site.stop());

    it('that a request changes is kept, with what others wrote', async () => {
      await site.visit(cookie, async ({ session }) => {
        await site.visit(cookie, (other) => {
          other.session['test:other'] = 1;
        });
        session.cookie.maxAge = month;
        session['test:mine'] = 1;
      });
      expect(await site.record(sessionId)).to.include({ 'test:other': 1, 'test:mine': 1 });
      expect(await lifetime()).to.equal('a month');
    });

    it('that another changes is kept by a request that does not', async () => {
      await site.visit(cookie, async ({ session }) => {
        await site.visit(cookie, (other) => {
          other.session.cookie.maxAge = month;
          other.session['test:other'] = 1;
        });
        session['test:mine'] = 1;
      });
      expect(await site.record(sessionId)).to.include({ 'test:other': 1, 'test:mine': 1 });
      expect(await lifetime()).to.equal('a month');
    });

    it('is not taken for changed where the clock ticks while it is set', async () => {
      const { now } = Date;
      let ticks = 0;
      await site.visit(cookie, async ({ session }) => {
        await site.visit(cookie, (other) => {
          other.session.cookie.maxAge = month;
          other.session['test:other'] = 1;
        });
        Date.now = () => now() + ticks++;
        session.touch();
        Date.now = now;
        session['test:mine'] = 1;
      });
      expect(ticks).to.be.above(1);
      expect(await lifetime()).to.equal('a month');
    });

    it('that an update changes is shown in the request, whose end does not undo it', async () => {
      const { result, setCookie } = await site.visit(cookie, async (request) => {
        await site.expressionIO.update(request, (session) => {
          session.cookie.maxAge = month;
          session.n = 1;
        });
        return request.session.cookie.originalMaxAge;
      });
      expect(result).to.be.closeTo(month, 20);
      expect(Date.parse(setCookie?.match(/Expires=([^;]*)/)?.[1] ?? '')).to.be.above(
        Date.now() + month - hour,
      );
      expect(await lifetime()).to.equal('a month');
    });

    for (const resave of [false, true]) {
      it(`that another changes is kept by a request that changed nothing (resave: ${resave})`, async () => {
        const { store } = site;
        const touching = await Site.start({
          store,
          session: { resave, cookie: { maxAge: hour } },
        });
        try {
          await touching.visit(cookie, () =>
            site.visit(cookie, (other) => {
              other.session.cookie.maxAge = month;
              other.session.n = 1;
            }),
          );
          expect(await lifetime()).to.equal('a month');
        } finally {
          await touching.stop();
        }
      });
    }

    it('that a request changes itself is not undone by its update', async () => {
      await site.visit(cookie, async (request) => {
        request.session.cookie.maxAge = month;
        await site.expressionIO.update(request, (session) => {
          session.n = 1;
        });
        request.session['test:mine'] = 1;
      });
      expect(await site.record(sessionId)).to.include({ n: 1, 'test:mine': 1 });
      expect(await lifetime()).to.equal('a month');
    });

    async function lifetime(): Promise<'an hour' | 'a month' | undefined> {
      const record = (await site.record(sessionId)) as SessionData | undefined;
      const { expires, originalMaxAge } = record?.cookie ?? {};
      const left = new Date(expires ?? 0).getTime() - Date.now();
      expect(left).to.be.closeTo(Number(originalMaxAge), 10_000);
      if (Math.abs(left - hour) < 10_000) return 'an hour';
      return Math.abs(left - month) < 10_000 ? 'a month' : undefined;
    }
  });
});
