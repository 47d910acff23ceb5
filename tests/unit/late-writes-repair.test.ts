import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { SessionError } from '../../source/errors.js';
import { LateWrites, type PendingWrite } from '../../source/session/late-writes.js';
import type { SessionRecord } from '../../source/session/record.js';

const id = 'a session';
const timeout = new SessionError('ERR_SESSION_STORE_TIMEOUT', 'late');

function record(values: object = {}): SessionRecord {
  return { cookie: {}, ...values };
}

function changes(values: object): Map<string, unknown> {
  return new Map(Object.entries(values));
}

describe('LateWrites', () => {
  let clock: SinonFakeTimers;
  let repaired: string[];
  let canRepair: boolean;
  let lateWrites: LateWrites;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance'] });
    clock.tick(1_000_000);
    repaired = [];
    canRepair = true;
    // That of an earlier test may still be trying.
    const own = repaired;
    lateWrites = new LateWrites({}, async (sessionId) => {
      own.push(sessionId);
      return canRepair;
    });
  });
  afterEach(() => clock.restore());

  /** A write that is given up; it lands when the store answers. */
  async function giveUp(
    written: SessionRecord,
    sessionId = id,
    write = lateWrites.begin(sessionId),
  ): Promise<() => Promise<void>> {
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const done = Promise.reject(timeout);
    const error = await lateWrites
      .settled(written, { done, answered }, write)
      .catch((reason: unknown) => reason);
    expect(error).to.equal(timeout);
    return async () => {
      answer();
      await turn();
    };
  }

  /** A write that the store answers in time. */
  async function land(
    write: PendingWrite,
    written: SessionRecord,
    of: LateWrites = lateWrites,
  ): Promise<void> {
    const answered = Promise.resolve();
    await of.settled(written, { done: answered, answered }, write);
    await turn();
  }

  it('writes again what was saved after a write that lands late', async () => {
    const land = await giveUp(record({ n: 1, m: 1 }));
    lateWrites.wrote(id, changes({ n: 2 }));
    const found = record({ n: 1, m: 1, theirs: true });
    expect(lateWrites.repaired(id, found)).to.deep.equal({ ...found, n: 2 });
    await land();
    expect(repaired).to.deep.equal([id]);
    expect(lateWrites.repaired(id, found)).to.equal(found);
  });

  it('leaves a record as it is where the late write has not landed, or others wrote after it', async () => {
    await giveUp(record({ n: 1 }));
    lateWrites.wrote(id, changes({ n: 2 }));
    for (const found of [record({ n: 2 }), record({ n: 3 }), record()]) {
      expect(lateWrites.repaired(id, found)).to.equal(found);
    }
  });

  it('has nothing to write again where nothing was saved after it', async () => {
    const land = await giveUp(record({ n: 1 }));
    const found = record({ n: 1 });
    expect(lateWrites.repaired(id, found)).to.equal(found);
    await land();
    expect(repaired).to.deep.equal([]);
  });

  it('removes again what was removed after it', async () => {
    await giveUp(record({ n: 1 }));
    lateWrites.wrote(id, changes({ n: undefined }));
    expect(lateWrites.repaired(id, record({ n: 1 }))).to.deep.equal(record());
  });

  it('mends the cookie, whose date alone is no difference', async () => {
    const cookie = (originalMaxAge: number, date: number): SessionRecord => ({
      cookie: { originalMaxAge, expires: new Date(date) },
    });
    await giveUp(cookie(1_000, 1));
    lateWrites.wrote(id, changes(cookie(5_000, 2)));
    expect(lateWrites.repaired(id, cookie(1_000, 3))).to.deep.equal(cookie(5_000, 2));
    const found = cookie(5_000, 4);
    expect(lateWrites.repaired(id, found)).to.equal(found);
  });

  it('keeps sessions apart', async () => {
    const land = await giveUp(record({ n: 1 }));
    lateWrites.wrote('another', changes({ n: 2 }));
    const found = record({ n: 1 });
    expect(lateWrites.repaired(id, found)).to.equal(found);
    expect(lateWrites.repaired('another', found)).to.equal(found);
    await land();
    expect(repaired).to.deep.equal([]);
  });

  it('leaves it to the next write where it could not be repaired', async () => {
    canRepair = false;
    const land = await giveUp(record({ n: 1 }));
    lateWrites.wrote(id, changes({ n: 2 }));
    await land();
    expect(repaired).to.deep.equal([id]);
    expect(lateWrites.repaired(id, record({ n: 1 }))).to.have.property('n', 2);
  });

  it('takes back what failed, to what was saved before it', async () => {
    await giveUp(record({ n: 1, m: 1 }));
    lateWrites.wrote(id, changes({ n: 2 }));
    lateWrites.wrote(id, changes({ n: 3, m: 3 }))();
    expect(lateWrites.repaired(id, record({ n: 1, m: 1 }))).to.deep.equal(record({ n: 2, m: 1 }));
  });

  it('takes nothing back that was saved after what failed', async () => {
    await giveUp(record({ n: 1 }));
    const takeBack = lateWrites.wrote(id, changes({ n: 2 }));
    lateWrites.wrote(id, changes({ n: 3 }));
    takeBack();
    expect(lateWrites.repaired(id, record({ n: 1 }))).to.have.property('n', 3);
  });

  it('remembers a write for ten minutes', async () => {
    const land = await giveUp(record({ n: 1 }));
    lateWrites.wrote(id, changes({ n: 2 }));
    clock.tick(599_999);
    expect(lateWrites.repaired(id, record({ n: 1 }))).to.have.property('n', 2);
    clock.tick(1);
    expect(lateWrites.repaired(id, record({ n: 1 }))).to.have.property('n', 1);
    // Another one drops it.
    await giveUp(record(), 'another');
    await land();
    expect(repaired).to.deep.equal([]);
  });

  it('remembers a write that landed in time for ten minutes, if its repair fails', async () => {
    canRepair = false;
    const write = lateWrites.begin(id);
    lateWrites.wrote(id, changes({ n: 2 }));
    await land(write, record({ n: 1 }));
    expect(repaired).to.deep.equal([id]);
    clock.tick(599_999);
    expect(lateWrites.repaired(id, record({ n: 1 }))).to.have.property('n', 2);
    clock.tick(1);
    expect(lateWrites.repaired(id, record({ n: 1 }))).to.have.property('n', 1);
  });

  it('repairs what was being written when the write began', async () => {
    canRepair = false;
    const saving = lateWrites.begin(id);
    lateWrites.wrote(id, changes({ n: 2 }), saving);
    const write = lateWrites.begin(id);
    await land(saving, record({ n: 2 }));
    await land(write, record({ n: 1 }));
    expect(lateWrites.repaired(id, record({ n: 1 }))).to.have.property('n', 2);
  });

  it('repairs nothing of a save that failed, if it was under way when the write began', async () => {
    const saving = lateWrites.begin(id);
    const takeBack = lateWrites.wrote(id, changes({ n: 2 }), saving);
    const write = lateWrites.begin(id);
    takeBack();
    await land(write, record({ n: 1 }));
    expect(repaired).to.deep.equal([]);
  });

  it('still repairs a write when another of its session has ended', async () => {
    const another = lateWrites.begin(id);
    const write = lateWrites.begin(id);
    lateWrites.end(another);
    lateWrites.wrote(id, changes({ n: 2 }));
    await land(write, record({ n: 1 }));
    expect(repaired).to.deep.equal([id]);
  });

  it('repairs nothing of a save that had missed its deadline when the write began', async () => {
    const saving = lateWrites.begin(id);
    const takeBack = lateWrites.wrote(id, changes({ n: 2 }), saving);
    await giveUp(record({ n: 2 }), id, saving);
    takeBack();
    await land(lateWrites.begin(id), record({ n: 1 }));
    expect(repaired).to.deep.equal([]);
  });

  it('repairs what a write has erased before the store answers', () => {
    const done = new Promise<void>(() => {});
    lateWrites.wrote(id, changes({ m: 2 }), lateWrites.begin(id));
    const write = lateWrites.begin(id);
    void lateWrites.settled(record({ n: 1, m: 1 }), { done, answered: done }, write);
    expect(lateWrites.repaired(id, record({ n: 1, m: 1 }))).to.include({ n: 1, m: 2 });
    lateWrites.wrote(id, changes({ n: 2 }));
    expect(lateWrites.repaired(id, record({ n: 1, m: 1 }))).to.include({ n: 2, m: 2 });
  });

  it('repairs what is saved while the store is writing', () => {
    const done = new Promise<void>(() => {});
    void lateWrites.settled(record({ n: 1 }), { done, answered: done }, lateWrites.begin(id));
    lateWrites.wrote(id, changes({ n: 2 }));
    expect(lateWrites.repaired(id, record({ n: 1 }))).to.have.property('n', 2);
  });

  it('remembers a write that was issued when its task ends', async () => {
    const write = lateWrites.begin(id);
    await giveUp(record({ n: 1 }), id, write);
    lateWrites.end(write);
    lateWrites.wrote(id, changes({ n: 2 }));
    expect(lateWrites.repaired(id, record({ n: 1 }))).to.have.property('n', 2);
  });

  it('repairs nothing that was written before the write began', async () => {
    const saving = lateWrites.begin(id);
    lateWrites.wrote(id, changes({ n: 2 }), saving);
    await land(saving, record({ n: 2 }));
    await land(lateWrites.begin(id), record({ n: 1 }));
    expect(repaired).to.deep.equal([]);
  });

  it('repairs nothing that the write has changed itself', async () => {
    const saving = lateWrites.begin(id);
    lateWrites.wrote(id, changes({ n: 2 }), saving);
    const write = lateWrites.begin(id);
    lateWrites.wrote(id, changes({ n: 1 }), write);
    await land(write, record({ n: 1 }));
    expect(repaired).to.deep.equal([]);
  });

  it('repairs what others who use the same store have saved', async () => {
    const store = {};
    const ours = new LateWrites(store, async () => false);
    const theirs = new LateWrites(store, async () => true);
    const write = ours.begin(id);
    theirs.wrote(id, changes({ n: 2 }));
    await land(write, record({ n: 1 }), ours);
    expect(ours.repaired(id, record({ n: 1 }))).to.have.property('n', 2);
  });

  it('compares with what was written, though the session has changed since', async () => {
    const session = record({ n: 1 });
    await giveUp(session);
    session.n = 5;
    lateWrites.wrote(id, changes({ n: 2 }));
    expect(lateWrites.repaired(id, record({ n: 1 }))).to.have.property('n', 2);
    expect(lateWrites.repaired(id, record({ n: 5 }))).to.have.property('n', 5);
  });

  it('remembers a thousand of them', async () => {
    const land = await giveUp(record({ n: 1 }));
    lateWrites.wrote(id, changes({ n: 2 }));
    for (let count = 1; count < 1_000; count++) await giveUp(record(), `session ${count}`);
    expect(lateWrites.repaired(id, record({ n: 1 }))).to.have.property('n', 2);
    await giveUp(record(), 'one more');
    expect(lateWrites.repaired(id, record({ n: 1 }))).to.have.property('n', 1);
    await land();
    expect(repaired).to.deep.equal([]);
  });

  for (const error of [new SessionError('ERR_SESSION_STORE', 'down'), new Error('other')]) {
    it(`knows the fate of a write that failed by ${error.message}`, async () => {
      const answered = Promise.resolve();
      const failed = lateWrites.settled(
        record({ n: 1 }),
        { done: Promise.reject(error), answered },
        lateWrites.begin(id),
      );
      expect(await failed.catch((reason: unknown) => reason)).to.equal(error);
      lateWrites.wrote(id, changes({ n: 2 }));
      expect(lateWrites.repaired(id, record({ n: 1 }))).to.have.property('n', 1);
    });
  }

  it('passes by what cannot be written as JSON', async () => {
    await giveUp(record({ n: 1n }));
    await giveUp(record({ n: 1 }));
    lateWrites.wrote(id, changes({ n: 2n }));
    expect(lateWrites.repaired(id, record({ n: 1 })).n).to.equal(2n);
  });
});
