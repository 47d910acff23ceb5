/**
 * @module A clock that stands still until a test moves it, for what happens after some time.
 */

import { type SinonFakeTimers, useFakeTimers } from 'sinon';

/** Server options: moving the clock ends no connection because a ping was not answered meanwhile. */
export const withoutPings = { pingInterval: 1_000_000_000 } as const;

/**
 * Stops the clock. It is to be restored.
 *
 * Log visitors in before that: `fetch` needs its timers.
 */
export function stopClock(): SinonFakeTimers {
  return useFakeTimers({
    toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'],
    now: Date.now(),
    shouldClearNativeTimers: true,
  });
}
