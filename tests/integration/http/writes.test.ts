import { expect } from 'chai';
import type { SessionData } from 'express-session';
import { Site } from '../../support/site.js';
import { Gate } from '../../support/slow-store.js';
import { forEachStore } from '../../support/store-kinds.js';
import { codeOf } from '../../support/visits.js';

const fifty = Array.from({ length: 50 }, (_, at) => at);

describe('What HTTP handlers write', () => {
  forEachStore((_kind, openStore) => {
    let site: Site;
    let cookie: string;
    let sessionId: string;

    beforeEach(async () => {
      site = await Site.start(await openStore());
      ({ cookie, sessionId } = await site.visitor());
    });
    afterEach(() => site.stop());

    it('is kept, of 50 requests at once that each set a key of their own', async () => {
      await atOnce(
        fifty.map((at) => (session) => {
          session[`test:${at}`] = at;
        }),
      );
      expect(await site.record(sessionId)).to.include(keysOf(fifty));
    });

    it('is written whole for a new session', async () => {
      const first = await site.visit(undefined, ({ session, sessionID }) => {
        session.n = 1;
        session.visitor = { name: 'Ada', tags: ['new'] };
        return sessionID;
      });
      const { cookie: stored, ...data } = (await site.record(first.result)) ?? {};
      expect(data).to.deep.equal({ n: 1, visitor: { name: 'Ada', tags: ['new'] } });
      expect(stored).to.have.property('path', '/');
    });

    it('is written whole for a new session that is made from the data of another', async () => {
      await write((session) => {
        session.visitor = { name: 'Ada', tags: [] };
      });
      const copy = await site.visit(undefined, async (request) => {
        const { sessionStore, sessionID } = request;
        const record = await new Promise<SessionData | null | undefined>((resolve) =>
          sessionStore.get(sessionId, (_error, found) => resolve(found)),
        );
        if (!record) throw new Error('Expected a record');
        sessionStore.createSession(request, record);
        await saved(request.session);
        return sessionID;
      });
      expect(await site.record(copy.result)).to.have.deep.property('visitor', {
        name: 'Ada',
        tags: [],
      });
    });

    it('is only what a new session changes once it is stored', async () => {
      const first = await site.visit(undefined, async ({ session, sessionID }) => {
        session.n = 1;
        await saved(session);
        await site.expressionIO.update(sessionID, (fresh) => {
          fresh['test:other'] = 1;
        });
        session['test:mine'] = 1;
        return sessionID;
      });
      expect(await site.record(first.result)).to.include({ n: 1, 'test:other': 1, 'test:mine': 1 });
    });

    it('is kept, and so is what sockets and updates write at once', async () => {
      site.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('save', async (err, session, key: `test:${string}`, ack) => {
          if (err) return ack(err.code);
          session[key] = Number(key.slice(5));
          ack(await codeOf(session.save()));
        });
        socket.sessOn('count', async (err, session, ack) => {
          if (err) return ack(err.code);
          ack(
            await codeOf(
              session.update((fresh) => {
                fresh.n = Number(fresh.n) + 1;
              }),
            ),
          );
        });
      });
      const clients = [await site.connect(cookie), await site.connect(cookie)];
      const works = fifty.map((at) => {
        const client = clients[at % 2];
        if (at % 5 === 0) return client?.emitWithAck('count');
        if (at % 5 === 1) return client?.emitWithAck('save', `test:${at}`);
        return site.visit(cookie, async (request) => {
          if (at % 5 === 2) {
            await site.expressionIO.update(request, (fresh) => {
              fresh.n = Number(fresh.n) + 1;
            });
          } else if (at % 5 === 3) {
            await site.expressionIO.update(sessionId, (fresh) => {
              fresh.n = Number(fresh.n) + 1;
            });
          }
          request.session[`test:${at}`] = at;
        });
      });
      const answers = await Promise.all(works);
      for (const answer of answers) {
        expect(typeof answer === 'object' ? answer.status : answer).to.be.oneOf([200, 'fulfilled']);
      }
      const written = fifty.filter((at) => at % 5 !== 0);
      expect(await site.record(sessionId)).to.include({ n: 30, ...keysOf(written) });
    });

    it('keeps what others changed and deleted while the request was under way', async () => {
      await write((session) => {
        session['test:changed'] = 'old';
        session['test:deleted'] = 'old';
        session.visitor = { name: 'Ada', tags: ['old'] };
      });
      await during(
        (session) => {
          session['test:mine'] = 1;
        },
        (session) => {
          session['test:changed'] = 'new';
          delete session['test:deleted'];
          session.visitor?.tags.push('new');
        },
      );
      const record = await site.record(sessionId);
      expect(record).to.include({ 'test:changed': 'new', 'test:mine': 1, n: 0 });
      expect(record).to.not.have.property('test:deleted');
      expect(record?.visitor).to.deep.equal({ name: 'Ada', tags: ['old', 'new'] });
    });

    it('is what the request changed, deleted, or changed deep inside', async () => {
      await write((session) => {
        session['test:deleted'] = 1;
        session.visitor = { name: 'Ada', tags: [] };
      });
      await during(
        (session) => {
          delete session['test:deleted'];
          session.visitor?.tags.push('mine');
        },
        (session) => {
          session['test:other'] = 1;
        },
      );
      const record = await site.record(sessionId);
      expect(record).to.include({ 'test:other': 1 }).and.not.have.property('test:deleted');
      expect(record?.visitor).to.deep.equal({ name: 'Ada', tags: ['mine'] });
    });

    for (const how of ['destroy', 'regenerate'] as const) {
      it(`revives no session that has ended by ${how}() meanwhile`, async () => {
        const gate = new Gate();
        const slow = site.visit(cookie, async ({ session }) => {
          await gate.pass();
          session['test:late'] = 1;
          return 'an answer';
        });
        await gate.reached;
        const login = await site.visit(cookie, async (request) => {
          await new Promise<unknown>((resolve) => request.session[how](resolve));
        });
        expect(login.status).to.equal(200);
        gate.open();
        expect(await slow).to.include({ status: 200, result: 'an answer' });
        expect(await site.record(sessionId)).to.equal(undefined);
        expect(site.told).to.deep.equal([{ code: 'ERR_SESSION_ENDED', event: 'http' }]);
      });
    }

    it('revives none by an explicit save, which calls back as before', async () => {
      const gate = new Gate();
      const slow = site.visit(cookie, async ({ session }) => {
        await gate.pass();
        session['test:late'] = 1;
        return new Promise((resolve) => session.save((error) => resolve(error ?? 'saved')));
      });
      await gate.reached;
      await site.visit(cookie, ({ session }) => new Promise((done) => session.destroy(done)));
      gate.open();
      expect(await slow).to.include({ status: 200, result: 'saved' });
      expect(await site.record(sessionId)).to.equal(undefined);
      expect(site.told[0]).to.deep.equal({ code: 'ERR_SESSION_ENDED', event: 'http' });
    });

    it('may be saved several times in one request, with the writes of others between', async () => {
      await site.visit(cookie, async ({ session }) => {
        session['test:first'] = 1;
        await saved(session);
        await write((other) => {
          other['test:first'] = 'by another';
        });
        session['test:second'] = 2;
        await saved(session);
        await write((other) => {
          other['test:second'] = 'by another';
        });
        session['test:third'] = 3;
      });
      expect(await site.record(sessionId)).to.include({
        'test:first': 'by another',
        'test:second': 'by another',
        'test:third': 3,
      });
    });

    it('is what the request had last, where it changes a value back while it is saved', async () => {
      await write((session) => {
        session['test:kept'] = 1;
      });
      await site.visit(cookie, async ({ session }) => {
        session['test:taken back'] = 1;
        session.n = 42;
        delete session['test:kept'];
        const first = saved(session);
        delete session['test:taken back'];
        session.n = 0;
        session['test:kept'] = 1;
        await Promise.all([first, saved(session)]);
      });
      const record = await site.record(sessionId);
      expect(record).to.include({ n: 0, 'test:kept': 1 }).and.not.have.property('test:taken back');
    });

    it('begins anew after a reload', async () => {
      await site.visit(cookie, async (request) => {
        request.session['test:dropped'] = 1;
        await write((other) => {
          other['test:other'] = 1;
        });
        await new Promise<unknown>((resolve) => request.session.reload(resolve));
        expect(request.session)
          .to.include({ 'test:other': 1 })
          .and.not.have.property('test:dropped');
        await write((other) => {
          other['test:other'] = 2;
        });
        request.session['test:mine'] = 1;
      });
      const record = await site.record(sessionId);
      expect(record).to.include({ 'test:other': 2, 'test:mine': 1 });
      expect(record).to.not.have.property('test:dropped');
    });

    type Session = Parameters<Parameters<Site['visit']>[1]>[0]['session'];

    /** Writes in a request of its own. */
    async function write(work: (session: Session) => void): Promise<void> {
      const { status } = await site.visit(cookie, ({ session }) => work(session));
      expect(status).to.equal(200);
    }

    /** Lets requests work on the session when all of them have loaded it. */
    async function atOnce(works: readonly ((session: Session) => void)[]): Promise<void> {
      let loaded = 0;
      const gate = new Gate();
      const visits = works.map((work) =>
        site.visit(cookie, async ({ session }) => {
          if (++loaded === works.length) gate.open();
          await gate.pass();
          work(session);
        }),
      );
      for (const { status } of await Promise.all(visits)) expect(status).to.equal(200);
    }

    /** Lets a request work, while another one loads, writes and ends. */
    async function during(work: (session: Session) => void, other: typeof work): Promise<void> {
      const { status } = await site.visit(cookie, async ({ session }) => {
        await write(other);
        work(session);
      });
      expect(status).to.equal(200);
    }
  });
});

function saved(session: { save(callback: (error: unknown) => void): unknown }): Promise<void> {
  return new Promise((resolve, reject) => {
    session.save((error) => (error ? reject(error) : resolve()));
  });
}

function keysOf(numbers: readonly number[]): Record<string, number> {
  return Object.fromEntries(numbers.map((at) => [`test:${at}`, at]));
}
