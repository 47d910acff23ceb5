import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { Deadlines } from '../../source/deadlines.js';
import { callStore, type StoreCall } from '../../source/session/store-call.js';

describe('callStore()', () => {
  let clock: SinonFakeTimers;
  let deadlines: Deadlines;
  /** The answers, and when the store gave one. */
  let told: unknown[];

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    deadlines = new Deadlines(100);
    told = [];
  });
  afterEach(() => clock.restore());

  function call(start: StoreCall['start']): void {
    const settled: StoreCall['settled'] = (error, value) => told.push(error?.code ?? value);
    const answered = (): void => void told.push('answered');
    callStore({ sessionIds: ['one'], start, settled, answered }, deadlines);
  }

  it('passes on what the store calls back with', () => {
    call((callback) => callback(null, 'a value'));
    call((callback) => callback('down'));
    expect(told).to.deep.equal(['answered', 'a value', 'answered', 'ERR_SESSION_STORE']);
  });

  for (const reason of [new Error('down'), undefined]) {
    const what = reason ? 'an error' : 'nothing';
    it(`takes a store that throws or rejects with ${what} for one that has failed`, async () => {
      call(() => {
        throw reason;
      });
      call(() => Promise.reject(reason));
      await clock.tickAsync(0);
      const failed = ['answered', 'ERR_SESSION_STORE'];
      expect(told).to.deep.equal([...failed, ...failed]);
    });
  }

  it('waits for a callback though the promise of an `async` method has resolved', async () => {
    call(async (callback) => {
      setTimeout(callback, 50, null, 'a value');
    });
    await clock.tickAsync(50);
    expect(told).to.deep.equal(['answered', 'a value']);
  });

  it('fails at the deadline, and tells of a later answer without its value', async () => {
    call((callback) => setTimeout(callback, 150, null, 'a value'));
    await clock.tickAsync(149);
    expect(told).to.deep.equal(['ERR_SESSION_STORE_TIMEOUT']);
    await clock.tickAsync(1);
    expect(told).to.deep.equal(['ERR_SESSION_STORE_TIMEOUT', 'answered']);
  });

  it('passes on the first of several answers', () => {
    call((callback) => {
      callback(null, 'a value');
      callback(null, 'another');
      throw new Error('a mistake');
    });
    expect(told.filter((one) => one !== 'answered')).to.deep.equal(['a value']);
  });

  it('does not call a store that was closed', () => {
    deadlines.close();
    call(() => told.push('called'));
    expect(told).to.deep.equal(['ERR_SESSION_STORE_TIMEOUT']);
  });
});
