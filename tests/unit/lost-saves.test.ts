import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import type { SessionRecord } from '../../source/session/record.js';
import { changes, OverlappingWrites, record } from '../support/lost-saves.js';

const id = 'a session';

describe('LostSaves', () => {
  let clock: SinonFakeTimers;
  let writes: OverlappingWrites;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    writes = new OverlappingWrites();
  });
  afterEach(() => clock.restore());

  it('repairs what a late write has erased, and nothing that others changed since', () => {
    writes.giveUp({ n: 0, list: [1], other: 1 });
    writes.save({ n: 1, list: [1, 2] });
    const whole = { n: 1, list: [1, 2], other: 1 };
    expect(writes.repair({ n: 0, list: [1], other: 1 })).to.deep.equal(whole);
    expect(writes.repair({ n: 7, list: [1], other: 2 })).to.deep.equal({
      ...whole,
      n: 7,
      other: 2,
    });
  });

  it('leaves a record as it is where nothing was erased', () => {
    writes.giveUp({ n: 1 });
    writes.save({ n: 2 });
    for (const found of [record({ n: 2 }), record({ n: 3 }), record()]) {
      expect(writes.lost.repaired(id, found)).to.equal(found);
    }
  });

  it('adds again what was added, and removes again what was removed', () => {
    writes.giveUp({ gone: 1 });
    writes.save({ gone: undefined, added: new Date(0) });
    expect(writes.repair({ gone: 1 })).to.deep.equal({ added: new Date(0) });
  });

  it('knows dates as a store returns them', () => {
    writes.giveUp({ at: new Date(0) });
    writes.save({ at: new Date(1) });
    expect(writes.repair({ at: '1970-01-01T00:00:00.000Z' })).to.deep.equal({ at: new Date(1) });
    expect(writes.repair({ at: new Date(0) })).to.deep.equal({ at: new Date(1) });
  });

  it('repairs the cookie, whose date alone is no difference', () => {
    const cookie = (originalMaxAge: number, date: number): SessionRecord => ({
      cookie: { originalMaxAge, expires: new Date(date) },
    });
    writes.giveUp(cookie(1_000, 1));
    writes.save(cookie(5_000, 2));
    expect(writes.lost.repaired(id, cookie(1_000, 3))).to.deep.equal(cookie(5_000, 2));
    const found = cookie(5_000, 4);
    expect(writes.lost.repaired(id, found)).to.equal(found);
  });

  it('repairs by the last of what was saved, whichever write has erased it', () => {
    writes.giveUp({ n: 0 });
    writes.save({ n: 1 });
    writes.giveUp({ n: 5 });
    writes.save({ n: 2 });
    expect([
      writes.repair({ n: 0 }),
      writes.repair({ n: 5 }),
      writes.repair({ n: 1 }),
    ]).to.deep.equal([{ n: 2 }, { n: 2 }, { n: 1 }]);
  });

  it('takes back what failed, to what was saved before it', () => {
    writes.giveUp({ n: 1, m: 1 });
    writes.save({ n: 2 });
    writes.save({ n: 3, m: 3 })();
    expect(writes.repair({ n: 1, m: 1 })).to.deep.equal({ n: 2, m: 1 });
  });

  it('takes nothing back that was saved after what failed', () => {
    writes.giveUp({ n: 1 });
    const takeBack = writes.save({ n: 2 });
    writes.save({ n: 3 });
    takeBack();
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 3 });
  });

  it('takes back what failed from each write that could have erased it', () => {
    writes.giveUp({ n: 1 });
    writes.giveUp({ n: 5 });
    writes.save({ n: 2 });
    writes.save({ n: 3 })();
    expect([writes.repair({ n: 1 }), writes.repair({ n: 5 })]).to.deep.equal([{ n: 2 }, { n: 2 }]);
  });

  it('takes back what failed from a write that began meanwhile', async () => {
    const failing = writes.active.begin(id);
    writes.lost.beforeWrite(failing, changes({ n: 2 }));
    const answer = writes.giveUp({ n: 1 });
    writes.lost.takeBack(failing, changes({ n: 2 }));
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 1 });
    await answer();
    expect(writes.repaired).to.deep.equal([]);
  });

  it('does not repair by what was not saved in time', async () => {
    const late = writes.begin();
    writes.lost.beforeWrite(late, changes({ n: 1 }));
    writes.giveUp({ n: 1 }, id, late);
    const next = writes.begin();
    expect(next.laterChanges).to.equal(undefined);
  });

  it('repairs nothing that a write has changed itself after it was saved by others', async () => {
    writes.canRepair = false;
    const write = writes.begin();
    writes.save({ n: 2, m: 2 });
    writes.lost.beforeWrite(write, changes({ n: 3 }));
    await writes.land(write, { n: 3 });
    expect(writes.repair({ n: 3 })).to.deep.equal({ n: 3, m: 2 });
  });

  it('keeps sessions apart', async () => {
    const answer = writes.giveUp({ n: 1 });
    writes.save({ n: 2 }, 'another');
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 1 });
    expect(writes.repair({ n: 1 }, 'another')).to.deep.equal({ n: 1 });
    await answer();
    expect(writes.repaired).to.deep.equal([]);
  });

  it('repairs what was being saved when another write was given to the store', () => {
    const saving = writes.active.begin(id);
    writes.lost.beforeWrite(saving, changes({ n: 2 }));
    const other = writes.active.begin(id);
    writes.lost.beforeCall(other, record({ n: 1 }));
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 2 });
  });

  it('knows that a write that the store has answered, by an error too, erases nothing later', async () => {
    const write = writes.begin();
    writes.lost.beforeCall(write, record({ n: 1 }));
    writes.lost.answered(write);
    writes.save({ n: 2 });
    writes.lost.settled(write);
    writes.save({ n: 2 });
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 1 });
    writes.active.endPart(write);
    expect(writes.active.of(id)).to.deep.equal([]);
  });

  it('passes by what cannot be written as JSON', () => {
    writes.giveUp({ n: 1n });
    writes.save({ n: 1 });
    expect(writes.repair({ n: 0 })).to.deep.equal({ n: 0 });
    writes.giveUp({ n: 1 });
    writes.save({ n: 2n });
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 2n });
  });

  it('compares with what was written, though the session has changed since', () => {
    const session = { n: 1 };
    writes.giveUp(session);
    session.n = 5;
    writes.save({ n: 2 });
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 2 });
    expect(writes.repair({ n: 5 })).to.deep.equal({ n: 5 });
  });

  it('compares with what was being written when something else was saved', () => {
    const session = record({ n: 1 });
    const write = writes.begin();
    writes.lost.beforeCall(write, session);
    writes.save({ n: 2 });
    Object.assign(session, { n: 5 });
    writes.lost.settled(write);
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 2 });
  });

  it('counts one answer of a store that gives two', () => {
    const write = writes.begin();
    writes.lost.beforeCall(write, record());
    writes.lost.answered(write);
    writes.lost.answered(write);
    expect(writes.active.of(id)).to.deep.equal([write]);
  });

  it('repairs what others who use the same store have saved', async () => {
    writes.canRepair = false;
    const write = writes.begin();
    const theirs = writes.active.begin(id);
    writes.create().beforeWrite(theirs, changes({ n: 2 }));
    await writes.land(write, { n: 1 });
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 2 });
  });
});
