import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { SessionError } from '../../source/errors.js';
import { LateWrites } from '../../source/session/late-writes.js';
import { rejection } from '../support/outcomes.js';

const cookie = { path: '/', originalMaxAge: 60_000 };
const timeout = new SessionError('ERR_SESSION_STORE_TIMEOUT', 'too late');

describe('LateWrites', () => {
  let late: LateWrites;
  let repaired: string[];
  let worked: boolean;

  beforeEach(() => {
    repaired = [];
    worked = true;
    // That of an earlier test may still be trying.
    const own = repaired;
    late = new LateWrites({}, async (sessionId) => {
      own.push(sessionId);
      return worked;
    });
  });

  /** A write that is given up; lands when what it returns is called. */
  async function giveUp(record: object, sessionId = 'one'): Promise<() => Promise<void>> {
    let land = (): void => {};
    const answered = new Promise<void>((resolve) => {
      land = resolve;
    });
    const done = Promise.reject(timeout);
    const error = await rejection(
      late.settled({ cookie, ...record }, { done, answered }, late.begin(sessionId)),
    );
    expect(error).to.equal(timeout);
    return async () => {
      land();
      await new Promise(setImmediate);
    };
  }
  const afterRepair = (record: object, sessionId = 'one'): Record<string, unknown> => {
    const { cookie: _cookie, ...data } = late.repaired(sessionId, { cookie, ...record });
    return data;
  };
  const wrote = (changes: object, sessionId = 'one'): (() => void) =>
    late.wrote(sessionId, new Map(Object.entries(changes)));

  it('has nothing to mend where nothing was given up', async () => {
    const answered = Promise.resolve();
    await late.settled({ cookie }, { done: answered, answered }, late.begin('one'));
    wrote({ n: 1 });
    const record = { cookie, n: 0 };
    expect(late.repaired('one', record)).to.equal(record);
  });

  it('has nothing to mend where a write failed', async () => {
    const down = new SessionError('ERR_SESSION_STORE', 'down');
    const write = { done: Promise.reject(down), answered: Promise.resolve() };
    expect(await rejection(late.settled({ cookie, n: 0 }, write, late.begin('one')))).to.equal(
      down,
    );
    wrote({ n: 1 });
    expect(afterRepair({ n: 0 })).to.deep.equal({ n: 0 });
  });

  it('mends what a write has erased, and nothing that others changed since', async () => {
    await giveUp({ n: 0, list: [1], other: 1 });
    wrote({ n: 1, list: [1, 2] });
    expect(afterRepair({ n: 0, list: [1], other: 1 })).to.deep.equal({
      n: 1,
      list: [1, 2],
      other: 1,
    });
    expect(afterRepair({ n: 7, list: [1], other: 2 })).to.deep.equal({
      n: 7,
      list: [1, 2],
      other: 2,
    });
    const asItIs = { cookie, n: 1, list: [1, 2] };
    expect(late.repaired('one', asItIs)).to.equal(asItIs);
  });

  it('brings back what was added, and removes what was deleted', async () => {
    await giveUp({ gone: 1 });
    wrote({ gone: undefined, added: new Date(0) });
    expect(afterRepair({ gone: 1 })).to.deep.equal({ added: new Date(0) });
  });

  it('knows dates as a store gives them', async () => {
    await giveUp({ at: new Date(0) });
    wrote({ at: new Date(1) });
    expect(afterRepair({ at: '1970-01-01T00:00:00.000Z' })).to.deep.equal({ at: new Date(1) });
    expect(afterRepair({ at: new Date(0) })).to.deep.equal({ at: new Date(1) });
  });

  it('mends a cookie, whatever its date', async () => {
    await giveUp({});
    const strict = { ...cookie, sameSite: 'strict' };
    wrote({ cookie: strict });
    const found = { cookie: { ...cookie, expires: '2030-01-01T00:00:00.000Z' } };
    expect(late.repaired('one', found)).to.deep.equal({ cookie: strict });
  });

  it('mends by the last of what was written', async () => {
    await giveUp({ n: 0 });
    wrote({ n: 1 });
    await giveUp({ n: 5 });
    wrote({ n: 2 });
    expect([afterRepair({ n: 0 }), afterRepair({ n: 5 }), afterRepair({ n: 1 })]).to.deep.equal([
      { n: 2 },
      { n: 2 },
      { n: 1 },
    ]);
  });

  it('forgets what was taken back', async () => {
    await giveUp({ n: 0, m: 0 });
    wrote({ n: 1 });
    const takeBack = wrote({ n: 2, m: 2 });
    takeBack();
    expect(afterRepair({ n: 0, m: 0 })).to.deep.equal({ n: 1, m: 0 });
    const overtaken = wrote({ n: 3 });
    wrote({ n: 4 });
    overtaken();
    expect(afterRepair({ n: 0 })).to.deep.equal({ n: 4 });
  });

  it('keeps sessions apart', async () => {
    await giveUp({ n: 0 });
    wrote({ n: 1 }, 'another');
    expect(afterRepair({ n: 0 })).to.deep.equal({ n: 0 });
    wrote({ n: 1 });
    expect(afterRepair({ n: 0 }, 'another')).to.deep.equal({ n: 0 });
  });

  it('asks for a repair once the write has landed, and forgets it then', async () => {
    const land = await giveUp({ n: 0 });
    wrote({ n: 1 });
    await land();
    expect(repaired).to.deep.equal(['one']);
    expect(afterRepair({ n: 0 })).to.deep.equal({ n: 0 });
  });

  it('asks for none where nothing was written since', async () => {
    const land = await giveUp({ n: 0 });
    await land();
    expect(repaired).to.deep.equal([]);
    wrote({ n: 1 });
    expect(afterRepair({ n: 0 })).to.deep.equal({ n: 0 });
  });

  it('remembers the write where the repair failed', async () => {
    worked = false;
    const land = await giveUp({ n: 0 });
    wrote({ n: 1 });
    await land();
    expect(afterRepair({ n: 0 })).to.deep.equal({ n: 1 });
  });

  it('takes down nothing that cannot be written as JSON', async () => {
    await giveUp({ n: 1n });
    wrote({ n: 1 });
    expect(afterRepair({ n: 0 })).to.deep.equal({ n: 0 });
  });

  it('forgets the oldest where there are too many', async () => {
    await giveUp({ n: 0 }, 'first');
    wrote({ n: 1 }, 'first');
    for (let count = 0; count < 999; count++) await giveUp({}, `${count}`);
    expect(afterRepair({ n: 0 }, 'first')).to.deep.equal({ n: 1 });
    const land = await giveUp({ n: 0 }, 'last');
    wrote({ n: 1 }, 'last');
    expect(afterRepair({ n: 0 }, 'first')).to.deep.equal({ n: 0 });
    expect(afterRepair({ n: 0 }, 'last')).to.deep.equal({ n: 1 });
    await land();
    expect(repaired).to.deep.equal(['last']);
  });

  it('forgets the oldest where they are too long', async () => {
    const text = 'x'.repeat(30_000_000);
    for (const id of ['one', 'two', 'three']) {
      await giveUp({ n: 0, text }, id);
      wrote({ n: 1 }, id);
    }
    expect(afterRepair({ n: 0 }, 'one')).to.deep.equal({ n: 0 });
    expect(afterRepair({ n: 0 }, 'two')).to.deep.equal({ n: 1 });
    expect(afterRepair({ n: 0 }, 'three')).to.deep.equal({ n: 1 });
  });

  describe('of a store that never answers', () => {
    let clock: SinonFakeTimers;
    beforeEach(() => {
      clock = useFakeTimers({ toFake: ['performance'] });
    });
    afterEach(() => clock.restore());

    it('forgets them after some minutes', async () => {
      const land = await giveUp({ n: 0 });
      wrote({ n: 1 });
      clock.tick(9 * 60_000);
      expect(afterRepair({ n: 0 })).to.deep.equal({ n: 1 });
      clock.tick(2 * 60_000);
      expect(afterRepair({ n: 0 })).to.deep.equal({ n: 0 });
      await giveUp({}, 'another');
      await land();
      expect(repaired).to.deep.equal([]);
    });
  });
});
