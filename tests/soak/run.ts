/**
 * @module `npm run test:soak`: two minutes, 2,000 connections, 500 sessions. Each of that is an
 * option: `--seconds=600 --connections=500 --sessions=100 --seed=7`.
 */

import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Soak, type SoakReport } from './soak.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    connections: { type: 'string', default: '2000' },
    sessions: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
const settings = {
  seconds: Number(values.seconds),
  connections: Number(values.connections),
  sessions: Number(values.sessions),
  seed: Number(values.seed),
};

setFlagsFromString('--expose-gc');
globalThis.gc ??= runInNewContext('gc') as NonNullable<typeof globalThis.gc>;

const crashes: unknown[] = [];
process.on('uncaughtException', (error) => crashes.push(error));
process.on('unhandledRejection', (error) => crashes.push(error));

const report = await new Soak(settings).run();
print(report);
for (const crash of crashes) console.error(crash);
const isSound =
  crashes.length === 0 && report.model.mistakeCount === 0 && isFlat(report) && isResponsive(report);
console.log(isSound ? 'Nothing is wrong' : 'Something is wrong');
process.exit(isSound ? 0 : 1);

/** Sessions and clients come and go, and their number stays: so does the heap, within a quarter. */
function isFlat({ heap }: SoakReport): boolean {
  return heap.end < heap.warm * 1.25 + 10;
}

/**
 * Work that grows with the number of sessions or events would stop the event loop for many seconds, or
 * often. The bound is generous, because 2,000 clients, the store and garbage collection share the
 * process, and other programs the machine: they have taken 0.4 s (p99) and 2.1 s (most).
 */
function isResponsive({ eventLoop }: SoakReport): boolean {
  return eventLoop.p99 < 2_500 && eventLoop.most < 5_000;
}

function print({ model, heap, eventLoop, ...others }: SoakReport): void {
  console.log(settings);
  console.table(model.counts);
  console.table({ errors: model.codes, reported: others.reported, mishaps: others.mishaps });
  console.table({ 'calls of the store': others.calls });
  console.table({
    'heap after the warm-up (MB)': Math.round(heap.warm),
    'heap at the end (MB)': Math.round(heap.end),
    'event loop delay, clients included: p50 (ms)': Math.round(eventLoop.p50),
    'p99 (ms)': Math.round(eventLoop.p99),
    'most (ms)': Math.round(eventLoop.most),
    'uncaught errors': crashes.length,
    'mistakes by the model': model.mistakeCount,
  });
  for (const mistake of model.mistakes) console.error(mistake);
}
