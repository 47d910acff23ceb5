import { expect } from 'chai';
import { PendingEvents, type PendingTotal } from '../../source/sockets/pending-events.js';

const megabyte = 1_000_000;

describe('PendingEvents', () => {
  let total: PendingTotal;
  let pending: PendingEvents;
  const listener = (): void => {};
  const other = (): void => {};

  beforeEach(() => {
    total = { bytes: 0 };
    pending = new PendingEvents(3, total);
  });

  function enter(
    args: readonly unknown[] = [],
    { event = 'an event', to = listener } = {},
  ): ReturnType<PendingEvents['enter']> {
    return pending.enter(event, to, args);
  }
  const bytesOf = (...args: unknown[]): number => {
    const before = total.bytes;
    const entered = new PendingEvents(1, total).enter('measured', listener, args);
    if (entered !== undefined) return entered;
    throw new Error(`it was refused at ${before}`);
  };

  it('lets as many events wait as the limit allows', () => {
    const entered = [enter(), enter(), enter(), enter()];
    expect(entered.map((bytes) => typeof bytes)).to.deep.equal([
      'number',
      'number',
      'number',
      'undefined',
    ]);
  });

  it('lets another event wait when one has left', () => {
    const [first] = [enter(), enter(), enter()];
    if (first !== undefined) pending.leave(first);
    expect(enter()).to.be.above(0);
    expect(enter()).to.equal(undefined);
  });

  it('counts an event once, however many listeners it has', () => {
    for (let count = 0; count < 3; count++) {
      expect(enter()).to.be.above(0);
      expect(enter([], { to: other })).to.equal(0);
    }
    expect(enter()).to.equal(undefined);
    expect(enter([], { to: other })).to.equal(undefined);
  });

  it('counts an event of a later turn, whichever listener it is for', async () => {
    for (const to of [listener, listener, other]) {
      expect(enter([], { to })).to.be.above(0);
      await Promise.resolve();
    }
  });

  it('ends with its first listener, and not with a further one', () => {
    const entered = [enter(), enter([], { to: other }), enter(), enter()];
    expect(entered[1]).to.equal(0);
    pending.leave(0);
    expect(enter()).to.equal(undefined);
  });

  it('counts events of different names', () => {
    for (const event of ['a', 'b', 'c']) expect(enter([], { event })).to.be.above(0);
    expect(enter([], { event: 'd' })).to.equal(undefined);
  });

  it('counts a later event whose only listener is another function', async () => {
    const first = enter();
    if (first !== undefined) pending.leave(first);
    await Promise.resolve();
    expect(enter([], { to: other })).to.be.above(0);
  });

  it('lets a later event with another listener wait after one was refused', async () => {
    const entered = [enter(), enter(), enter()];
    expect(enter()).to.equal(undefined);
    for (const event of entered) if (event !== undefined) pending.leave(event);
    await Promise.resolve();
    expect(enter([], { to: other })).to.be.above(0);
  });

  it('limits the size of the events of a socket', () => {
    expect(enter(['x'.repeat(10 * megabyte)])).to.be.above(0);
    expect(enter(['x'.repeat(10 * megabyte)])).to.equal(undefined);
    expect(enter(['x'.repeat(megabyte)])).to.be.above(0);
  });

  it('lets a single event wait that is larger than the limit', () => {
    const large = enter([Buffer.alloc(40 * megabyte)]);
    expect(large).to.be.above(0);
    expect(enter(['x'])).to.equal(undefined);
    if (large !== undefined) pending.leave(large);
    expect(enter(['x'])).to.be.above(0);
  });

  it('limits the size of the events of all sockets', () => {
    const buffer = Buffer.alloc(15 * megabyte);
    const sockets = Array.from({ length: 20 }, () => new PendingEvents(3, total));
    const entered = sockets.map((socket) => socket.enter('an event', listener, [buffer]));
    expect(entered.filter(Boolean)).to.have.length(17);
    expect(total.bytes).to.be.below(256 * megabyte);
    for (const [index, event] of entered.entries()) {
      if (event !== undefined) sockets[index]?.leave(event);
    }
    expect(total.bytes).to.equal(0);
  });

  it('lets a large event wait if no other event of any socket waits', () => {
    const entered = enter([Buffer.alloc(300 * megabyte)]);
    expect(entered).to.be.above(0);
    const elsewhere = new PendingEvents(3, total);
    expect(elsewhere.enter('e', listener, ['x'])).to.equal(undefined);
  });

  it('measures strings, bytes and keys, at any depth', () => {
    const text = 'x'.repeat(1_000);
    // What an event takes without its data.
    const least = bytesOf();
    expect(bytesOf(1, null, undefined, true) - least).to.be.below(100);
    expect(bytesOf(text) - least).to.be.within(1_000, 1_100);
    expect(bytesOf([text, { a: [text] }]) - least).to.be.within(2_000, 2_200);
    expect(bytesOf({ [text]: 1 }) - least).to.be.within(1_000, 1_100);
    expect(bytesOf(Buffer.alloc(1_000), new Uint8Array(500)) - least).to.be.within(1_500, 1_800);
  });

  it('measures binary data of any kind', () => {
    expect(bytesOf(new ArrayBuffer(1_000), [new DataView(new ArrayBuffer(500))])).to.be.within(
      bytesOf() + 1_500,
      bytesOf() + 1_800,
    );
  });

  it('measures the memory that a small view keeps', () => {
    // As a parser returns parts of a message.
    expect(enter([Buffer.alloc(10 * megabyte).subarray(0, 1)])).to.be.above(0);
    const other = Buffer.alloc(10 * megabyte);
    expect(enter([other.subarray(0, 1)])).to.equal(undefined);
    // The event that would have kept it was refused.
    expect(enter([other.subarray(1, 2)])).to.equal(undefined);
  });

  it('counts memory once that several events share', () => {
    // As the network delivers small messages together.
    const buffer = Buffer.alloc(10 * megabyte);
    expect(enter([buffer.subarray(0, 1)])).to.be.above(10 * megabyte);
    expect(enter([buffer.subarray(1, 2)])).to.be.within(1, 1_000);
  });

  it('measures all of a large event', () => {
    const text = 'x'.repeat(100);
    expect(bytesOf(Array.from({ length: 20_000 }, () => text))).to.be.at.least(2 * megabyte);
  });

  it('counts objects and arrays without values, too', () => {
    const lists = Array.from({ length: 1_000 }, () => []);
    const objects = Array.from({ length: 1_000 }, () => ({}));
    expect(bytesOf(lists, objects)).to.be.within(40_000, 60_000);
  });

  it('stops where an event has taken the room of all', () => {
    const text = 'x'.repeat(megabyte);
    const lists = Array.from({ length: 1_000 }, () => [text]);
    expect(bytesOf(lists)).to.be.within(256 * megabyte, 258 * megabyte);
  });

  it('measures data however deeply it is nested', () => {
    const text = `${'['.repeat(100_000)}"x"${']'.repeat(100_000)}`;
    expect(bytesOf(JSON.parse(text))).to.be.at.least(100_000);
  });

  // Middlewares of the application add such values; a client can send none of them.
  it('measures circular data', () => {
    const circular: Record<string, unknown> = { text: 'x'.repeat(1_000) };
    circular.self = circular;
    circular.list = [circular, [circular]];
    expect(bytesOf(circular)).to.be.within(1_000, megabyte);
  });

  it('does not look into instances of classes', () => {
    class Model {
      readonly rows = 'x'.repeat(1_000);
      get owner(): never {
        throw new Error('not loaded');
      }
    }
    expect(bytesOf(new Model(), { model: new Model() }) - bytesOf()).to.be.below(100);
  });

  it('counts what it has measured when a getter throws', () => {
    const text = 'x'.repeat(1_000);
    const data = {
      text,
      get lazy(): never {
        throw new Error('not loaded');
      },
    };
    expect(bytesOf(data)).to.be.at.least(1_000);
  });
});

describe('the memory of pending events', () => {
  it('is limited for events without data, too', () => {
    const total: PendingTotal = { bytes: 0 };
    const pending = new PendingEvents(Number.POSITIVE_INFINITY, total);
    let waiting = 0;
    while (waiting < 1_000_000) {
      const entered = pending.enter(`event ${waiting}`, () => {}, []);
      if (entered === undefined) break;
      waiting++;
    }
    // Each holds some hundred bytes of promises and closures.
    expect(waiting).to.be.within(1_000, 100_000);
  });
});
