/**
 * @module Fails tests in which the process would have crashed.
 */

import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';

/**
 * Fails a test of the suite during which an exception was uncaught or a rejection unhandled, also
 * if mocha's own listeners keep the process alive. Call it after the suite's own `afterEach`, so that
 * failures there count.
 */
export function expectNoCrash(): void {
  const mistakes: unknown[] = [];
  const record = (mistake: unknown): void => {
    mistakes.push(mistake);
  };

  beforeEach(() => {
    mistakes.length = 0;
    process.on('uncaughtExceptionMonitor', record);
    process.on('unhandledRejection', record);
  });

  afterEach(async () => {
    // A rejection counts as unhandled once the microtasks have run.
    await setImmediate();
    process.off('uncaughtExceptionMonitor', record);
    process.off('unhandledRejection', record);
    expect(mistakes).to.deep.equal([]);
  });
}
