import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { changes, OverlappingWrites } from '../support/lost-saves.js';

const id = 'a session';

describe('The repairs that LostSaves asks for', () => {
  let clock: SinonFakeTimers;
  let writes: OverlappingWrites;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    writes = new OverlappingWrites();
  });
  afterEach(() => clock.restore());

  it('asks for no repair where a write has changed all of it itself', async () => {
    const write = writes.begin();
    writes.save({ n: 2 });
    writes.lost.beforeWrite(write, changes({ n: 3 }));
    await writes.land(write, { n: 3 });
    expect(writes.repaired).to.deep.equal([]);
  });

  it('asks for a repair once the write has landed, and forgets it then', async () => {
    const answer = writes.giveUp({ n: 0 });
    writes.save({ n: 1 });
    await answer();
    await answer();
    expect(writes.repaired).to.deep.equal([id]);
    expect(writes.repair({ n: 0 })).to.deep.equal({ n: 0 });
    expect(writes.active.of(id)).to.deep.equal([]);
  });

  it('asks for none where nothing was saved since', async () => {
    const answer = writes.giveUp({ n: 0 });
    expect(writes.repair({ n: 0 })).to.deep.equal({ n: 0 });
    await answer();
    expect(writes.repaired).to.deep.equal([]);
    writes.save({ n: 1 });
    expect(writes.repair({ n: 0 })).to.deep.equal({ n: 0 });
  });

  it('asks again, after longer and longer pauses, until the session is repaired', async () => {
    writes.canRepair = false;
    const answer = writes.giveUp({ n: 0 });
    writes.save({ n: 1 });
    await answer();
    expect(writes.repair({ n: 0 })).to.deep.equal({ n: 1 });
    await clock.tickAsync(100);
    expect(writes.repaired).to.have.length(2);
    await clock.tickAsync(199);
    expect(writes.repaired).to.have.length(2);
    writes.canRepair = true;
    await clock.tickAsync(1);
    expect(writes.repaired).to.have.length(3);
    await clock.tickAsync(60_000);
    expect(writes.repaired).to.have.length(3);
    expect(writes.repair({ n: 0 })).to.deep.equal({ n: 0 });
  });
});
