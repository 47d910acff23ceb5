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
  let logouts: Logouts;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    told = [];
    removed = [];
    const observer: LogoutObserver = {
      ending: () => told.push('ending'),
      stayed: () => told.push('stayed'),
      ended: () => told.push('ended'),
      cleared: () => told.push('cleared'),
    };
    logouts = new Logouts(new MemoryStore(), {
      turns: new WriteTurns({ storeTimeout: 1_000, maxPending: 10 }),
      observers: [observer],
      ownDestroy: () => (sessionId, callback) => {
        removed.push(sessionId);
        (callback as () => void)();
      },
    });
  });
  afterEach(() => clock.restore());

  const destroy = (method: Method, callback: () => void): unknown =>
    logouts.destroy({ method, target: undefined, args: ['one', callback] });

  it('have ended a session once if the store throws after it has answered', () => {
    const method: Method = (_sessionId, callback) => {
      (callback as () => void)();
      throw new Error('a mistake');
    };
    expect(() => destroy(method, () => {})).to.throw('a mistake');
    expect(told).to.deep.equal(['ending', 'ended']);
  });

  it('remove a session again if the answer came too late for writes to wait, and then call back', async () => {
    let answer = (): void => {};
    const method: Method = (_sessionId, callback) => {
      answer = callback as () => void;
    };
    const destroyed = new Promise<void>((resolve) => destroy(method, resolve));
    await clock.tickAsync(1_000);
    answer();
    expect([told, removed]).to.deep.equal([['ending', 'ended'], ['one']]);
    await destroyed;
  });

  it('do not remove it again if the answer was in time', () => {
    destroy(
      (_sessionId, callback) => (callback as () => void)(),
      () => {},
    );
    expect(removed).to.deep.equal([]);
  });
});
