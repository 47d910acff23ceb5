import { expect } from 'chai';
import type { SocketSession } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { holdNext, SlowStore } from '../../support/slow-store.js';
import { codeOf, type Visitor, Visits } from '../../support/visits.js';

function increment(session: SocketSession): number {
  session.n = (session.n ?? 0) + 1;
  return session.n;
}

describe('update() of a session that ends', () => {
  let store: SlowStore;
  let app: App;
  let visitor: Visitor;

  beforeEach(async () => {
    store = new SlowStore();
    app = await App.start({ store, options: { touch: false, onSessionEnd: 'ignore' } });
    visitor = await new Visits(app).visitor();
  });
  afterEach(() => app.stop());

  it('does not make the logout wait, and ends with ERR_SESSION_ENDED', async () => {
    const outcome = await visitor.go((session) =>
      codeOf(
        session.update(async (fresh) => {
          await app.logout(visitor.cookie);
          increment(fresh);
        }),
      ),
    );
    expect(outcome).to.equal('ERR_SESSION_ENDED');
    expect(store.record(visitor.sessionId)).to.equal(undefined);
  });

  it('ends with ERR_SESSION_ENDED also where the function changed nothing', async () => {
    const outcome = await visitor.go((session) =>
      codeOf(session.update(() => app.logout(visitor.cookie))),
    );
    expect(outcome).to.equal('ERR_SESSION_ENDED');
  });

  it('ends with ERR_SESSION_ENDED where the function itself logs out', async () => {
    const outcome = await visitor.go((session) =>
      codeOf(session.update((fresh) => fresh.destroy())),
    );
    expect(outcome).to.equal('ERR_SESSION_ENDED');
    expect(store.record(visitor.sessionId)).to.equal(undefined);
  });

  it('ends with ERR_SESSION_ENDED where it waits for the lock, without calling the function', async () => {
    let isCalled = false;
    const outcome = await visitor.go(async (session) => {
      const first = codeOf(session.update(() => app.logout(visitor.cookie)));
      const second = codeOf(
        session.update(() => {
          isCalled = true;
        }),
      );
      return [await first, await second];
    });
    expect(outcome).to.deep.equal(['ERR_SESSION_ENDED', 'ERR_SESSION_ENDED']);
    expect(isCalled).to.equal(false);
  });

  it('ends with ERR_SESSION_ENDED where the logout comes during its own write', async () => {
    const outcome = await visitor.go(async (session) => {
      const gate = holdNext(store, 'set');
      const updated = codeOf(session.update(increment));
      await gate.reached;
      await app.logout(visitor.cookie);
      gate.open();
      return updated;
    });
    expect(outcome).to.equal('ERR_SESSION_ENDED');
    expect(store.record(visitor.sessionId)).to.equal(undefined);
  });

  it('ends with ERR_SESSION_ENDED for a session that never existed', async () => {
    expect(await codeOf(app.expressionIO.update('nobody', increment))).to.equal(
      'ERR_SESSION_ENDED',
    );
    expect(store.record('nobody')).to.equal(undefined);
  });
});
