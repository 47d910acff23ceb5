import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { Deadlines } from '../../source/deadlines.js';
import { ActiveWrites } from '../../source/session/active-writes.js';
import { LostSaves } from '../../source/session/lost-saves.js';
import type { SessionRecord } from '../../source/session/record.js';
import type { Write } from '../../source/session/write.js';

const id = 'a session';

function record(values: object = {}): SessionRecord {
  return { cookie: {}, ...values };
}

function changes(values: object): Map<string, unknown> {
  return new Map(Object.entries(values));
}

describe('LostSaves', () => {
  let clock: SinonFakeTimers;
  let active: ActiveWrites;
  let lost: LostSaves;
  let repaired: string[];
  let canRepair: boolean;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    repaired = [];
    canRepair = true;
    active = new ActiveWrites(new Deadlines(100));
    lost = create();
  });
  afterEach(() => clock.restore());

  function create(): LostSaves {
    return new LostSaves(active, async (sessionId) => {
      repaired.push(sessionId);
      return canRepair;
    });
  }

  /** A write that reads its session. */
  function begin(sessionId = id): Write {
    const write = active.begin(sessionId);
    lost.reads(write);
    return write;
  }

  /** A write that misses its deadline; it lands when what this returns is called. */
  function giveUp(values: object, sessionId = id, write = begin(sessionId)): () => Promise<void> {
    lost.issued(write, record(values));
    lost.settled(write);
    active.end(write);
    return async () => {
      lost.answered(write);
      await turn();
    };
  }

  /** The store answers a write in time. */
  async function land(write: Write, values: object, of = lost): Promise<void> {
    of.issued(write, record(values));
    of.answered(write);
    of.settled(write);
    active.end(write);
    await turn();
  }

  /** Changes are saved; what this returns takes them back. */
  function save(values: object, sessionId = id): () => void {
    const write = active.begin(sessionId);
    lost.wrote(write, changes(values));
    active.end(write);
    return () => lost.takeBack(write, changes(values));
  }

  /** What is made of a record that was found. */
  function repair(values: object, sessionId = id): Record<string, unknown> {
    const { cookie: _cookie, ...data } = lost.repaired(sessionId, record(values));
    return data;
  }

  it('repairs what a late write has erased, and nothing that others changed since', () => {
    giveUp({ n: 0, list: [1], other: 1 });
    save({ n: 1, list: [1, 2] });
    const whole = { n: 1, list: [1, 2], other: 1 };
    expect(repair({ n: 0, list: [1], other: 1 })).to.deep.equal(whole);
    expect(repair({ n: 7, list: [1], other: 2 })).to.deep.equal({ ...whole, n: 7, other: 2 });
  });

  it('leaves a record as it is where nothing was erased', () => {
    giveUp({ n: 1 });
    save({ n: 2 });
    for (const found of [record({ n: 2 }), record({ n: 3 }), record()]) {
      expect(lost.repaired(id, found)).to.equal(found);
    }
  });

  it('adds again what was added, and removes again what was removed', () => {
    giveUp({ gone: 1 });
    save({ gone: undefined, added: new Date(0) });
    expect(repair({ gone: 1 })).to.deep.equal({ added: new Date(0) });
  });

  it('knows dates as a store returns them', () => {
    giveUp({ at: new Date(0) });
    save({ at: new Date(1) });
    expect(repair({ at: '1970-01-01T00:00:00.000Z' })).to.deep.equal({ at: new Date(1) });
    expect(repair({ at: new Date(0) })).to.deep.equal({ at: new Date(1) });
  });

  it('repairs the cookie, whose date alone is no difference', () => {
    const cookie = (originalMaxAge: number, date: number): SessionRecord => ({
      cookie: { originalMaxAge, expires: new Date(date) },
    });
    giveUp(cookie(1_000, 1));
    save(cookie(5_000, 2));
    expect(lost.repaired(id, cookie(1_000, 3))).to.deep.equal(cookie(5_000, 2));
    const found = cookie(5_000, 4);
    expect(lost.repaired(id, found)).to.equal(found);
  });

  it('repairs by the last of what was saved, whichever write has erased it', () => {
    giveUp({ n: 0 });
    save({ n: 1 });
    giveUp({ n: 5 });
    save({ n: 2 });
    expect([repair({ n: 0 }), repair({ n: 5 }), repair({ n: 1 })]).to.deep.equal([
      { n: 2 },
      { n: 2 },
      { n: 1 },
    ]);
  });

  it('takes back what failed, to what was saved before it', () => {
    giveUp({ n: 1, m: 1 });
    save({ n: 2 });
    save({ n: 3, m: 3 })();
    expect(repair({ n: 1, m: 1 })).to.deep.equal({ n: 2, m: 1 });
  });

  it('takes nothing back that was saved after what failed', () => {
    giveUp({ n: 1 });
    const takeBack = save({ n: 2 });
    save({ n: 3 });
    takeBack();
    expect(repair({ n: 1 })).to.deep.equal({ n: 3 });
  });

  it('keeps sessions apart', async () => {
    const answer = giveUp({ n: 1 });
    save({ n: 2 }, 'another');
    expect(repair({ n: 1 })).to.deep.equal({ n: 1 });
    expect(repair({ n: 1 }, 'another')).to.deep.equal({ n: 1 });
    await answer();
    expect(repaired).to.deep.equal([]);
  });

  it('asks for a repair once the write has landed, and forgets it then', async () => {
    const answer = giveUp({ n: 0 });
    save({ n: 1 });
    await answer();
    await answer();
    expect(repaired).to.deep.equal([id]);
    expect(repair({ n: 0 })).to.deep.equal({ n: 0 });
    expect(active.of(id)).to.deep.equal([]);
  });

  it('asks for none where nothing was saved since', async () => {
    const answer = giveUp({ n: 0 });
    expect(repair({ n: 0 })).to.deep.equal({ n: 0 });
    await answer();
    expect(repaired).to.deep.equal([]);
    save({ n: 1 });
    expect(repair({ n: 0 })).to.deep.equal({ n: 0 });
  });

  it('asks again, after longer and longer pauses, until the session is repaired', async () => {
    canRepair = false;
    const answer = giveUp({ n: 0 });
    save({ n: 1 });
    await answer();
    expect(repair({ n: 0 })).to.deep.equal({ n: 1 });
    await clock.tickAsync(100);
    expect(repaired).to.have.length(2);
    await clock.tickAsync(199);
    expect(repaired).to.have.length(2);
    canRepair = true;
    await clock.tickAsync(1);
    await clock.tickAsync(60_000);
    expect(repaired).to.have.length(3);
    expect(repair({ n: 0 })).to.deep.equal({ n: 0 });
  });

  it('knows that a write that the store has answered, by an error too, erases nothing later', async () => {
    const write = begin();
    lost.issued(write, record({ n: 1 }));
    lost.answered(write);
    save({ n: 2 });
    lost.settled(write);
    save({ n: 2 });
    expect(repair({ n: 1 })).to.deep.equal({ n: 1 });
    active.end(write);
    expect(active.of(id)).to.deep.equal([]);
  });

  it('passes by what cannot be written as JSON', () => {
    giveUp({ n: 1n });
    save({ n: 1 });
    expect(repair({ n: 0 })).to.deep.equal({ n: 0 });
    giveUp({ n: 1 });
    save({ n: 2n });
    expect(repair({ n: 1 })).to.deep.equal({ n: 2n });
  });

  it('compares with what was written, though the session has changed since', () => {
    const session = { n: 1 };
    giveUp(session);
    session.n = 5;
    save({ n: 2 });
    expect(repair({ n: 1 })).to.deep.equal({ n: 2 });
    expect(repair({ n: 5 })).to.deep.equal({ n: 5 });
  });

  it('repairs what others who use the same store have saved', async () => {
    canRepair = false;
    const write = begin();
    const theirs = active.begin(id);
    create().wrote(theirs, changes({ n: 2 }));
    await land(write, { n: 1 });
    expect(repair({ n: 1 })).to.deep.equal({ n: 2 });
  });

  describe('of writes that overlap', () => {
    it('repairs what is saved while the store is writing', () => {
      lost.issued(begin(), record({ n: 1 }));
      save({ n: 2 });
      expect(repair({ n: 1 })).to.deep.equal({ n: 2 });
    });

    it('repairs what was being written when the write began', () => {
      lost.wrote(begin(), changes({ m: 2 }));
      lost.issued(begin(), record({ n: 1, m: 1 }));
      expect(repair({ n: 1, m: 1 })).to.deep.equal({ n: 1, m: 2 });
      save({ n: 2 });
      expect(repair({ n: 1, m: 1 })).to.deep.equal({ n: 2, m: 2 });
    });

    it('repairs what was saved since the write read, also where the store answers in time', async () => {
      const another = begin();
      const write = begin();
      active.end(another);
      save({ n: 2 });
      await land(write, { n: 1 });
      expect(repaired).to.deep.equal([id]);
    });

    it('repairs nothing that was saved before the write read', async () => {
      const write = active.begin(id);
      const saving = begin();
      lost.wrote(saving, changes({ n: 2 }));
      await land(saving, { n: 2 });
      lost.reads(write);
      await land(write, { n: 1 });
      expect(repaired).to.deep.equal([]);
    });

    it('repairs nothing that the write has changed itself', async () => {
      const saving = begin();
      lost.wrote(saving, changes({ n: 2 }));
      const write = begin();
      lost.wrote(write, changes({ n: 1 }));
      await land(write, { n: 1 });
      expect(repaired).to.deep.equal([]);
    });

    it('repairs nothing of a save that failed, if it was under way when the write began', async () => {
      const saving = begin();
      lost.wrote(saving, changes({ n: 2 }));
      const write = begin();
      lost.takeBack(saving, changes({ n: 2 }));
      await land(write, { n: 1 });
      expect(repaired).to.deep.equal([]);
    });

    it('repairs nothing of a save that had missed its deadline when the write began', async () => {
      const saving = begin();
      lost.wrote(saving, changes({ n: 2 }));
      giveUp({ n: 2 }, id, saving);
      lost.takeBack(saving, changes({ n: 2 }));
      await land(begin(), { n: 1 });
      expect(repaired).to.deep.equal([]);
    });
  });

  describe('of a store that does not answer, or fails', () => {
    it('remembers a write for ten minutes', async () => {
      const answer = giveUp({ n: 1 });
      save({ n: 2 });
      await clock.tickAsync(599_999);
      expect(repair({ n: 1 })).to.deep.equal({ n: 2 });
      await clock.tickAsync(1);
      expect(repair({ n: 1 })).to.deep.equal({ n: 1 });
      await answer();
      expect(repaired).to.deep.equal([]);
    });

    it('tries for ten minutes to repair what a write has erased that landed in time', async () => {
      canRepair = false;
      const write = begin();
      save({ n: 2 });
      await land(write, { n: 1 });
      await clock.tickAsync(599_999);
      expect(repair({ n: 1 })).to.deep.equal({ n: 2 });
      await clock.tickAsync(1);
      expect(repair({ n: 1 })).to.deep.equal({ n: 1 });
      await clock.tickAsync(10_000);
      const { length } = repaired;
      await clock.tickAsync(60_000);
      expect(repaired).to.have.length(length);
    });

    it('remembers a thousand writes, and all of them for logouts', async () => {
      const answer = giveUp({ n: 1 });
      save({ n: 2 });
      for (let count = 1; count < 1_000; count++) giveUp({}, `session ${count}`);
      expect(repair({ n: 1 })).to.deep.equal({ n: 2 });
      const answerLast = giveUp({ n: 1 }, 'the last');
      save({ n: 2 }, 'the last');
      expect(repair({ n: 1 })).to.deep.equal({ n: 1 });
      expect(active.of(id)).to.have.length(1);
      await answer();
      await answerLast();
      expect(repaired).to.deep.equal(['the last']);
    });
  });
});
