import { expect } from 'chai';
import { changes, OverlappingWrites, record } from '../support/lost-saves.js';

const id = 'a session';

describe('LostSaves of writes that overlap', () => {
  let writes: OverlappingWrites;

  beforeEach(() => {
    writes = new OverlappingWrites();
  });

  it('repairs what is saved while the store is writing', () => {
    writes.lost.beforeCall(writes.begin(), record({ n: 1 }));
    writes.save({ n: 2 });
    expect(writes.repair({ n: 1 })).to.deep.equal({ n: 2 });
  });

  it('repairs what was being written when the write began', () => {
    writes.lost.beforeWrite(writes.begin(), changes({ m: 2 }));
    writes.lost.beforeCall(writes.begin(), record({ n: 1, m: 1 }));
    expect(writes.repair({ n: 1, m: 1 })).to.deep.equal({ n: 1, m: 2 });
    writes.save({ n: 2 });
    expect(writes.repair({ n: 1, m: 1 })).to.deep.equal({ n: 2, m: 2 });
  });

  it('repairs what was being written when a write was issued that has read nothing', async () => {
    writes.lost.beforeWrite(writes.begin(), changes({ n: 2 }));
    await writes.land(writes.active.begin(id), { n: 1 });
    expect(writes.repaired).to.deep.equal([id]);
  });

  it('repairs what was saved since the write read, also where the store answers in time', async () => {
    const another = writes.begin();
    const write = writes.begin();
    writes.active.endPart(another);
    writes.save({ n: 2 });
    await writes.land(write, { n: 1 });
    expect(writes.repaired).to.deep.equal([id]);
  });

  it('repairs nothing that was saved before the write read', async () => {
    const write = writes.active.begin(id);
    const saving = writes.begin();
    writes.lost.beforeWrite(saving, changes({ n: 2 }));
    await writes.land(saving, { n: 2 });
    writes.lost.beforeRead(write);
    await writes.land(write, { n: 1 });
    expect(writes.repaired).to.deep.equal([]);
  });

  it('repairs nothing that the write has changed itself, but the rest of what was saved', async () => {
    const saving = writes.begin();
    writes.lost.beforeWrite(saving, changes({ n: 2, m: 2 }));
    const write = writes.begin();
    writes.lost.beforeWrite(write, changes({ n: 1 }));
    writes.lost.beforeCall(write, record({ n: 1, m: 1 }));
    expect(writes.repair({ n: 1, m: 1 })).to.deep.equal({ n: 1, m: 2 });
  });

  it('asks for no repair where the write has changed all that was saved', async () => {
    const saving = writes.begin();
    writes.lost.beforeWrite(saving, changes({ n: 2 }));
    const write = writes.begin();
    writes.lost.beforeWrite(write, changes({ n: 1 }));
    await writes.land(write, { n: 1 });
    expect(writes.repaired).to.deep.equal([]);
  });

  it('repairs nothing of a save that failed, if it was under way when the write began', async () => {
    const saving = writes.begin();
    writes.lost.beforeWrite(saving, changes({ n: 2 }));
    const write = writes.begin();
    writes.lost.takeBack(saving, changes({ n: 2 }));
    await writes.land(write, { n: 1 });
    expect(writes.repaired).to.deep.equal([]);
  });

  it('repairs nothing of a save that had missed its deadline when the write began', async () => {
    const saving = writes.begin();
    writes.lost.beforeWrite(saving, changes({ n: 2 }));
    writes.giveUp({ n: 2 }, id, saving);
    writes.lost.takeBack(saving, changes({ n: 2 }));
    await writes.land(writes.begin(), { n: 1 });
    expect(writes.repaired).to.deep.equal([]);
  });
});
