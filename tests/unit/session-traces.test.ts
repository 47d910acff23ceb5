import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import type { UpdateTrace, WriteTrace } from '../../source/diagnostics.js';
import type { SocketSession } from '../../source/index.js';
import { Engine } from '../support/engine.js';
import { SlowStore } from '../support/slow-store.js';

const sessionId = 'one';
const cookie = { path: '/', httpOnly: true, originalMaxAge: null };
const writes = 'tracing:expression.socket.io:write:start';
const updates = 'tracing:expression.socket.io:update:asyncEnd';

describe('A tracer', () => {
  let store: SlowStore;
  let engine: Engine;
  let session: SocketSession;
  let operations: string[];
  let waits: (number | undefined)[];
  const onWrite = (trace: unknown): void => void operations.push((trace as WriteTrace).operation);
  const onUpdate = (trace: unknown): void => void waits.push((trace as UpdateTrace).waited);

  beforeEach(async () => {
    operations = [];
    waits = [];
    store = new SlowStore();
    store.records.set(sessionId, JSON.stringify({ cookie, n: 0 }));
    engine = new Engine(store);
    const opened = await engine.open(sessionId);
    if (opened === undefined) throw new Error('There is no session');
    session = opened;
    subscribe(writes, onWrite);
    subscribe(updates, onUpdate);
  });
  afterEach(() => {
    unsubscribe(writes, onWrite);
    unsubscribe(updates, onUpdate);
    engine.close();
  });

  it('sees a save', async () => {
    session.n = 1;
    await session.save();
    expect(operations).to.deep.equal(['save']);
  });

  it('sees the touch of a save that changes nothing', async () => {
    await session.save();
    expect(operations).to.deep.equal(['save', 'touch']);
  });

  it('sees a logout', async () => {
    await session.destroy();
    expect(operations).to.deep.equal(['destroy']);
  });

  it('sees the write of a request', async () => {
    const request = { sessionID: sessionId, sessionStore: store };
    const loaded = store.createSession(request as never, { cookie, n: 0 } as never);
    loaded.n = 1;
    await new Promise((resolve) => store.set(sessionId, loaded, resolve));
    expect(operations).to.deep.equal(['http']);
  });

  it('sees an update, and how long it has waited for the lock', async () => {
    await session.update(() => {});
    expect(waits).to.have.length(1);
    expect(waits[0]).to.be.within(0, performance.now());
  });
});
