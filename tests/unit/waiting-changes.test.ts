import { expect } from 'chai';
import { WaitingChanges } from '../../source/session/waiting-changes.js';

/** A change of about so many million bytes. */
function change(millions: number): Map<string, unknown> {
  return new Map([['text', 'x'.repeat(millions * 1_000_000 - 8)]]);
}

describe('WaitingChanges', () => {
  let waiting: WaitingChanges;

  beforeEach(() => {
    waiting = new WaitingChanges();
  });

  it('lets 16 MB wait for one session, and not a byte more', () => {
    expect(waiting.enter('one', new Map([['text', 'x'.repeat(15_999_993)]]))).to.equal(undefined);
    expect(waiting.enter('one', change(16))).to.be.a('function');
    expect(waiting.enter('one', new Map([['n', 1]]))).to.equal(undefined);
    expect(waiting.enter('another', change(16))).to.be.a('function');
  });

  it('adds up what waits for a session, until it waits no longer', () => {
    const leaveFirst = waiting.enter('one', change(6));
    const leaveSecond = waiting.enter('one', change(8));
    expect(waiting.enter('one', change(3)), 'beside 14 MB').to.equal(undefined);
    leaveFirst?.();
    expect(waiting.enter('one', change(9)), 'beside 8 MB').to.equal(undefined);
    const leaveThird = waiting.enter('one', change(8));
    expect(leaveThird, 'beside 8 MB').to.be.a('function');
    leaveSecond?.();
    leaveThird?.();
    expect(waiting.enter('one', change(16)), 'beside nothing').to.be.a('function');
  });

  it('lets 64 MB wait in all, and not a byte more', () => {
    const leave = ['one', 'two', 'three', 'four'].map((id) => waiting.enter(id, change(16)));
    expect(leave.every((one) => one !== undefined)).to.equal(true);
    expect(waiting.enter('five', new Map([['n', 1]]))).to.equal(undefined);
    leave[0]?.();
    expect(waiting.enter('five', change(16))).to.be.a('function');
    expect(waiting.enter('six', new Map([['n', 1]]))).to.equal(undefined);
  });

  it('counts all memory of binary data for each change that waits with a part of it', () => {
    const changes = new Map([['part', new Uint8Array(new ArrayBuffer(15_000_000), 0, 10)]]);
    expect(waiting.enter('one', changes)).to.be.a('function');
    expect(waiting.enter('one', changes)).to.equal(undefined);
  });
});
