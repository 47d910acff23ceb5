import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import type { Write } from '../../source/session/active-writes.js';
import { StoreWrites } from '../../source/session/store-writes.js';

const id = 'a session';

describe('StoreWrites', () => {
  let clock: SinonFakeTimers;
  let writes: StoreWrites;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    writes = new StoreWrites({ storeTimeout: 100, maxPending: 2 });
  });
  afterEach(() => clock.restore());

  /** A write that has its turn until it is ended. */
  async function hold(begin: 'alone' | 'aloneInTime'): Promise<{
    write: Write;
    end: () => Promise<void>;
  }> {
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let whole: Promise<void> | undefined;
    const write = await new Promise<Write>((resolve) => {
      whole = writes[begin](id, async (one) => {
        resolve(one);
        await ended;
      });
    });
    return {
      write,
      end: async () => {
        end();
        await whole;
      },
    };
  }

  /** Whether a logout removed the session, as a write that it overtook is told. */
  async function isGone({ destroy }: Write): Promise<boolean | undefined> {
    return destroy;
  }

  it('tells a write of the logout that comes while it is under way', async () => {
    const { write, end } = await hold('alone');
    expect(write.destroy).to.equal(undefined);
    writes.active.beginDestroy(id)(true);
    expect(await isGone(write)).to.equal(true);
    await end();
  });

  it('tells a write of no logout of another session', async () => {
    const { write, end } = await hold('alone');
    writes.active.beginDestroy('another')(true);
    expect(write.destroy).to.equal(undefined);
    await end();
  });

  it('lets a write wait for a logout that is under way', async () => {
    const settle = writes.active.beginDestroy(id);
    let hasBegun = false;
    const written = writes.alone(id, async (write) => {
      hasBegun = true;
      return write.destroy;
    });
    await clock.tickAsync(50);
    expect(hasBegun).to.equal(false);
    settle(true);
    expect(await written).to.equal(undefined);
  });

  it('overtakes a second time the writes that gave up waiting for a logout, once it worked', async () => {
    const settle = writes.active.beginDestroy(id);
    const held = hold('alone');
    await clock.tickAsync(100);
    const { write, end } = await held;
    expect(write.destroy).to.equal(undefined);
    settle(true);
    expect(await isGone(write)).to.equal(true);
    await end();
  });

  it('overtakes nobody where a logout fails after they gave up waiting for it', async () => {
    const settle = writes.active.beginDestroy(id);
    const held = hold('alone');
    await clock.tickAsync(100);
    const { write, end } = await held;
    settle(false);
    expect(write.destroy).to.equal(undefined);
    await end();
  });

  it('tells a write that is overtaken by a logout without an answer that it did not work', async () => {
    const { write, end } = await hold('alone');
    writes.active.beginDestroy(id);
    const gone = isGone(write);
    await clock.tickAsync(100);
    expect(await gone).to.equal(false);
    await end();
  });

  it('waits for the younger of two logouts', async () => {
    const older = writes.active.beginDestroy(id);
    const younger = writes.active.beginDestroy(id);
    older(true);
    const write = writes.active.begin(id);
    expect(write.destroy).to.be.instanceOf(Promise);
    younger(false);
    expect(await isGone(write)).to.equal(false);
    expect(writes.active.begin(id).destroy).to.equal(undefined);
  });

  it('tells a write that has ended of nothing any more', async () => {
    const { write, end } = await hold('alone');
    await end();
    writes.active.beginDestroy(id)(true);
    expect(write.destroy).to.equal(undefined);
  });

  it('lets a write of HTTP wait no longer than the deadline for its turn', async () => {
    const first = await hold('alone');
    let hasBegun = false;
    const second = writes.aloneInTime(id, async () => {
      hasBegun = true;
    });
    await clock.tickAsync(99);
    expect(hasBegun).to.equal(false);
    await clock.tickAsync(1);
    await second;
    expect(hasBegun).to.equal(true);
    await first.end();
    const third = await hold('alone');
    await third.end();
  });

  it('keeps the turn after a write that was given up, until the store has answered', async () => {
    let answer = (): void => {};
    await writes.alone(id, async (write) => {
      write.answered = new Promise((resolve) => {
        answer = resolve;
      });
    });
    let hasBegun = false;
    const next = writes.alone(id, async () => {
      hasBegun = true;
    });
    await clock.tickAsync(74);
    expect(hasBegun).to.equal(false);
    answer();
    await next;
    expect(hasBegun).to.equal(true);
  });

  it('keeps it for three quarters of storeTimeout at most', async () => {
    await writes.alone(id, async (write) => {
      write.answered = new Promise(() => {});
    });
    let hasBegun = false;
    const next = writes.alone(id, async () => {
      hasBegun = true;
    });
    await clock.tickAsync(74);
    expect(hasBegun).to.equal(false);
    await clock.tickAsync(1);
    await next;
    expect(hasBegun).to.equal(true);
  });

  it('shares the turn of an external write with others, until all have ended', async () => {
    const [first, second] = [writes.take(id), writes.take(id)];
    first?.();
    first?.();
    let hasBegun = false;
    const next = writes.alone(id, async () => {
      hasBegun = true;
    });
    await clock.tickAsync(0);
    expect(hasBegun).to.equal(false);
    expect(writes.take(id), 'an internal write waits').to.equal(undefined);
    second?.();
    await next;
    expect(hasBegun).to.equal(true);
  });

  it('lets two and no more wait for a session, as maxPending says, and ten times as many in all', async () => {
    const held = await hold('alone');
    const waiting = [1, 2].map(() => writes.alone(id, async () => {}));
    await clock.tickAsync(0);
    const refusal = await writes.alone(id, async () => {}).catch((error: unknown) => error);
    expect(refusal).to.have.property('code', 'ERR_SESSION_OVERLOAD');
    const ends = Array.from({ length: 10 }, (_, at) => writes.take(`session ${at}`));
    for (let at = 0; at < 9; at++) {
      waiting.push(...[1, 2].map(() => writes.alone(`session ${at}`, async () => {})));
    }
    await clock.tickAsync(0);
    const last = await writes.alone('session 9', async () => {}).catch((error: unknown) => error);
    expect(last).to.have.property('code', 'ERR_SESSION_OVERLOAD');
    await writes.alone('nobody has it', async () => {});
    for (const end of ends) end?.();
    await held.end();
    await Promise.all(waiting);
  });

  it('keeps the turn of an external write without an answer for 1.75 times storeTimeout', async () => {
    writes.take(id);
    await clock.tickAsync(100);
    let hasBegun = false;
    const next = writes.alone(id, async () => {
      hasBegun = true;
    });
    await clock.tickAsync(74);
    expect(hasBegun).to.equal(false);
    await clock.tickAsync(1);
    await next;
  });

  it('ends the turn of an external write that is never answered', async () => {
    writes.take(id);
    const taken = writes.takeInTime(id);
    await clock.tickAsync(100);
    (await taken)();
    expect(writes.take('another')).to.be.a('function');
    await clock.tickAsync(75);
    const { end } = await hold('alone');
    await end();
  });

  it('takes no turn for an external write while an internal one has it', async () => {
    const { end } = await hold('alone');
    expect(writes.take(id)).to.equal(undefined);
    await end();
    expect(writes.take(id)).to.be.a('function');
  });

  it('knows what is written internally by the session, and by its cookie', () => {
    const session = writes.markInternal({ cookie: {} });
    expect(writes.isInternal(session)).to.equal(true);
    expect(writes.isInternal({ cookie: session.cookie })).to.equal(true);
    expect(writes.isInternal({ cookie: {} })).to.equal(false);
    for (const other of [undefined, null, 'text']) {
      expect(writes.isInternal(other)).to.equal(false);
    }
    writes.unmarkInternal(session);
    expect(writes.isInternal(session)).to.equal(false);
    expect(writes.isInternal({ cookie: session.cookie })).to.equal(false);
    for (const cookie of [undefined, null, 'text']) {
      const odd = writes.markInternal({ cookie });
      expect(writes.isInternal(odd)).to.equal(true);
      expect(() => writes.unmarkInternal(odd)).not.to.throw();
    }
  });

  it('overtakes all writes under way, also where one of them has ended', async () => {
    const [first, second, third] = [
      writes.active.begin(id),
      writes.active.begin(id),
      writes.active.begin(id),
    ];
    writes.active.end(second);
    writes.active.end(second);
    writes.active.beginDestroy(id)(true);
    expect([await isGone(first), await isGone(second), await isGone(third)]).to.deep.equal([
      true,
      undefined,
      true,
    ]);
  });

  it('ends a write that has ended already without harm', async () => {
    const write = writes.active.begin(id);
    writes.active.end(write);
    writes.active.end(write);
    writes.active.beginDestroy(id)(true);
    expect(await isGone(write)).to.equal(undefined);
  });

  it('forgets writes that are not answered within ten minutes', async () => {
    const lost = writes.active.begin(id);
    await clock.tickAsync(9 * 60_000);
    const recent = writes.active.begin('another');
    await clock.tickAsync(2 * 60_000);
    writes.active.begin('a third');
    writes.active.beginDestroy(id)(true);
    writes.active.beginDestroy('another')(true);
    expect([await isGone(lost), await isGone(recent)]).to.deep.equal([undefined, true]);
  });

  it('lets touches of requests share a turn, and keeps others waiting for the last of them', async () => {
    const [first, second] = [await holdTouch(), await holdTouch()];
    let hasBegun = false;
    const next = writes.alone(id, async () => {
      hasBegun = true;
    });
    await first();
    await clock.tickAsync(0);
    expect(hasBegun).to.equal(false);
    await second();
    await next;
    expect(hasBegun).to.equal(true);
  });

  it('lets a touch of a request wait for what is written, until the deadline', async () => {
    const { end } = await hold('alone');
    let hasBegun = false;
    const touch = writes.sharedInTime(id, async () => {
      hasBegun = true;
    });
    await clock.tickAsync(99);
    expect(hasBegun).to.equal(false);
    await clock.tickAsync(1);
    expect(hasBegun).to.equal(true);
    await touch;
    await end();
  });

  it('lets all touches of requests that wait share the next turn, before a write that waits', async () => {
    const { end } = await hold('alone');
    const touches = [holdTouch()];
    let hasBegun = false;
    const next = writes.alone(id, async () => {
      hasBegun = true;
    });
    touches.push(holdTouch(), holdTouch());
    await end();
    const ends = await Promise.all(touches);
    for (const endTouch of ends) {
      expect(hasBegun).to.equal(false);
      await endTouch();
    }
    await next;
    expect(hasBegun).to.equal(true);
  });

  it('gives no turn to touches of requests that have given up waiting for it', async () => {
    const { end } = await hold('alone');
    await clock.tickAsync(50);
    const early = [
      writes.sharedInTime(id, async () => {}),
      writes.sharedInTime(id, async () => {}),
    ];
    await clock.tickAsync(100);
    await Promise.all(early);
    await end();
    const next = await hold('alone');
    const waiting = holdTouch();
    await next.end();
    await (await waiting)();
  });

  /** A touch that has its turn until it is ended by what this returns. */
  async function holdTouch(): Promise<() => Promise<void>> {
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const begun = await new Promise<{ touch: Promise<void> }>((resolve) => {
      const touch = writes.sharedInTime(id, async () => {
        queueMicrotask(() => resolve({ touch }));
        await ended;
      });
    });
    return () => {
      end();
      return begun.touch;
    };
  }

  it('tells a write of two logouts that one of them worked', async () => {
    for (const results of [
      [true, false],
      [false, true],
    ]) {
      const write = writes.active.begin(id);
      const logouts = results.map(() => writes.active.beginDestroy(id));
      for (const [at, settle] of logouts.entries()) settle(results[at] === true);
      expect(await isGone(write)).to.equal(true);
    }
  });

  it('tells a write of HTTP of the logout that came while it waited for its turn', async () => {
    const { end } = await hold('alone');
    const waiting = writes.aloneInTime(id, async ({ destroy }) => destroy);
    writes.active.beginDestroy(id)(true);
    await end();
    expect(await waiting).to.equal(true);
  });

  for (const begin of ['alone', 'aloneInTime'] as const) {
    it(`gives no turn to a write that has given up waiting for it (${begin})`, async () => {
      const { end } = await hold('alone');
      const late = writes[begin](id, async () => {}).catch(() => {});
      await clock.tickAsync(100);
      await late;
      await end();
      const next = await hold('alone');
      await next.end();
    });
  }

  it('takes another turn for an external write after the last has ended', async () => {
    writes.take(id)?.();
    const end = writes.take(id);
    let hasBegun = false;
    const internal = writes.alone(id, async () => {
      hasBegun = true;
    });
    await clock.tickAsync(1);
    expect(hasBegun).to.equal(false);
    end?.();
    await internal;
  });
});
