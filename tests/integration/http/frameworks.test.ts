import { expect } from 'chai';
import flash from 'connect-flash';
import passport from 'passport';
import type { Socket as Client } from 'socket.io-client';
import { received } from '../../support/app.js';
import { frameworks, type Handler, Site } from '../../support/site.js';
import { Gate } from '../../support/slow-store.js';

type Request = Parameters<Handler<unknown>>[0];

/** Passport of an application that knows its users by name. */
function passportOf(): passport.Authenticator {
  const authenticator = new passport.Passport();
  authenticator.serializeUser((user, done) => done(null, Reflect.get(user, 'name')));
  authenticator.deserializeUser((name, done) => done(null, { name }));
  return authenticator;
}

for (const framework of frameworks) {
  describe(`With ${framework}`, () => {
    let site: Site;
    let cookie: string;
    let sessionId: string;

    beforeEach(async () => {
      const authenticator = passportOf();
      site = await Site.start({
        framework,
        middlewares: [authenticator.initialize(), authenticator.session(), flash()],
      });
      site.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('who', (err, session, ack) => ack(err ? err.code : session));
      });
      ({ cookie, sessionId } = await site.visitor());
    });
    afterEach(() => site.stop());

    it('50 requests that each set a key of their own leave 50 keys', async () => {
      let loaded = 0;
      const gate = new Gate();
      const visits = Array.from({ length: 50 }, (_, at) =>
        site.visit(cookie, async ({ session }) => {
          if (++loaded === 50) gate.open();
          await gate.pass();
          session[`test:${at}`] = at;
        }),
      );
      for (const { status } of await Promise.all(visits)) expect(status).to.equal(200);
      const record = await site.record(sessionId);
      const keys = Object.keys(record ?? {}).filter((key) => key.startsWith('test:'));
      expect(keys).to.have.length(50);
    });

    it('a slow handler after a logout revives nothing', async () => {
      const { status } = await site.visit(cookie, async ({ session }) => {
        await site.visit(cookie, (other) => new Promise((done) => other.session.destroy(done)));
        session['test:late'] = 1;
      });
      expect(status).to.equal(200);
      expect(await site.record(sessionId)).to.equal(undefined);
      expect(site.told).to.deep.equal([{ code: 'ERR_SESSION_ENDED', event: 'http' }]);
    });

    it('the session of a first visitor can be updated', async () => {
      const { status, result } = await site.visit(undefined, (request) =>
        site.expressionIO.update(request, (session) => {
          session.n = 42;
          return session.n;
        }),
      );
      expect({ status, result }).to.deep.equal({ status: 200, result: 42 });
    });

    it('flash messages are shown once, and lose nothing that others write', async () => {
      await site.visit(cookie, (request) => {
        flashOf(request)('info', 'one');
        flashOf(request)('info', 'two');
      });
      const { result } = await site.visit(cookie, async (request) => {
        const messages = flashOf(request)('info');
        await site.visit(cookie, (other) => {
          other.session['test:other'] = 1;
        });
        return messages;
      });
      expect(result).to.deep.equal(['one', 'two']);
      const again = await site.visit(cookie, (request) => flashOf(request)('info'));
      expect(again.result).to.deep.equal([]);
      expect(await site.record(sessionId)).to.have.property('test:other', 1);
    });

    for (const keepSessionInfo of [false, true]) {
      it(`Passport logs in and out, with ${JSON.stringify({ keepSessionInfo })}`, async () => {
        await site.visit(cookie, ({ session }) => {
          session['test:cart'] = 'full';
        });
        const before = await site.connect(cookie);
        const parted = received(before, 'disconnect');
        const login = await site.visit(cookie, async (request) => {
          await new Promise((done) =>
            request.login({ name: 'Ada' } as never, { keepSessionInfo, session: true }, done),
          );
          return request.sessionID;
        });
        expect(login.result).to.not.equal(sessionId);
        expect((await parted)[0]).to.be.oneOf(['transport close', 'transport error']);
        expect(await site.record(sessionId)).to.equal(undefined);
        const client = await site.connect(login.cookie);
        const seen = await whoIs(client);
        expect(seen).to.deep.include({ passport: { user: 'Ada' } });
        expect(seen['test:cart']).to.equal(keepSessionInfo ? 'full' : undefined);
        const user = await site.visit(login.cookie, async (request) => {
          // A handler that is under way as its visitor logs out.
          const logout = await site.visit(login.cookie, async (other) => {
            await new Promise((done) => other.logout({ keepSessionInfo }, done));
            return other.isAuthenticated();
          });
          expect(logout.result).to.equal(false);
          request.session['test:late'] = 1;
          return request.user;
        });
        expect(user.result).to.deep.equal({ name: 'Ada' });
        expect(await site.record(login.result)).to.equal(undefined);
        expect(site.told.map(({ code }) => code)).to.include('ERR_SESSION_ENDED');
      });
    }
  });
}

function flashOf(request: Request): (type: string, message?: string) => unknown {
  return request.flash.bind(request) as (type: string, message?: string) => unknown;
}

async function whoIs(client: Client): Promise<Record<string, unknown>> {
  return client.emitWithAck('who');
}
