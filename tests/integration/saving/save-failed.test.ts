import { expect } from 'chai';
import type { SocketSession } from '../../../source/index.js';
import { Engine } from '../../support/engine.js';
import { holdNext, SlowStore } from '../../support/slow-store.js';
import { codeOf } from '../../support/visits.js';

const sessionId = 'one';
const cookie = { path: '/', httpOnly: true, originalMaxAge: null };

describe('After a save that failed', () => {
  let store: SlowStore;
  let engine: Engine;

  beforeEach(() => {
    store = new SlowStore();
    store.records.set(sessionId, JSON.stringify({ cookie, n: 0 }));
    engine = new Engine(store, { maxPending: 2 });
  });
  afterEach(() => engine.close());

  const record = (): Record<string, unknown> => ({ ...store.record(sessionId) });

  async function open(): Promise<SocketSession> {
    const session = await engine.open(sessionId);
    if (session === undefined) throw new Error('there is no session');
    return session;
  }

  /** Begins a save, and does something else before the save fails. */
  async function failDuring(session: SocketSession, task: () => Promise<unknown>): Promise<void> {
    const gate = holdNext(store, 'set');
    const outcome = codeOf(session.save());
    await gate.reached;
    await task();
    store.failing.add('set');
    gate.open();
    expect(await outcome).to.equal('ERR_SESSION_STORE');
    store.failing.clear();
  }

  it('the next save deletes nothing when the session was reloaded meanwhile', async () => {
    const session = await open();
    session.n = 5;
    await failDuring(session, () => Promise.resolve(session.reload()));
    expect(session.n).to.equal(0);
    session['test:other'] = 1;
    await session.save();
    expect(record()).to.include({ n: 0, 'test:other': 1 });
  });

  it('the next save writes nothing of it when a frozen session was reloaded meanwhile', async () => {
    const session = await open();
    session.n = 5;
    store.failing.add('set');
    expect(await codeOf(session.save())).to.equal('ERR_SESSION_STORE');
    store.failing.clear();
    Object.freeze(session);
    await session.reload();
    await session.save();
    expect(record()).to.have.property('n', 0);
  });

  it('the next save writes what it could not write, though earlier saves ended after it', async () => {
    const session = await open();
    const gate = holdNext(store, 'set');
    session.n = 1;
    const saves = [codeOf(session.save())];
    await gate.reached;
    session['test:other'] = 1;
    saves.push(codeOf(session.save()));
    session.n = 3;
    saves.push(codeOf(session.save()));
    session.n = 4;
    expect(await codeOf(session.save())).to.equal('ERR_SESSION_OVERLOAD');
    gate.open();
    expect(await Promise.all(saves)).to.deep.equal(['fulfilled', 'fulfilled', 'fulfilled']);
    expect(record()).to.include({ n: 3, 'test:other': 1 });
    await session.save();
    expect(record()).to.include({ n: 4, 'test:other': 1 });
  });

  it('an earlier save does not write what it could not write', async () => {
    const session = await open();
    const gate = holdNext(store, 'set');
    const saves = [1, 2, 3].map((n) => {
      session.n = n;
      return codeOf(session.save());
    });
    await gate.reached;
    session['test:other'] = 1;
    expect(await codeOf(session.save())).to.equal('ERR_SESSION_OVERLOAD');
    gate.open();
    expect(await Promise.all(saves)).to.deep.equal(['fulfilled', 'fulfilled', 'fulfilled']);
    expect(record()).to.include({ n: 3 }).and.not.have.property('test:other');
  });
});
