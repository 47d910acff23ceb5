import { expect } from 'chai';
import type { SocketSession } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { SlowStore } from '../../support/slow-store.js';
import { overHttp, type Visitor, Visits } from '../../support/visits.js';

function increment(session: SocketSession): number {
  session.n = (session.n ?? 0) + 1;
  return session.n;
}

describe('Within update()', () => {
  let store: SlowStore;
  let app: App;
  let visits: Visits;
  let visitor: Visitor;

  beforeEach(async () => {
    store = new SlowStore();
    app = await App.start({ store, options: { touch: false, onSessionEnd: 'ignore' } });
    visits = new Visits(app);
    visitor = await visits.visitor();
  });
  afterEach(() => app.stop());

  const record = (): Record<string, unknown> => ({ ...store.record(visitor.sessionId) });

  it('a save() of the session that the function was given settles', async () => {
    await visitor.go(async (session) => {
      await session.update(async (fresh) => {
        fresh.n = 5;
        await fresh.save();
        expect(record()).to.have.property('n', 5);
        increment(fresh);
      });
    });
    expect(record()).to.have.property('n', 6);
  });

  it('a save() of the session in hand settles', async () => {
    await visitor.go(async (session) => {
      session['test:mine'] = 1;
      await session.update(async (fresh) => {
        await session.save();
        increment(fresh);
      });
    });
    expect(record()).to.include({ n: 1, 'test:mine': 1 });
  });

  it('an update() of the session that the function was given is a part of it', async () => {
    const outcome = await visitor.go((session) =>
      session.update(async (fresh) => {
        await fresh.update(increment);
        return fresh.update(increment);
      }),
    );
    expect(outcome).to.equal(2);
    expect(record()).to.have.property('n', 2);
  });

  it('an update() of another session settles', async () => {
    const other = await visits.visitor();
    await visitor.go((session) =>
      session.update(async (fresh) => {
        increment(fresh);
        await app.expressionIO.update(other.sessionId, increment);
      }),
    );
    expect(record()).to.have.property('n', 1);
    expect(store.record(other.sessionId)).to.have.property('n', 1);
  });

  it('an HTTP write of the same session settles', async () => {
    await visitor.go((session) =>
      session.update(async (fresh) => {
        await overHttp(app, visitor.cookie, (request) => {
          request.session['test:theirs'] = 1;
        });
        increment(fresh);
      }),
    );
    expect(record()).to.include({ n: 1, 'test:theirs': 1 });
  });
});
