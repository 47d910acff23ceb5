import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { LiveSession } from '../../source/session/live-session.js';

describe('LiveSession', () => {
  let clock: SinonFakeTimers;
  let session: LiveSession;

  beforeEach(() => {
    clock = useFakeTimers({ now: 1_000_000_000_000, toFake: ['Date'] });
    session = new LiveSession('one');
  });
  afterEach(() => clock.restore());

  /** Sees a record whose cookie is over since, or still good for, so long. */
  function see(remaining: number, originalMaxAge: number | null = 3_600_000): number {
    session.noteRecord({ cookie: { expires: new Date(Date.now() + remaining), originalMaxAge } });
    return session.checkAt - Date.now();
  }

  /** Finds the session alive, though its cookie is over. */
  function check(remaining: number): number {
    const expires = new Date(Date.now() + remaining);
    session.wasChecked({ cookie: { expires, originalMaxAge: 3_600_000 } });
    return session.checkAt - Date.now();
  }

  it('is checked when its cookie is over', () => {
    expect(see(5_000)).to.equal(5_000);
    expect(see(1e12)).to.equal(1e12);
  });

  it('is checked now and then where its cookie does not tell', () => {
    session.noteRecord({ cookie: { expires: null } });
    expect(session.checkAt - Date.now()).to.equal(300_000);
  });

  it('is checked again in a second where the store, which may round up, has it still', () => {
    expect(see(0)).to.equal(1_000);
    expect(see(-500)).to.equal(1_000);
  });

  it('is checked more and more rarely where the store keeps it for longer', () => {
    const intervals = Array.from({ length: 8 }, () => check(-10_000));
    expect(intervals).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
  });

  it('is checked more often, the shorter its life', () => {
    for (let checks = 0; checks < 20; checks++) check(-10_000);
    expect(see(-10_000, 300_000)).to.equal(10_000);
    expect(see(-10_000, 1_000)).to.equal(1_000);
    expect(see(-10_000, null)).to.equal(1_000);
  });

  it('is checked when the last write says, where the record is older than that', () => {
    const expires = new Date(Date.now() + 20_500);
    session.noteWrite({ cookie: { expires, originalMaxAge: 3_600_000 } });
    for (let checks = 0; checks < 20; checks++) check(-10_000);
    expect(see(-10_000)).to.equal(20_500);
    clock.tick(30_000);
    expect(see(-40_000)).to.equal(60_000);
  });

  it('is checked when its record expires where a touch, which the store may ignore, says later', () => {
    const touch = (remaining: number): number => {
      const expires = new Date(Date.now() + remaining);
      session.noteTouch({ cookie: { expires, originalMaxAge: 3_600_000 } });
      return session.checkAt - Date.now();
    };
    see(5_000);
    expect(touch(3_600_000)).to.equal(5_000);
    clock.tick(5_000);
    for (let checks = 0; checks < 20; checks++) check(-10_000);
    // Rarely, because most stores have not ignored it.
    expect(touch(3_600_000)).to.equal(120_000);
    expect(touch(90_000)).to.equal(90_000);
  });

  it('is as long-lived as its last touch says, so that the next one comes in time', () => {
    see(86_400_000, 86_400_000);
    const expires = new Date(Date.now() + 4_000);
    session.noteTouch({ cookie: { expires, originalMaxAge: 4_000 } });
    expect(session.lifetime).to.equal(4_000);
  });

  it('is stored and checked once it was touched, though it was new', () => {
    session.noteTouch({ cookie: { expires: null } });
    expect(session.isStored).to.equal(true);
    expect(session.checkAt - Date.now()).to.equal(300_000);
  });

  it('is checked as often as at first again, once its cookie was good in between', () => {
    for (let checks = 0; checks < 5; checks++) check(-10_000);
    expect(see(5_000)).to.equal(5_000);
    expect(check(-10_000)).to.equal(1_000);
    expect(check(-10_000)).to.equal(2_000);
  });

  it('is as stored and as long-lived as what was written', () => {
    expect(session.isStored).to.equal(false);
    const before = performance.now();
    session.noteWrite({ cookie: { expires: null, originalMaxAge: 5_000 } });
    expect(session.isStored).to.equal(true);
    expect(session.writtenAt).to.be.at.least(before);
    expect(session.lifetime).to.equal(5_000);
    expect(session.checkAt - Date.now()).to.equal(300_000);
  });

  it('is not checked at a time that is over already', () => {
    for (const expiry of [Date.now(), Date.now() - 1, Number.POSITIVE_INFINITY]) {
      session.checkAt = 42;
      session.noteExpiry(expiry);
      expect(session.checkAt).to.equal(42);
    }
  });
});
