/**
 * @module `npm run test:fuzz`: at least 100,000 inputs. `--inputs=200000` makes more, and
 * `--seed=7` repeats a run.
 */

import { parseArgs } from 'node:util';
import { properties } from './properties.js';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '110000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
const inputs = Number(values.inputs);
const seed = Number(values.seed);

const mistakes: unknown[] = [];
process.on('uncaughtException', (error) => mistakes.push(error));
process.on('unhandledRejection', (error) => mistakes.push(error));

console.log(`${inputs} inputs, --seed=${seed}`);
for (const { what, share, counted, fuzz } of properties) {
  const runs = Math.ceil(inputs * share);
  const startedAt = performance.now();
  try {
    const count = await fuzz(runs, seed);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    console.log(`${what}: ${runs} inputs, ${count} ${counted}, ${seconds} s`);
  } catch (error) {
    mistakes.push(error);
    console.log(`${what}: failed`);
  }
}
for (const mistake of mistakes) console.error(mistake);
console.log(mistakes.length === 0 ? 'Nothing found' : `${mistakes.length} found`);
process.exit(mistakes.length === 0 ? 0 : 1);
