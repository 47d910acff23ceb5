import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { OverlappingWrites } from '../support/lost-saves.js';

const id = 'a session';

describe('LostSaves of a store that does not answer, or fails', () => {
  let clock: SinonFakeTimers;
  let writes: OverlappingWrites;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    writes = new OverlappingWrites();
  });
  afterEach(() => clock.restore());

  it('remembers a write for ten minutes', async () => {
    const answer = writes.giveUp({ n: 1 });
    writes.save({ n: 2 });
    await clock.tickAsync(599_999);
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 2 });
    await clock.tickAsync(1);
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 1 });
    await answer();
    expect(writes.repaired).to.deep.equal([]);
  });

  it('tries for ten minutes to repair what a write has erased that landed in time', async () => {
    writes.canRepair = false;
    const write = writes.begin();
    writes.save({ n: 2 });
    await writes.land(write, { n: 1 });
    await clock.tickAsync(599_999);
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 2 });
    await clock.tickAsync(1);
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 1 });
    await clock.tickAsync(10_000);
    const { length } = writes.repaired;
    await clock.tickAsync(60_000);
    expect(writes.repaired).to.have.length(length);
  });

  it('remembers a write, however many others the store answers in time', async () => {
    writes.giveUp({ n: 1 });
    writes.save({ n: 2 });
    for (let count = 0; count <= 1_000; count++) {
      await writes.land(writes.begin(`session ${count}`), {});
    }
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 2 });
  });

  it('remembers a thousand writes, and all of them for logouts', async () => {
    const answer = writes.giveUp({ n: 1 });
    writes.save({ n: 2 });
    for (let count = 1; count < 1_000; count++) writes.giveUp({}, `session ${count}`);
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 2 });
    const answerLast = writes.giveUp({ n: 1 }, 'the last');
    writes.save({ n: 2 }, 'the last');
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 1 });
    const [forgotten] = writes.active.of(id);
    expect(forgotten).to.include({ writtenRecord: undefined, laterChanges: undefined });
    writes.save({ n: 3 });
    await answer();
    await answerLast();
    expect(writes.repaired).to.deep.equal(['the last']);
  });

  it('remembers 64 million characters, and more again once some are answered', async () => {
    // Neither has any.
    await writes.land(writes.begin('in time'), {});
    writes.giveUp({ n: 1n }, 'not written as JSON');
    const text = 'x'.repeat(30_000_000);
    const forget = ['one', 'two', 'three'].map((id) => {
      const answer = writes.giveUp({ n: 0, text }, id);
      writes.save({ n: 1 }, id);
      return answer;
    });
    expect(writes.repair({ n: 0 }, 'one')).to.deep.equal({ n: 0 });
    expect(writes.repair({ n: 0 }, 'two')).to.deep.equal({ n: 1 });
    expect(writes.repair({ n: 0 }, 'three')).to.deep.equal({ n: 1 });
    for (const answer of forget) await answer();
    for (const id of ['four', 'five']) {
      writes.giveUp({ n: 0, text }, id);
      writes.save({ n: 1 }, id);
    }
    expect(writes.repair({ n: 0 }, 'four')).to.deep.equal({ n: 1 });
  });
});
