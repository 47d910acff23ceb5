/**
 * @module A store made of trouble: whatever it does, each event's listener is called once, with a
 * session or a named error; and when the trouble is over, everything works again by itself.
 */

import fc from 'fast-check';
import { latencies, type Mishap } from '../support/troubled-store.js';
import type { Wire } from '../support/wire.js';
import { inTime, Site } from './site.js';

const mishaps: readonly Mishap[] = [
  'error',
  'error after effect',
  'rejection',
  'throw',
  'hang',
  'hang after effect',
  'late',
  'double',
  'torn',
  'foreign',
  'live',
];

const troubles = fc.record({
  rates: fc.dictionary(fc.constantFrom(...mishaps), fc.constantFrom(0.05, 0.2, 0.5), {
    minKeys: 1,
    maxKeys: 3,
  }),
  latency: fc.constantFrom(
    latencies.none(),
    latencies.uniform(0, 3),
    latencies.exponential(1),
    latencies.heavyTailed(0.3, 20),
  ),
  isCut: fc.boolean(),
  works: fc.array(fc.constantFrom('read', 'save', 'update', 'destroy later'), {
    minLength: 1,
    maxLength: 8,
  }),
});

/** Goes through so many troubles; tells how many events there were. */
export async function fuzzStore(runs: number, seed: number): Promise<number> {
  const site = new Site(seed, { storeTimeout: 25, lockTimeout: 200, touch: 0 });
  const calls = new Map<string, number>();
  let events = 0;
  site.welcome('/', ({ socket }) => {
    socket.sessOn('do', async (err, session, key: string, work: string) => {
      calls.set(key, (calls.get(key) ?? 0) + 1);
      site.watch.look('error', err);
      if ((err === null) === (session === null)) site.watch.found.push('neither of both');
      if (err) return;
      session['test:touched'] = key;
      const done = work === 'update' ? session.update(() => {}) : session.save();
      if (work === 'read') return;
      await Promise.resolve(done).catch((error: unknown) => {
        site.watch.look('save', error);
        const code = String(Reflect.get(Object(error), 'code'));
        if (!code.startsWith('ERR_SESSION')) site.watch.found.push(`no code: ${String(error)}`);
      });
    });
  });
  try {
    await fc.assert(
      fc.asyncProperty(troubles, async ({ rates, latency, isCut, works }) => {
        const { sessionId, cookie } = site.login({ n: 1 });
        const wire = site.open({ headers: { cookie } });
        await inTime(() => wire.join());
        site.store.trouble({ rates, latency, lateness: 40 });
        if (isCut) setTimeout(() => site.store.disconnect(), 2);
        const keys = works.map((work) => {
          const key = `event ${events++}`;
          wire.receive(`2${JSON.stringify(['do', key, work])}`);
          return key;
        });
        await inTime(() => allCalled(wire, keys, calls));
        site.store.calm();
        if (wire.readyState === 'open' && site.store.record(sessionId)) {
          await inTime(() => isWell(wire, calls, `well ${events}`));
        }
        if (keys.some((key) => (calls.get(key) ?? 0) > 1)) throw new Error('Called twice');
        site.check();
        wire.close();
      }),
      { numRuns: runs, seed },
    );
  } finally {
    await site.stop();
  }
  return events;
}

/** Those of a client that was disconnected meanwhile may not have been delivered. */
async function allCalled(
  wire: Wire,
  keys: readonly string[],
  calls: ReadonlyMap<string, number>,
): Promise<void> {
  while (wire.readyState === 'open' && !keys.every((key) => calls.has(key))) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Events are answered again. */
async function isWell(wire: Wire, calls: ReadonlyMap<string, number>, key: string): Promise<void> {
  wire.receive(`2${JSON.stringify(['do', key, 'read'])}`);
  await allCalled(wire, [key], calls);
}
