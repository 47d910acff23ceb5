import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { Deadlines } from '../../source/deadlines.js';
import { ActiveWrites } from '../../source/session/active-writes.js';

const id = 'a session';

describe('ActiveWrites', () => {
  let clock: SinonFakeTimers;
  let active: ActiveWrites;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    active = new ActiveWrites(new Deadlines(100));
  });
  afterEach(() => clock.restore());

  it('tells all writes in progress of a logout, and those that have ended of none', async () => {
    const writes = [1, 2, 3].map(() => active.begin(id));
    const [first, second, third] = writes;
    if (second) active.endPart(second);
    expect(first?.logout).to.equal(undefined);
    active.beginLogout(id)(true);
    const told = await Promise.all(writes.map((write) => write.isOvertaken()));
    expect(told).to.deep.equal([true, false, true]);
    expect(active.of(id)).to.deep.equal([first, third]);
  });

  it('tells a write of no logout of another session', async () => {
    const write = active.begin(id);
    active.beginLogout('another')(true);
    expect(await write.isOvertaken()).to.equal(false);
  });

  it('tells a write that a logout has failed, and of the next one', async () => {
    const write = active.begin(id);
    active.beginLogout(id)(false);
    expect(await write.isOvertaken()).to.equal(false);
    expect(write.logout).to.equal(undefined);
    active.beginLogout(id)(true);
    expect(await write.isOvertaken()).to.equal(true);
  });

  it('tells a write of the logout that comes while it waits for another', async () => {
    const write = active.begin(id);
    const fail = active.beginLogout(id);
    const overtaken = write.isOvertaken();
    active.beginLogout(id)(true);
    fail(false);
    expect(await overtaken).to.equal(true);
  });

  for (const results of [
    [true, false],
    [false, true],
  ]) {
    it(`tells a write of two logouts that one of them worked (${results})`, async () => {
      const write = active.begin(id);
      const logouts = results.map(() => active.beginLogout(id));
      for (const [at, settle] of logouts.entries()) settle(results[at] === true);
      expect(await write.isOvertaken()).to.equal(true);
    });
  }

  it('tells a write that begins only of the logouts that are still in progress', async () => {
    const older = active.beginLogout(id);
    const younger = active.beginLogout(id);
    older(true);
    const write = active.begin(id);
    expect(write.logout).to.be.instanceOf(Promise);
    younger(false);
    expect(await write.isOvertaken()).to.equal(false);
    expect(active.begin(id).logout).to.equal(undefined);
  });

  it('tells a write that a logout without an answer has failed', async () => {
    const write = active.begin(id);
    active.beginLogout(id);
    const overtaken = write.isOvertaken();
    await clock.tickAsync(100);
    expect(await overtaken).to.equal(false);
  });

  for (const isRemoved of [true, false]) {
    it(`tells writes that gave up waiting for a logout ${isRemoved ? 'once it works' : 'nothing if it fails'}`, async () => {
      const settle = active.beginLogout(id);
      await clock.tickAsync(100);
      const write = active.begin(id);
      expect(write.logout).to.equal(undefined);
      expect(settle(isRemoved)).to.equal(false);
      expect(await write.isOvertaken()).to.equal(isRemoved);
    });
  }

  it('keeps a write until all its parts have ended', () => {
    const write = active.begin(id);
    active.beginPart(write);
    active.endPart(write);
    expect(active.of(id)).to.deep.equal([write]);
    active.endPart(write);
    expect(active.of(id)).to.deep.equal([]);
  });

  it('forgets a write that may never be answered after ten minutes, and no other', async () => {
    const lost = active.begin(id);
    active.forgetLater(lost);
    await clock.tickAsync(300_000);
    active.forgetLater(lost);
    const recent = active.begin(id);
    active.forgetLater(recent);
    const bounded = active.begin(id);
    await clock.tickAsync(299_999);
    expect(active.of(id)).to.deep.equal([lost, recent, bounded]);
    await clock.tickAsync(1);
    expect(active.of(id)).to.deep.equal([recent, bounded]);
    active.endPart(lost);
    active.endPart(recent);
    await clock.tickAsync(600_000);
    expect(active.of(id)).to.deep.equal([bounded]);
  });

  it('finds a write by the session object, until the mark is removed or the write has ended', () => {
    const write = active.begin(id);
    const session = { cookie: {} };
    expect(active.writeOf(session, id)).to.equal(undefined);
    active.mark(session, write);
    expect(active.writeOf(session, id)).to.equal(write);
    expect(active.writeOf(session, 'another')).to.equal(undefined);
    expect(active.writeOf({ cookie: session.cookie }, id)).to.equal(undefined);
    active.unmark(session);
    expect(active.writeOf(session, id)).to.equal(undefined);
    active.mark(session, write);
    active.endPart(write);
    expect(active.writeOf(session, id)).to.equal(undefined);
  });

  it('knows what is part of a write by the session object, and by its cookie', () => {
    const write = active.begin(id);
    const session = { cookie: {} };
    active.mark(session, write);
    expect(active.isMarked(session)).to.equal(true);
    expect(active.isMarked({ cookie: session.cookie })).to.equal(true);
    expect(active.isMarked({ cookie: {} })).to.equal(false);
    active.unmark(session);
    expect(active.isMarked(session)).to.equal(false);
    expect(active.isMarked({ cookie: session.cookie })).to.equal(false);
    for (const cookie of [undefined, null, 'text']) {
      const odd = { cookie };
      active.mark(odd, write);
      expect(active.isMarked(odd)).to.equal(true);
      expect(() => active.unmark(odd)).not.to.throw();
    }
  });

  it('is idle while no write and no logout is in progress', () => {
    expect(active.isIdle).to.equal(true);
    const writes = [active.begin(id), active.begin(id)];
    expect(active.isIdle).to.equal(false);
    for (const write of writes) active.endPart(write);
    expect(active.isIdle).to.equal(true);
    const settle = active.beginLogout(undefined);
    expect(active.isIdle).to.equal(false);
    settle(true);
    expect(active.isIdle).to.equal(true);
  });

  it('is idle once it has forgotten a write, which may end later', async () => {
    const write = active.begin(id);
    active.forgetLater(write);
    await clock.tickAsync(600_000);
    expect(active.isIdle).to.equal(true);
    active.endPart(write);
    expect(active.isIdle).to.equal(true);
  });

  it('calls back if a logout has missed its deadline, and not if it has not', async () => {
    const late: string[] = [];
    active.beginLogout(id, () => late.push('late'));
    active.beginLogout(id, () => late.push('in time'))(true);
    await clock.tickAsync(1_000);
    expect(late).to.deep.equal(['late']);
  });

  for (const results of [
    [true, false],
    [false, true],
    [false, false],
  ]) {
    it(`waits for the logouts of a session and of all, and tells whether one of them worked (${results})`, async () => {
      const settles = [active.beginLogout(id), active.beginLogout(undefined)];
      const told: unknown[] = [];
      void active.logoutOf(id)?.then((isRemoved) => told.push(isRemoved));
      settles[0]?.(results[0] === true);
      await clock.tickAsync(0);
      expect(told).to.deep.equal([]);
      settles[1]?.(results[1] === true);
      await clock.tickAsync(0);
      expect(told).to.deep.equal([results.includes(true)]);
    });
  }

  it('waits for the logout of a session alone, or for that of all', async () => {
    expect(active.logoutOf(id)).to.equal(undefined);
    const settle = active.beginLogout(id);
    const own = active.logoutOf(id);
    expect(active.logoutOf('another')).to.equal(undefined);
    settle(true);
    expect(await own).to.equal(true);
    active.beginLogout(undefined)(true);
    const settleAll = active.beginLogout(undefined);
    const ofAll = active.logoutOf(id);
    settleAll(true);
    expect(await ofAll).to.equal(true);
  });
});
