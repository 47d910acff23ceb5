import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import type { Request, RequestHandler } from 'express';
import session, { MemoryStore } from 'express-session';
import { type Handler, Site } from '../../support/site.js';
import { forEachStore } from '../../support/store-kinds.js';
import { codeOf } from '../../support/visits.js';

type Session = Parameters<Handler<unknown>>[0]['session'];

function count(fresh: { n?: number }): number {
  fresh.n = (fresh.n ?? 0) + 1;
  return fresh.n;
}

describe('update(request, change)', () => {
  forEachStore((_kind, openStore) => {
    for (const saveUninitialized of [false, true]) {
      for (const resave of [false, true]) {
        describe(`and ${JSON.stringify({ saveUninitialized, resave })}`, () => {
          let site: Site;

          beforeEach(async () => {
            site = await Site.start({
              ...(await openStore()),
              session: { saveUninitialized, resave },
            });
          });
          afterEach(() => site.stop());

          it('stores the session of a first visitor, who has it from then on', async () => {
            const first = await site.visit(undefined, async (request) => {
              const n = await site.expressionIO.update(request, count);
              return [n, request.session.n, request.sessionID];
            });
            const [, , sessionId] = first.result;
            expect(first).to.deep.include({ status: 200, result: [1, 1, sessionId] });
            expect(first.setCookie).to.be.a('string');
            expect(await site.record(String(sessionId))).to.have.property('n', 1);
            const second = await site.visit(first.cookie, (request) =>
              site.expressionIO.update(request, count),
            );
            expect(second.result).to.equal(2);
          });

          it('loses none of several at once on a new session', async () => {
            const { result } = await site.visit(undefined, async (request) => {
              const counts = [1, 2, 3].map(() => site.expressionIO.update(request, count));
              const found = (await Promise.all(counts)).sort();
              return [found, request.session.n, request.sessionID];
            });
            expect(result.slice(0, 2)).to.deep.equal([[1, 2, 3], 3]);
            expect(await site.record(String(result[2]))).to.have.property('n', 3);
          });

          it('shows what others wrote, and lets the handler go on with it', async () => {
            const { cookie, result: sessionId } = await site.visit(undefined, (request) => {
              request.session.n = 0;
              request.session['test:deleted'] = 1;
              return request.sessionID;
            });
            const { result } = await site.visit(cookie, async (request) => {
              request.session['test:unsaved'] = 1;
              await site.visit(cookie, (other) => {
                other.session['test:other'] = 1;
                delete other.session['test:deleted'];
              });
              await site.expressionIO.update(request, count);
              const shown = { ...request.session, cookie: undefined };
              await site.visit(cookie, (other) => {
                other.session['test:other'] = 2;
                count(other.session);
              });
              request.session['test:later'] = 1;
              return shown;
            });
            expect(result).to.deep.equal({ n: 1, 'test:other': 1, 'test:unsaved': 1 });
            const { cookie: _cookie, ...data } = (await site.record(sessionId)) ?? {};
            expect(data).to.deep.equal({
              n: 2,
              'test:other': 2,
              'test:unsaved': 1,
              'test:later': 1,
            });
          });

          it('lets the handler undo what it has changed', async () => {
            const { cookie } = await site.visitor();
            for (const visitor of [cookie, undefined]) {
              const { result } = await site.visit(visitor, async (request) => {
                const { n } = request.session;
                await site.expressionIO.update(request, (fresh) => {
                  fresh.n = 5;
                  fresh['test:isBusy'] = true;
                });
                Object.assign(request.session, { n });
                delete request.session['test:isBusy'];
                return { n, sessionId: request.sessionID };
              });
              const { cookie: _cookie, ...data } = (await site.record(result.sessionId)) ?? {};
              expect(data).to.deep.equal(visitor === undefined ? {} : { n: 0 });
            }
          });

          it('lets the handler undo what another request has changed', async () => {
            const { cookie, sessionId } = await site.visitor();
            await site.visit(cookie, async (request) => {
              await site.visit(cookie, (other) => {
                other.session.n = 5;
              });
              await site.expressionIO.update(request, () => {});
              request.session.n = 0;
            });
            expect(await site.record(sessionId)).to.have.property('n', 0);
          });

          it('lets the application replace `save` by a function that reads the session', async () => {
            const { cookie, sessionId } = await site.visitor();
            const { result } = await site.visit(cookie, async (request) => {
              request.session.visitor = { name: 'Ann', tags: [] };
              const { save } = request.session;
              request.session.save = function (callback) {
                expect(this.visitor?.name).to.equal('Ann');
                return save.call(this, callback);
              };
              return codeOf(site.expressionIO.update(request, count));
            });
            expect(result).to.equal('fulfilled');
            expect(await site.record(sessionId)).to.have.property('n', 1);
          });

          it('passes an error of the change on, and saves nothing', async () => {
            const { cookie, sessionId } = await site.visitor();
            const mistake = new Error('a mistake');
            const { result } = await site.visit(cookie, async (request) => {
              const outcome = await codeOf(
                site.expressionIO.update(request, (fresh) => {
                  fresh.n = 42;
                  throw mistake;
                }),
              );
              return outcome === mistake;
            });
            expect(result).to.equal(true);
            expect(await site.record(sessionId)).to.have.property('n', 0);
          });

          it('rejects with ERR_SESSION_ENDED where the session has ended meanwhile', async () => {
            const { cookie, sessionId } = await site.visitor();
            const { result } = await site.visit(cookie, async (request) => {
              await site.visit(cookie, (other) => destroyed(other.session));
              return codeOf(site.expressionIO.update(request, count));
            });
            expect(result).to.equal('ERR_SESSION_ENDED');
            expect(await site.record(sessionId)).to.equal(undefined);
          });
        });
      }
    }
  });

  describe('of something else', () => {
    let site: Site;

    beforeEach(async () => {
      site = await Site.start();
    });
    afterEach(() => site.stop());

    it('is a TypeError for a request without a session', async () => {
      const { result } = await site.visit(undefined, async (request) => {
        await destroyed(request.session);
        return messageOf(site.expressionIO.update(request, count));
      });
      expect(result).to.match(
        /^TypeError: `update`: expected a request with a session.* got one without/,
      );
    });

    it('is a TypeError for a request that `session()` has not seen', async () => {
      const request = new IncomingMessage(new Socket());
      const message = await messageOf(site.expressionIO.update(request as Request, count));
      expect(message).to.match(
        /^TypeError: `update`: expected a request with a session.* got one without; put `session\(/,
      );
    });

    it('is a TypeError for a request that `session()` passed on while the store was disconnected', async () => {
      site.store.emit('disconnect');
      const { result } = await site.visit(undefined, (request) =>
        messageOf(site.expressionIO.update(request, count)),
      );
      expect(result).to.match(
        /^TypeError: `update`: expected a request with a session.* got one without/,
      );
    });

    it('is a TypeError for a session of another store', async () => {
      const otherSession = session({
        secret: 'another',
        store: new MemoryStore(),
        resave: false,
        saveUninitialized: false,
      });
      const withOtherStore: RequestHandler = (request, response, next) => {
        Reflect.deleteProperty(request, 'session');
        otherSession(request, response, next);
      };
      const other = await Site.start({
        middlewares: [withOtherStore],
      });
      try {
        const { result } = await other.visit(undefined, (request) =>
          messageOf(site.expressionIO.update(request, count)),
        );
        expect(result).to.match(/^TypeError: .* got one with a session of another store/);
      } finally {
        await other.stop();
      }
    });

    it('says that the session may never have been stored, for an id', async () => {
      const { result } = await site.visit(undefined, (request) =>
        messageOf(site.expressionIO.update(request.sessionID, count)),
      );
      expect(result).to.match(/^SessionError.*never (been )?(saved|stored)/);
    });
  });
});

function destroyed(own: Session): Promise<unknown> {
  return new Promise((resolve) => own.destroy(resolve));
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  try {
    return String(await promise);
  } catch (error) {
    return String(error);
  }
}
