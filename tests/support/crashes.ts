/**
 * @module Whether the process would have crashed. Knows what ends a process; must not know why a test
 * expects it to live.
 */

import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';

/**
 * Fails a test of the suite during which an exception was uncaught or a rejection unhandled, also
 * where mocha's own listeners keep the process alive. To be called after the suite's own `afterEach`,
 * so that what happens there counts.
 */
export function expectNoCrash(): void {
  const heard: unknown[] = [];
  const hear = (mistake: unknown): void => {
    heard.push(mistake);
  };

  beforeEach(() => {
    heard.length = 0;
    process.on('uncaughtExceptionMonitor', hear);
    process.on('unhandledRejection', hear);
  });

  afterEach(async () => {
    // A rejection counts as unhandled once the microtasks have run.
    await setImmediate();
    process.off('uncaughtExceptionMonitor', hear);
    process.off('unhandledRejection', hear);
    expect(heard).to.deep.equal([]);
  });
}
