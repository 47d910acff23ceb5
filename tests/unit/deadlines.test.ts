/**
 * @module Deadlines of one duration, on sinon's clock.
 */

import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { Deadlines, type Settle } from '../../source/deadlines.js';
import { rejection } from '../support/outcomes.js';

const late = (when: string): Error => new Error(`It did not answer ${when}`);
const never = (): void => {};

describe('a deadline', () => {
  let clock: SinonFakeTimers;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });

  afterEach(() => {
    clock.restore();
  });

  /** Tells the names of those whose wait has ended, in the order in which it did. */
  function watch(waits: Record<string, Promise<unknown>>): string[] {
    const ended: string[] = [];
    for (const [name, wait] of Object.entries(waits)) {
      wait.then(
        () => ended.push(`${name} fulfilled`),
        () => ended.push(`${name} rejected`),
      );
    }
    return ended;
  }

  describe('once the deadlines are closed', () => {
    it('is missed at once, and nothing is started', async () => {
      const deadlines = new Deadlines(100);
      deadlines.close();
      let isStarted = false;
      const wait = deadlines.wait(() => {
        isStarted = true;
      }, late);
      expect(await rejection(wait))
        .to.have.property('message')
        .that.includes('`close()`');
      expect(isStarted).to.equal(false);
    });

    it('is missed by what closes them', async () => {
      const deadlines = new Deadlines(100);
      const wait = deadlines.wait(() => deadlines.close(), late);
      expect(await rejection(wait))
        .to.have.property('message')
        .that.includes('`close()`');
    });
  });

  describe('when the answer comes in time', () => {
    it('gives the answer', async () => {
      const wait = new Deadlines(100).wait<number>(({ resolve }) => {
        setTimeout(resolve, 99, 7);
      }, late);
      await clock.tickAsync(99);
      expect(await wait).to.equal(7);
    });

    it('gives an answer that comes at once', async () => {
      expect(await new Deadlines(100).wait<number>(({ resolve }) => resolve(7), late)).to.equal(7);
    });

    it('gives the failure', async () => {
      const failure = new Error('connection lost');
      const wait = new Deadlines(100).wait<number>(({ reject }) => reject(failure), late);
      expect(await rejection(wait)).to.equal(failure);
    });

    it('gives what beginning it threw', async () => {
      const failure = new Error('no connection');
      const wait = new Deadlines(100).wait(() => {
        throw failure;
      }, late);
      expect(await rejection(wait)).to.equal(failure);
    });

    it('ignores a second answer', async () => {
      const wait = new Deadlines(100).wait<number>(({ resolve, reject }) => {
        resolve(7);
        resolve(8);
        reject(new Error('connection lost'));
      }, late);
      expect(await wait).to.equal(7);
    });

    it('ignores what is thrown after the answer', async () => {
      const wait = new Deadlines(100).wait<number>(({ resolve }) => {
        resolve(7);
        throw new Error('too late');
      }, late);
      expect(await wait).to.equal(7);
    });
  });

  describe('when a function is called', () => {
    it('gives what it returned, or what its promise resolved to', async () => {
      const deadlines = new Deadlines(100);
      expect(await deadlines.call(() => 7, late)).to.equal(7);
      expect(await deadlines.call(async () => 8, late)).to.equal(8);
    });

    it('gives what it threw, or what its promise rejected with', async () => {
      const failure = new Error('no connection');
      const deadlines = new Deadlines(100);
      const thrown = deadlines.call(() => {
        throw failure;
      }, late);
      expect(await rejection(thrown)).to.equal(failure);
      expect(await rejection(deadlines.call(() => Promise.reject(failure), late))).to.equal(
        failure,
      );
    });

    it('fails where its promise stays pending', async () => {
      const failure = rejection(new Deadlines(100).call(() => new Promise(never), late));
      await clock.tickAsync(100);
      expect(await failure).to.have.property('message', 'It did not answer within 100 ms');
    });
  });

  describe('when the answer comes while the event loop is busy', () => {
    beforeEach(() => clock.restore());

    /** Lets no timer and no answer be handled for longer than the deadline. */
    function block(): void {
      const until = performance.now() + 40;
      while (performance.now() < until);
    }

    it('gives the answer, though the timer is called first', async () => {
      // Now is the phase of `setImmediate`: the timers are next, and then what is asked for here.
      await new Promise(setImmediate);
      const wait = new Deadlines(20).wait<number>(({ resolve }) => {
        setImmediate(resolve, 7);
      }, late);
      block();
      expect(await wait).to.equal(7);
    });

    it('still fails where none has come', async () => {
      await new Promise(setImmediate);
      const failure = rejection(new Deadlines(20).wait(never, late));
      block();
      expect(await failure).to.have.property('message', 'It did not answer within 20 ms');
    });
  });

  describe('when no answer comes', () => {
    it('waits until the time is over', async () => {
      const ended = watch({ one: new Deadlines(100).wait(never, late) });
      await clock.tickAsync(99);
      expect(ended).to.deep.equal([]);
    });

    it('fails with the error of whoever waits, told how long it was', async () => {
      const failure = rejection(new Deadlines(100).wait(never, late));
      await clock.tickAsync(100);
      expect(await failure)
        .to.be.an('error')
        .with.property('message', 'It did not answer within 100 ms');
    });

    it('ignores an answer that comes too late', async () => {
      let settle: Settle<number> | undefined;
      const wait = new Deadlines(100).wait<number>((given) => {
        settle = given;
      }, late);
      const ended = watch({ one: wait });
      await clock.tickAsync(100);
      settle?.resolve(7);
      settle?.reject(new Error('connection lost'));
      await clock.tickAsync(0);
      expect(ended).to.deep.equal(['one rejected']);
    });

    it('gives each wait the whole time', async () => {
      const deadlines = new Deadlines(100);
      const first = deadlines.wait(never, late);
      await clock.tickAsync(60);
      const second = deadlines.wait(never, late);
      const ended = watch({ first, second });
      await clock.tickAsync(99);
      expect(ended).to.deep.equal(['first rejected']);
      await clock.tickAsync(1);
      expect(ended).to.deep.equal(['first rejected', 'second rejected']);
    });

    it('ends those that are late while others have been answered', async () => {
      const deadlines = new Deadlines(100);
      const answered = deadlines.wait<void>(({ resolve }) => resolve(), late);
      const hung = deadlines.wait(never, late);
      const ended = watch({ answered, hung });
      await clock.tickAsync(100);
      expect(ended).to.deep.equal(['answered fulfilled', 'hung rejected']);
    });

    it('watches those that begin after all others have ended', async () => {
      const deadlines = new Deadlines(100);
      const first = watch({ first: deadlines.wait(never, late) });
      await clock.tickAsync(500);
      const second = watch({ second: deadlines.wait(never, late) });
      await clock.tickAsync(100);
      expect([...first, ...second]).to.deep.equal(['first rejected', 'second rejected']);
    });
  });

  describe('its timer', () => {
    it('is one for all waits', () => {
      const deadlines = new Deadlines(100);
      const waits = Array.from({ length: 50 }, () => deadlines.wait(never, late));
      for (const wait of waits) wait.catch(never);
      expect(clock.countTimers()).to.equal(1);
    });

    it('keeps no process alive', () => {
      // A real timer: a spy on the clock's would stay in its place on Node.js 22.
      clock.restore();
      const active = (): number =>
        process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
      const before = active();
      const deadlines = new Deadlines(100);
      deadlines.wait(never, late).catch(never);
      expect(active()).to.equal(before);
      deadlines.close();
    });
  });

  describe('when it is closed', () => {
    it('ends every wait under way', async () => {
      const deadlines = new Deadlines(100);
      const failure = rejection(deadlines.wait(never, late));
      deadlines.close();
      expect(await failure).to.have.property(
        'message',
        'It did not answer before `close()` was called',
      );
    });

    it('ends later waits at once, without beginning them', async () => {
      const deadlines = new Deadlines(100);
      deadlines.close();
      let hasBegun = false;
      await rejection(
        deadlines.wait(() => {
          hasBegun = true;
        }, late),
      );
      expect(hasBegun).to.equal(false);
    });

    it('leaves no timer behind', () => {
      const deadlines = new Deadlines(100);
      deadlines.wait(never, late).catch(never);
      deadlines.close();
      expect(clock.countTimers()).to.equal(0);
    });

    it('may be closed again', () => {
      const deadlines = new Deadlines(100);
      deadlines.close();
      expect(() => deadlines.close()).not.to.throw();
    });
  });
});
