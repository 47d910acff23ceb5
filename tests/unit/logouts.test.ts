import { expect } from 'chai';
import { MemoryStore } from 'express-session';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import type { Method } from '../../source/session/hooked-method.js';
import { type LogoutObserver, Logouts } from '../../source/session/logouts.js';
import { WriteTurns } from '../../source/session/write-turns.js';

describe('Logouts', () => {
  let clock: SinonFakeTimers;
  let told: string[];
  let removed: unknown[];
  /** How the store answers when it is to remove a session again. */
  let answerRemoval: (callback: (error?: unknown) => void) => void;
  let turns: WriteTurns;
  let logouts: Logouts;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    told = [];
    removed = [];
    answerRemoval = (callback) => callback();
    turns = new WriteTurns({ storeTimeout: 1_000, maxPending: 10 });
    const observer: LogoutObserver = {
      ending: (_sessionId, reason) => told.push(`ending: ${reason}`),
      stayed: () => told.push('stayed'),
      ended: (_sessionId, reason) => told.push(`ended: ${reason}`),
      cleared: () => told.push('cleared'),
    };
    logouts = new Logouts(new MemoryStore(), {
      turns,
      observers: [observer],
      ownDestroy: () => (sessionId, callback) => {
        removed.push(sessionId);
        answerRemoval(callback as () => void);
      },
    });
  });
  afterEach(() => clock.restore());

  const destroy = (method: Method, callback: (...answer: unknown[]) => void): unknown =>
    logouts.destroy({ method, target: undefined, args: ['one', callback] });

  /** A method of a store that calls back at once. */
  const answering =
    (error?: unknown): Method =>
    (...args) => {
      const callback = args.find((arg) => typeof arg === 'function');
      (callback as (error: unknown) => void)(error);
    };

  const throwing: Method = () => {
    throw new Error('down');
  };

  it('have ended a session once if the store throws after it has answered', () => {
    const method: Method = (_sessionId, callback) => {
      (callback as () => void)();
      throw new Error('a mistake');
    };
    expect(() => destroy(method, () => {})).to.throw('a mistake');
    expect(told).to.deep.equal(['ending: destroyed', 'ended: destroyed']);
  });

  it('remove a session again if the answer came too late for writes to wait, and then call back', async () => {
    let answer = (): void => {};
    const method: Method = (_sessionId, callback) => {
      answer = callback as () => void;
    };
    const destroyed = new Promise<void>((resolve) => destroy(method, () => resolve()));
    await clock.tickAsync(1_000);
    answer();
    expect([told, removed]).to.deep.equal([['ending: destroyed', 'ended: destroyed'], ['one']]);
    await destroyed;
  });

  it('do not remove it again if the answer was in time', () => {
    destroy(
      (_sessionId, callback) => (callback as () => void)(),
      () => {},
    );
    expect(removed).to.deep.equal([]);
  });

  it('call back as the store does if the answer was in time', () => {
    const answers: unknown[] = [];
    destroy(answering(), (...answer) => answers.push(answer));
    destroy(answering('down'), (...answer) => answers.push(answer));
    expect(answers).to.deep.equal([[undefined], ['down']]);
  });

  it('call back only once a session that was removed again is gone', async () => {
    let answer = (): void => {};
    let answerAgain = (): void => {};
    let hasAnswered = false;
    answerRemoval = (callback) => {
      answerAgain = callback;
    };
    const method: Method = (_sessionId, callback) => {
      answer = callback as () => void;
    };
    destroy(method, () => {
      hasAnswered = true;
    });
    await clock.tickAsync(1_000);
    answer();
    await new Promise(setImmediate);
    expect(hasAnswered).to.equal(false);
    answerAgain();
    await new Promise(setImmediate);
    expect(hasAnswered).to.equal(true);
  });

  it('end a session whose `destroy` is called without a callback', () => {
    logouts.destroy({ method: answering(), target: undefined, args: ['one'] });
    expect(told).to.deep.equal(['ending: destroyed', 'ended: destroyed']);
  });

  it('leave a session alive if the store fails', () => {
    destroy(answering(new Error('down')), () => {});
    expect(() => destroy(throwing, () => {})).to.throw('down');
    const once = ['ending: destroyed', 'stayed'];
    expect(told).to.deep.equal([...once, ...once]);
  });

  describe('by a regeneration', () => {
    const request = { sessionID: 'one' };
    const regenerate = (method: Method, args: unknown[] = [request, () => {}]): unknown =>
      logouts.regenerate({ method, target: undefined, args });

    it('call back as the store does', () => {
      const answers: unknown[] = [];
      const callback = (...answer: unknown[]): void => void answers.push(answer);
      regenerate(answering(), [request, callback]);
      regenerate(answering('down'), [request, callback]);
      expect(answers).to.deep.equal([[undefined], ['down']]);
    });

    it('are told as such, and not as another logout', () => {
      regenerate((_request, callback) => destroy(answering(), callback as () => void));
      expect(told).to.deep.equal(['ending: regenerated', 'ended: regenerated']);
    });

    it('are noticed without a callback, too', () => {
      regenerate(answering(), [request]);
      expect(told).to.deep.equal(['ended: regenerated']);
    });

    for (const [what, method] of [
      ['answers with an error', answering(new Error('down'))],
      ['throws', throwing],
    ] as const) {
      it(`are logouts again once the store has failed, where it ${what}`, () => {
        try {
          regenerate(method);
        } catch {
          // The caller gets it.
        }
        destroy(answering(), () => {});
        expect(told).to.deep.equal(['ending: destroyed', 'ended: destroyed']);
      });
    }
  });

  describe('of all sessions', () => {
    it('call back as the store does', () => {
      const answers: unknown[] = [];
      const callback = (...answer: unknown[]): void => void answers.push(answer);
      logouts.clear({ method: answering('down'), target: undefined, args: [callback] });
      expect(answers).to.deep.equal([['down']]);
    });

    for (const [what, method, isGone] of [
      ['are told to writes', answering(), true],
      ['are told to writes without an answer', () => {}, true],
      ['that fail are not told to writes', answering(new Error('down')), false],
      ['that throw are not told to writes', throwing, false],
    ] as const) {
      it(`${what}, and to observers`, async () => {
        const write = turns.active.begin('one');
        try {
          logouts.clear({ method, target: undefined, args: [] });
        } catch {
          // The caller gets it.
        }
        expect(told).to.deep.equal(['cleared']);
        expect(await write.isOvertaken()).to.equal(isGone);
      });
    }
  });

  describe('that are tried again', () => {
    it('are tried once more if the store does not answer, and then no more', async () => {
      answerRemoval = () => {
        answerRemoval = (callback) => callback();
      };
      let isOver = false;
      void logouts.removeAgain('one').then(() => {
        isOver = true;
      });
      await clock.tickAsync(999);
      expect([isOver, removed]).to.deep.equal([false, ['one']]);
      await clock.tickAsync(1);
      expect(isOver).to.equal(true);
      await clock.tickAsync(99);
      expect(removed).to.have.length(1);
      await clock.tickAsync(1_000_000);
      expect(removed).to.have.length(2);
    });

    for (const [what, fail] of [
      ['answers with an error', (callback: (error?: unknown) => void) => callback('down')],
      ['throws', throwing as () => void],
    ] as const) {
      it(`are tried for about ten minutes, less and less often, where it ${what}`, async () => {
        answerRemoval = fail;
        await logouts.removeAgain('one');
        await clock.tickAsync(100);
        expect(removed).to.have.length(2);
        await clock.tickAsync(109);
        expect(removed).to.have.length(2);
        await clock.tickAsync(1);
        expect(removed).to.have.length(3);
        await clock.tickAsync(500_000);
        const { length } = removed;
        await clock.tickAsync(100_000);
        expect(removed).to.have.length.above(length);
        await clock.tickAsync(200_000);
        const { length: last } = removed;
        await clock.tickAsync(1_000_000);
        expect(removed).to.have.length(last);
      });
    }
  });
});
