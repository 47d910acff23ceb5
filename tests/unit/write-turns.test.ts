import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import type { Write } from '../../source/session/active-writes.js';
import { WriteTurns } from '../../source/session/write-turns.js';

const id = 'a session';

describe('WriteTurns', () => {
  let clock: SinonFakeTimers;
  let turns: WriteTurns;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    turns = new WriteTurns({ storeTimeout: 100, maxPending: 2 });
  });
  afterEach(() => clock.restore());

  /** A write that has its turn until it is ended. */
  async function hold(begin: 'run' | 'runInTime'): Promise<{
    write: Write;
    end: () => Promise<void>;
  }> {
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let whole: Promise<void> | undefined;
    const write = await new Promise<Write>((resolve) => {
      whole = turns[begin](id, async (one) => {
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
    const { write, end } = await hold('run');
    expect(write.destroy).to.equal(undefined);
    turns.active.beginDestroy(id)(true);
    expect(await isGone(write)).to.equal(true);
    await end();
  });

  it('tells a write of no logout of another session', async () => {
    const { write, end } = await hold('run');
    turns.active.beginDestroy('another')(true);
    expect(write.destroy).to.equal(undefined);
    await end();
  });

  it('lets a write wait for a logout that is under way', async () => {
    const settle = turns.active.beginDestroy(id);
    let hasBegun = false;
    const written = turns.run(id, async (write) => {
      hasBegun = true;
      return write.destroy;
    });
    await clock.tickAsync(50);
    expect(hasBegun).to.equal(false);
    settle(true);
    expect(await written).to.equal(undefined);
  });

  it('overtakes a second time the writes that gave up waiting for a logout, once it worked', async () => {
    const settle = turns.active.beginDestroy(id);
    const held = hold('run');
    await clock.tickAsync(100);
    const { write, end } = await held;
    expect(write.destroy).to.equal(undefined);
    settle(true);
    expect(await isGone(write)).to.equal(true);
    await end();
  });

  it('overtakes nobody where a logout fails after they gave up waiting for it', async () => {
    const settle = turns.active.beginDestroy(id);
    const held = hold('run');
    await clock.tickAsync(100);
    const { write, end } = await held;
    settle(false);
    expect(write.destroy).to.equal(undefined);
    await end();
  });

  it('tells a write that is overtaken by a logout without an answer that it did not work', async () => {
    const { write, end } = await hold('run');
    turns.active.beginDestroy(id);
    const gone = isGone(write);
    await clock.tickAsync(100);
    expect(await gone).to.equal(false);
    await end();
  });

  it('waits for the younger of two logouts', async () => {
    const older = turns.active.beginDestroy(id);
    const younger = turns.active.beginDestroy(id);
    older(true);
    const write = turns.active.begin(id);
    expect(write.destroy).to.be.instanceOf(Promise);
    younger(false);
    expect(await isGone(write)).to.equal(false);
    expect(turns.active.begin(id).destroy).to.equal(undefined);
  });

  it('tells a write that has ended of nothing any more', async () => {
    const { write, end } = await hold('run');
    await end();
    turns.active.beginDestroy(id)(true);
    expect(write.destroy).to.equal(undefined);
  });

  it('lets a write of HTTP wait no longer than the deadline for its turn', async () => {
    const first = await hold('run');
    let hasBegun = false;
    const second = turns.runInTime(id, async () => {
      hasBegun = true;
    });
    await clock.tickAsync(99);
    expect(hasBegun).to.equal(false);
    await clock.tickAsync(1);
    await second;
    expect(hasBegun).to.equal(true);
    await first.end();
    const third = await hold('run');
    await third.end();
  });

  it('keeps the turn after a write that was given up, until the store has answered', async () => {
    let answer = (): void => {};
    await turns.run(id, async (write) => {
      write.answered = new Promise((resolve) => {
        answer = resolve;
      });
    });
    let hasBegun = false;
    const next = turns.run(id, async () => {
      hasBegun = true;
    });
    await clock.tickAsync(74);
    expect(hasBegun).to.equal(false);
    answer();
    await next;
    expect(hasBegun).to.equal(true);
  });

  it('keeps it for three quarters of storeTimeout at most', async () => {
    await turns.run(id, async (write) => {
      write.answered = new Promise(() => {});
    });
    let hasBegun = false;
    const next = turns.run(id, async () => {
      hasBegun = true;
    });
    await clock.tickAsync(74);
    expect(hasBegun).to.equal(false);
    await clock.tickAsync(1);
    await next;
    expect(hasBegun).to.equal(true);
  });

  it('shares the turn of an external write with others, until all have ended', async () => {
    const [first, second] = [turns.take(id), turns.take(id)];
    first?.();
    first?.();
    let hasBegun = false;
    const next = turns.run(id, async () => {
      hasBegun = true;
    });
    await clock.tickAsync(0);
    expect(hasBegun).to.equal(false);
    expect(turns.take(id), 'an internal write waits').to.equal(undefined);
    second?.();
    await next;
    expect(hasBegun).to.equal(true);
  });

  it('lets two and no more wait for a session, as maxPending says, and ten times as many in all', async () => {
    const held = await hold('run');
    const waiting = [1, 2].map(() => turns.run(id, async () => {}));
    await clock.tickAsync(0);
    const refusal = await turns.run(id, async () => {}).catch((error: unknown) => error);
    expect(refusal).to.have.property('code', 'ERR_SESSION_OVERLOAD');
    const ends = Array.from({ length: 10 }, (_, at) => turns.take(`session ${at}`));
    for (let at = 0; at < 9; at++) {
      waiting.push(...[1, 2].map(() => turns.run(`session ${at}`, async () => {})));
    }
    await clock.tickAsync(0);
    const last = await turns.run('session 9', async () => {}).catch((error: unknown) => error);
    expect(last).to.have.property('code', 'ERR_SESSION_OVERLOAD');
    await turns.run('nobody has it', async () => {});
    for (const end of ends) end?.();
    await held.end();
    await Promise.all(waiting);
  });

  it('keeps the turn of an external write without an answer for 1.75 times storeTimeout', async () => {
    turns.take(id);
    await clock.tickAsync(100);
    let hasBegun = false;
    const next = turns.run(id, async () => {
      hasBegun = true;
    });
    await clock.tickAsync(74);
    expect(hasBegun).to.equal(false);
    await clock.tickAsync(1);
    await next;
  });

  it('ends the turn of an external write that is never answered', async () => {
    turns.take(id);
    const taken = turns.takeInTime(id);
    await clock.tickAsync(100);
    (await taken)();
    expect(turns.take('another')).to.be.a('function');
    await clock.tickAsync(75);
    const { end } = await hold('run');
    await end();
  });

  it('takes no turn for an external write while an internal one has it', async () => {
    const { end } = await hold('run');
    expect(turns.take(id)).to.equal(undefined);
    await end();
    expect(turns.take(id)).to.be.a('function');
  });

  it('knows what is written internally by the session, and by its cookie', () => {
    const session = turns.markInternal({ cookie: {} });
    expect(turns.isInternal(session)).to.equal(true);
    expect(turns.isInternal({ cookie: session.cookie })).to.equal(true);
    expect(turns.isInternal({ cookie: {} })).to.equal(false);
    for (const other of [undefined, null, 'text']) {
      expect(turns.isInternal(other)).to.equal(false);
    }
    turns.unmarkInternal(session);
    expect(turns.isInternal(session)).to.equal(false);
    expect(turns.isInternal({ cookie: session.cookie })).to.equal(false);
    for (const cookie of [undefined, null, 'text']) {
      const odd = turns.markInternal({ cookie });
      expect(turns.isInternal(odd)).to.equal(true);
      expect(() => turns.unmarkInternal(odd)).not.to.throw();
    }
  });

  it('overtakes all writes under way, also where one of them has ended', async () => {
    const [first, second, third] = [
      turns.active.begin(id),
      turns.active.begin(id),
      turns.active.begin(id),
    ];
    turns.active.end(second);
    turns.active.end(second);
    turns.active.beginDestroy(id)(true);
    expect([await isGone(first), await isGone(second), await isGone(third)]).to.deep.equal([
      true,
      undefined,
      true,
    ]);
  });

  it('ends a write that has ended already without harm', async () => {
    const write = turns.active.begin(id);
    turns.active.end(write);
    turns.active.end(write);
    turns.active.beginDestroy(id)(true);
    expect(await isGone(write)).to.equal(undefined);
  });

  it('forgets writes that are not answered within ten minutes', async () => {
    const lost = turns.active.begin(id);
    await clock.tickAsync(9 * 60_000);
    const recent = turns.active.begin('another');
    await clock.tickAsync(2 * 60_000);
    turns.active.begin('a third');
    turns.active.beginDestroy(id)(true);
    turns.active.beginDestroy('another')(true);
    expect([await isGone(lost), await isGone(recent)]).to.deep.equal([undefined, true]);
  });

  it('lets touches of requests share a turn, and keeps others waiting for the last of them', async () => {
    const [first, second] = [await holdTouch(), await holdTouch()];
    let hasBegun = false;
    const next = turns.run(id, async () => {
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
    const { end } = await hold('run');
    let hasBegun = false;
    const touch = turns.runTogetherInTime(id, async () => {
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
    const { end } = await hold('run');
    const touches = [holdTouch()];
    let hasBegun = false;
    const next = turns.run(id, async () => {
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
    const { end } = await hold('run');
    await clock.tickAsync(50);
    const early = [
      turns.runTogetherInTime(id, async () => {}),
      turns.runTogetherInTime(id, async () => {}),
    ];
    await clock.tickAsync(100);
    await Promise.all(early);
    await end();
    const next = await hold('run');
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
      const touch = turns.runTogetherInTime(id, async () => {
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
      const write = turns.active.begin(id);
      const logouts = results.map(() => turns.active.beginDestroy(id));
      for (const [at, settle] of logouts.entries()) settle(results[at] === true);
      expect(await isGone(write)).to.equal(true);
    }
  });

  it('tells a write of HTTP of the logout that came while it waited for its turn', async () => {
    const { end } = await hold('run');
    const waiting = turns.runInTime(id, async ({ destroy }) => destroy);
    turns.active.beginDestroy(id)(true);
    await end();
    expect(await waiting).to.equal(true);
  });

  for (const begin of ['run', 'runInTime'] as const) {
    it(`gives no turn to a write that has given up waiting for it (${begin})`, async () => {
      const { end } = await hold('run');
      const late = turns[begin](id, async () => {}).catch(() => {});
      await clock.tickAsync(100);
      await late;
      await end();
      const next = await hold('run');
      await next.end();
    });
  }

  it('takes another turn for an external write after the last has ended', async () => {
    turns.take(id)?.();
    const end = turns.take(id);
    let hasBegun = false;
    const internal = turns.run(id, async () => {
      hasBegun = true;
    });
    await clock.tickAsync(1);
    expect(hasBegun).to.equal(false);
    end?.();
    await internal;
  });

  describe('count what waiting changes hold', () => {
    const large = new Map([['text', 'x'.repeat(15_000_000)]]);
    const wait = (changes?: typeof large): Promise<unknown> =>
      turns.run(id, async () => {}, changes).catch(({ code }) => code);

    /** The first that waits is not measured. */
    async function mayWait(): Promise<boolean> {
      const { end } = await hold('run');
      const outcomes = [wait(), wait(large)];
      await end();
      return (await Promise.all(outcomes)).every((code) => code === undefined);
    }

    it('until they are refused, because too many wait', async () => {
      const { end } = await hold('run');
      const waiting = [wait(), wait()];
      expect(await wait(large)).to.equal('ERR_SESSION_OVERLOAD');
      await end();
      await Promise.all(waiting);
      expect(await mayWait()).to.equal(true);
    });

    it('until they give up waiting', async () => {
      const { end } = await hold('run');
      const waiting = [wait(), wait(large)];
      await clock.tickAsync(100);
      expect(await Promise.all(waiting)).to.include('ERR_SESSION_STORE_TIMEOUT');
      await end();
      expect(await mayWait()).to.equal(true);
    });
  });
});
