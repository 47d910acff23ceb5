import { expect } from 'chai';
import { MemoryStore, type SessionData } from 'express-session';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { Deadlines } from '../../source/deadlines.js';
import { ActiveWrites } from '../../source/session/active-writes.js';
import type { SessionRecord } from '../../source/session/record.js';
import { StoreWrites } from '../../source/session/store-writes.js';
import type { RecordChange, RewriteRecord } from '../../source/types/options.js';
import { ProcessEvents } from '../support/process-events.js';

const id = 'a session';
const record: SessionRecord = { cookie: {} };

describe('StoreWrites', () => {
  let clock: SinonFakeTimers;
  let active: ActiveWrites;
  let absent: string[];
  let called: string[];
  /** What the lost saves are told. */
  let told: string[];

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    active = new ActiveWrites(new Deadlines(100));
    absent = [];
    called = [];
    told = [];
  });
  afterEach(() => clock.restore());

  function create(rewrite?: RewriteRecord): StoreWrites {
    return new StoreWrites(new MemoryStore(), {
      options: { storeTimeout: 100, rewrite },
      // A store that does not answer.
      hooks: { call: (name, sessionId) => called.push(`${name} ${sessionId}`) },
      turns: { active },
      // Only the store uses methods of the session.
      factory: { forStore: (_sessionId, session) => session as object as SessionData },
      lostSaves: {
        beforeCall: () => void told.push('beforeCall'),
        settled: () => void told.push('settled'),
        answered: () => void told.push('answered'),
      },
      absent: (sessionId) => absent.push(sessionId),
    });
  }

  for (const name of ['set', 'touch'] as const) {
    it(`call ${name} of the store, and reject at the deadline`, async () => {
      const write = active.begin(id);
      const failure = create()
        [name](write, record)
        .catch(({ code }) => code);
      expect(called).to.deep.equal([`${name} ${id}`]);
      expect(write.keepsTurn).to.equal(name === 'set');
      await clock.tickAsync(100);
      expect(await failure).to.equal('ERR_SESSION_STORE_TIMEOUT');
      expect(told).to.deep.equal(['beforeCall', 'settled']);
    });
  }

  it('follow what others give to the store, and reject nothing if it is not answered in time', async () => {
    const rejections = new ProcessEvents('unhandledRejection');
    const answered = create().given(active.begin(id), record);
    await clock.tickAsync(100);
    await new Promise(setImmediate);
    rejections.stop();
    expect(rejections.values).to.deep.equal([]);
    expect(told).to.deep.equal(['beforeCall', 'settled']);
    answered();
    expect(told).to.deep.equal(['beforeCall', 'settled', 'answered']);
  });

  describe('by `rewrite`', () => {
    it('give it the changed record as a session that is part of the write, or nothing to write', async () => {
      const write = active.begin(id);
      const given: unknown[] = [];
      const writes = create(async (_sessionId, change) => void given.push(change(record)));
      await writes.rewrite(write, () => ({ ...record, n: 1 }), undefined);
      await writes.rewrite(write, () => undefined, undefined);
      expect(given).to.deep.equal([{ cookie: {}, n: 1 }, undefined]);
      expect(active.writeOf(Object(given[0]), id)).to.equal(write);
      expect(absent).to.deep.equal([]);
    });

    it('tell of a session that the store does not have', async () => {
      const writes = create(async (_sessionId, change) => void change(null));
      await writes.rewrite(active.begin(id), () => undefined, undefined);
      expect(absent).to.deep.equal([id]);
    });

    it('change nothing more once the deadline has passed', async () => {
      let late: RecordChange | undefined;
      const writes = create((_sessionId, change) => {
        late = change;
        return new Promise(() => {});
      });
      const rewritten = writes.rewrite(active.begin(id), () => record, undefined);
      const failure = rewritten.catch(({ code }) => code);
      await clock.tickAsync(100);
      expect(await failure).to.equal('ERR_SESSION_STORE_TIMEOUT');
      expect(() => late?.(record)).to.throw('The deadline of the write has passed');
    });
  });
});
