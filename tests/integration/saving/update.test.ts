import { expect } from 'chai';
import type { ErrorContext, SessionLock, SocketSession } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { ProcessEvents } from '../../support/process-events.js';
import { Gate, holdNext, randomPace, SlowStore } from '../../support/slow-store.js';
import { overHttp, type Visitor, Visits } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

function increment(session: SocketSession): number {
  session.n = (session.n ?? 0) + 1;
  return session.n;
}

describe('update()', () => {
  let store: SlowStore;
  let app: App;
  let visits: Visits;
  let visitor: Visitor;
  let reports: [unknown, ErrorContext][];
  let onRelease: (() => Promise<void>) | undefined;

  beforeEach(async () => {
    reports = [];
    onRelease = undefined;
    store = new SlowStore();
    // Excludes nobody, and takes as long as a test likes: in this process, updates take turns anyway.
    const lock: SessionLock = {
      acquire: async () => ({ release: async () => onRelease?.() }),
    };
    app = await App.start({
      store,
      options: {
        lock,
        touch: false,
        onSessionEnd: 'ignore',
        onError: (error, context) => reports.push([error, context]),
      },
    });
    visits = new Visits(app);
    visitor = await visits.visitor();
  });
  afterEach(() => app.stop());

  const record = (): Record<string, unknown> => ({ ...store.record(visitor.sessionId) });

  describe('called many times at once', () => {
    it('loses none of 50 over two sockets', async () => {
      const other = await app.connect({ cookie: visitor.cookie });
      store.pace = randomPace(4);
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, at) =>
          visits.go(at % 2 ? visitor.client : other, (session) => session.update(increment)),
        ),
      );
      expect(record()).to.have.property('n', 50);
      expect(new Set(results).size).to.equal(50);
    });

    it('loses none of 50 over two sockets and 50 over HTTP', async () => {
      const other = await app.connect({ cookie: visitor.cookie });
      store.pace = randomPace(4);
      await Promise.all(
        Array.from({ length: 50 }, (_, at) => [
          visits.go(at % 2 ? visitor.client : other, (session) => session.update(increment)),
          overHttp(app, visitor.cookie, (request) =>
            app.expressionIO.update(request.sessionID, increment),
          ),
        ]).flat(),
      );
      expect(record()).to.have.property('n', 100);
    });

    it('loses none over listeners that save other keys meanwhile', async () => {
      store.pace = randomPace(4);
      await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          visitor.go(async (session) => {
            session[`test:${at}`] = at;
            await Promise.all([session.save(), session.update(increment)]);
          }),
        ),
      );
      expect(record()).to.have.property('n', 20);
      for (let at = 0; at < 20; at++) expect(record()).to.have.property(`test:${at}`, at);
    });
  });

  describe('with a function that fails', () => {
    const mistake = new Error('a mistake');
    const failing: Record<string, (session: SocketSession) => Promise<void>> = {
      throws: (session) => {
        session.n = 9;
        throw mistake;
      },
      rejects: async (session) => {
        session.n = 9;
        await Promise.resolve();
        throw mistake;
      },
    };

    for (const [what, change] of Object.entries(failing)) {
      it(`saves nothing, releases the lock, and passes the error on where it ${what}`, async () => {
        const outcome = await visitor.go(async (session) => [
          (await session.update(change).catch((error: unknown) => error)) === mistake,
          session.n,
          await session.update(increment),
        ]);
        expect(outcome).to.deep.equal([true, 0, 1]);
        expect(record()).to.have.property('n', 1);
      });

      it(`does the same for expressionIO.update() where it ${what}`, async () => {
        const { expressionIO } = app;
        const { sessionId } = visitor;
        const error = await expressionIO.update(sessionId, change).catch((error) => error);
        expect(error).to.equal(mistake);
        expect(await expressionIO.update(sessionId, increment)).to.equal(1);
      });
    }

    it('is reported to `onError` once where it is ignored, and is no unhandled rejection', async () => {
      const rejections = new ProcessEvents('unhandledRejection');
      try {
        await visitor.go((session) => {
          session.update(() => {
            throw mistake;
          });
        });
        await until(() => reports.length > 0);
        await visitor.go(() => {});
        expect(reports).to.have.length(1);
        expect(reports[0]?.[0]).to.equal(mistake);
        expect(reports[0]?.[1]).to.include({ event: 'go' });
        expect(rejections.values).to.deep.equal([]);
      } finally {
        rejections.stop();
      }
    });
  });

  it('leaves what an ignored update throws to Node.js, without `onError`', async () => {
    const mistake = new Error('a mistake');
    const exceptions = new ProcessEvents('uncaughtException');
    const silent = await App.start({ store });
    try {
      silent.expressionIO.sockets.on('connection', (_err, session) => {
        session?.update(() => {
          throw mistake;
        });
      });
      await silent.connect({ cookie: (await silent.login()).cookie });
      expect(await exceptions.first()).to.equal(mistake);
    } finally {
      exceptions.stop();
      await silent.stop();
    }
  });

  describe('of the session in hand', () => {
    it('shows the result in it', async () => {
      const outcome = await visitor.go(async (session) => {
        await overHttp(app, visitor.cookie, (request) => {
          request.session.visitor = { name: 'Grace', tags: [] };
        });
        const result = await session.update(increment);
        return [result, session.n, session.visitor?.name];
      });
      expect(outcome).to.deep.equal([1, 1, 'Grace']);
    });

    it('keeps its unsaved changes of other keys, which save() writes then', async () => {
      await visitor.go(async (session) => {
        session['test:mine'] = 1;
        delete session.visitor;
        await session.update(increment);
        expect(session).to.include({ n: 1, 'test:mine': 1 });
        expect(session).not.to.have.property('visitor');
        expect(record()).to.have.property('visitor');
        await session.save();
      });
      expect(record()).to.include({ n: 1, 'test:mine': 1 });
      expect(record()).not.to.have.property('visitor');
    });

    it('does not share values with the session of the function', async () => {
      await visitor.go(async (session) => {
        const tags = ['a'];
        await session.update((fresh) => {
          fresh['test:tags'] = tags;
        });
        tags.push('b');
        expect(session['test:tags']).to.deep.equal(['a']);
      });
    });

    it('is not undone by a save() that was called while it was under way', async () => {
      await visitor.go(async (session) => {
        const releasing = new Gate();
        onRelease = () => releasing.pass();
        const updated = session.update(increment);
        await releasing.reached;
        session['test:mine'] = 1;
        const looking = holdNext(store, 'get', 'after');
        const saved = session.save();
        await looking.reached;
        releasing.open();
        await updated;
        looking.open();
        await saved;
        expect(record()).to.include({ n: 1, 'test:mine': 1 });
        session['test:more'] = 1;
        await session.save();
      });
      expect(record()).to.include({ n: 1, 'test:mine': 1, 'test:more': 1 });
    });

    it('leaves in it what was saved from it while it was under way', async () => {
      await visitor.go(async (session) => {
        const releasing = new Gate();
        onRelease = () => releasing.pass();
        const updated = session.update(increment);
        await releasing.reached;
        session['test:mine'] = 1;
        await session.save();
        releasing.open();
        await updated;
        expect(session).to.include({ n: 1, 'test:mine': 1 });
      });
    });
  });

  it('fails with a TypeError for a bad argument', async () => {
    const { expressionIO } = app;
    const { sessionId } = visitor;
    for (const bad of [undefined, null, 'n', {}, 5]) {
      const outcome = await expressionIO.update(sessionId, bad as never).catch((error) => error);
      expect(outcome).to.be.instanceOf(TypeError);
    }
    for (const bad of [undefined, null, '', 5, {}]) {
      const outcome = await expressionIO.update(bad as never, increment).catch((error) => error);
      expect(outcome).to.be.instanceOf(TypeError);
    }
    const outcome = await visitor.go((session) =>
      session.update(undefined as never).catch((error: unknown) => error instanceof TypeError),
    );
    expect(outcome).to.equal(true);
  });

  it('writes nothing where the function changed nothing', async () => {
    const sets = store.count('set');
    expect(await visitor.go((session) => session.update(({ n }) => n))).to.equal(0);
    expect(store.count('set')).to.equal(sets);
  });
});
