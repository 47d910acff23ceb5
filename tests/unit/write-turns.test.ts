import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import type { Write } from '../../source/session/write.js';
import { WriteTurns } from '../../source/session/write-turns.js';

const id = 'a session';

type How = 'run' | 'runForRequest' | 'runTouchForRequest';

interface Asked {
  hasBegun: boolean;
  whole: Promise<void>;
}

describe('WriteTurns', () => {
  let clock: SinonFakeTimers;
  let turns: WriteTurns;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    turns = new WriteTurns({ storeTimeout: 100, maxPending: 2 });
  });
  afterEach(() => clock.restore());

  /** Asks for a turn, and tells whether it has come. */
  function ask(how: How = 'run'): Asked {
    const asked: Asked = { hasBegun: false, whole: Promise.resolve() };
    asked.whole = turns[how](id, async () => {
      asked.hasBegun = true;
    });
    return asked;
  }

  /** Has a turn until it is ended. */
  async function hold(how: How = 'run'): Promise<() => Promise<void>> {
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const held = await new Promise<{ task: Promise<void> }>((resolve) => {
      const task = turns[how](id, () => {
        queueMicrotask(() => resolve({ task }));
        return ended;
      });
    });
    return () => {
      end();
      return held.task;
    };
  }

  /** A write, and not a touch, whose deadline passes before the store answers. */
  function giveUp(): Promise<Write> {
    return turns.run(id, async (write) =>
      Object.assign(write, { keepsTurn: true, isUnanswered: true }),
    );
  }

  it('lets a write wait for a logout that is under way', async () => {
    const settle = turns.active.beginLogout(id);
    let hasBegun = false;
    const written = turns.run(id, async (write) => {
      hasBegun = true;
      return write.logout;
    });
    await clock.tickAsync(50);
    expect(hasBegun).to.equal(false);
    settle(true);
    expect(await written).to.equal(undefined);
  });

  it('lets a write of HTTP wait no longer than the deadline for its turn', async () => {
    const first = await hold();
    const second = ask('runForRequest');
    await clock.tickAsync(99);
    expect(second.hasBegun).to.equal(false);
    await clock.tickAsync(1);
    await second.whole;
    expect(second.hasBegun).to.equal(true);
    await first();
    const third = await hold();
    await third();
  });

  it('keeps the turn after a write that was given up, until the store has answered', async () => {
    const late = await giveUp();
    const next = ask();
    await clock.tickAsync(74);
    expect(next.hasBegun).to.equal(false);
    late.onAnswered?.();
    await next.whole;
    expect(next.hasBegun).to.equal(true);
    await clock.tickAsync(1);
  });

  it('keeps it for three quarters of storeTimeout at most', async () => {
    await giveUp();
    const next = ask();
    await clock.tickAsync(74);
    expect(next.hasBegun).to.equal(false);
    await clock.tickAsync(1);
    expect(next.hasBegun).to.equal(true);
  });

  it('does not keep it after a touch that was given up', async () => {
    await turns.run(id, async (write) => Object.assign(write, { isUnanswered: true }));
    const next = ask();
    await clock.tickAsync(0);
    expect(next.hasBegun).to.equal(true);
  });

  it('shares the turn of an external write with others, until all have ended', async () => {
    const [first, second] = [turns.takeShared(id), turns.takeShared(id)];
    first?.();
    first?.();
    const next = ask();
    await clock.tickAsync(0);
    expect(next.hasBegun).to.equal(false);
    expect(turns.takeShared(id), 'an internal write waits').to.equal(undefined);
    second?.();
    await next.whole;
    expect(next.hasBegun).to.equal(true);
  });

  it('lets two and no more wait for a session, as maxPending says, and ten times as many in all', async () => {
    const held = await hold();
    const waiting = [1, 2].map(() => turns.run(id, async () => {}));
    await clock.tickAsync(0);
    const refusal = await turns.run(id, async () => {}).catch((error: unknown) => error);
    expect(refusal).to.have.property('code', 'ERR_SESSION_OVERLOAD');
    const ends = Array.from({ length: 10 }, (_, at) => turns.takeShared(`session ${at}`));
    for (let at = 0; at < 9; at++) {
      waiting.push(...[1, 2].map(() => turns.run(`session ${at}`, async () => {})));
    }
    await clock.tickAsync(0);
    const last = await turns.run('session 9', async () => {}).catch((error: unknown) => error);
    expect(last).to.have.property('code', 'ERR_SESSION_OVERLOAD');
    await turns.run('nobody has it', async () => {});
    for (const end of ends) end?.();
    await held();
    await Promise.all(waiting);
  });

  it('keeps the turn of an external write without an answer for 1.75 times storeTimeout', async () => {
    turns.takeShared(id);
    await clock.tickAsync(100);
    const next = ask();
    await clock.tickAsync(74);
    expect(next.hasBegun).to.equal(false);
    await clock.tickAsync(1);
    await next.whole;
  });

  it('ends the turn of an external write that is never answered', async () => {
    turns.takeShared(id);
    const taken = turns.waitForShared(id);
    await clock.tickAsync(100);
    (await taken)();
    expect(turns.takeShared('another')).to.be.a('function');
    await clock.tickAsync(75);
    const end = await hold();
    await end();
  });

  it('gives an external write its turn once an internal one has ended', async () => {
    const end = await hold();
    const taken = turns.waitForShared(id);
    await end();
    const next = ask();
    const endTaken = await taken;
    expect(next.hasBegun).to.equal(false);
    endTaken();
    await next.whole;
  });

  it('takes no turn for an external write while an internal one has it', async () => {
    const end = await hold();
    expect(turns.takeShared(id)).to.equal(undefined);
    await end();
    expect(turns.takeShared(id)).to.be.a('function');
  });

  it('lets touches of requests share a turn, and keeps others waiting for the last of them', async () => {
    const [first, second] = [await hold('runTouchForRequest'), await hold('runTouchForRequest')];
    const next = ask();
    await first();
    await clock.tickAsync(0);
    expect(next.hasBegun).to.equal(false);
    await second();
    await next.whole;
    expect(next.hasBegun).to.equal(true);
  });

  it('lets a touch of a request wait for what is written, until the deadline', async () => {
    const end = await hold();
    const touch = ask('runTouchForRequest');
    await clock.tickAsync(99);
    expect(touch.hasBegun).to.equal(false);
    await clock.tickAsync(1);
    expect(touch.hasBegun).to.equal(true);
    await touch.whole;
    await end();
  });

  it('lets all touches of requests that wait share the next turn, before a write that waits', async () => {
    const end = await hold();
    const touches = [hold('runTouchForRequest')];
    const next = ask();
    touches.push(hold('runTouchForRequest'), hold('runTouchForRequest'));
    await end();
    const ends = await Promise.all(touches);
    for (const endTouch of ends) {
      expect(next.hasBegun).to.equal(false);
      await endTouch();
    }
    await next.whole;
    expect(next.hasBegun).to.equal(true);
  });

  it('gives no turn to touches of requests that have given up waiting for it', async () => {
    const end = await hold();
    await clock.tickAsync(50);
    const early = [
      turns.runTouchForRequest(id, async () => {}),
      turns.runTouchForRequest(id, async () => {}),
    ];
    await clock.tickAsync(100);
    await Promise.all(early);
    await end();
    const next = await hold();
    const waiting = hold('runTouchForRequest');
    await next();
    await (await waiting)();
  });

  it('tells a write of HTTP of the logout that came while it waited for its turn', async () => {
    const end = await hold();
    const waiting = turns.runForRequest(id, async ({ logout }) => logout);
    turns.active.beginLogout(id)(true);
    await end();
    expect(await waiting).to.equal(true);
  });

  for (const begin of ['run', 'runForRequest'] as const) {
    it(`gives no turn to a write that has given up waiting for it (${begin})`, async () => {
      const end = await hold();
      const late = turns[begin](id, async () => {}).catch(() => {});
      await clock.tickAsync(100);
      await late;
      await end();
      const next = await hold();
      await next();
    });
  }

  it('takes another turn for an external write after the last has ended', async () => {
    turns.takeShared(id)?.();
    const end = turns.takeShared(id);
    const internal = ask();
    await clock.tickAsync(1);
    expect(internal.hasBegun).to.equal(false);
    end?.();
    await internal.whole;
  });

  describe('count what waiting changes hold', () => {
    const large = new Map([['text', 'x'.repeat(15_000_000)]]);
    const wait = (changes?: typeof large): Promise<unknown> =>
      turns.run(id, async () => {}, changes).catch(({ code }) => code);

    /** The first that waits is not measured. */
    async function mayWait(): Promise<boolean> {
      const end = await hold();
      const outcomes = [wait(), wait(large)];
      await end();
      return (await Promise.all(outcomes)).every((code) => code === undefined);
    }

    it('until they are refused, because too many wait', async () => {
      const end = await hold();
      const waiting = [wait(), wait()];
      expect(await wait(large)).to.equal('ERR_SESSION_OVERLOAD');
      await end();
      await Promise.all(waiting);
      expect(await mayWait()).to.equal(true);
    });

    it('until they give up waiting', async () => {
      const end = await hold();
      const waiting = [wait(), wait(large)];
      await clock.tickAsync(100);
      expect(await Promise.all(waiting)).to.include('ERR_SESSION_STORE_TIMEOUT');
      await end();
      expect(await mayWait()).to.equal(true);
    });
  });
});
