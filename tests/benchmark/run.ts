/**
 * @module Runs the benchmark: compiles the workers, takes the variants in turns, and writes what was
 * found.
 *
 *     npm run bench -- --rounds 5 --seconds 2 --only memory-20x20 --quick
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { drawChart } from './chart.js';
import { checkGoals } from './goals.js';
import { type Load, loads, titleOf } from './loads.js';
import { RedisServer } from './redis-server.js';
import {
  type AbsentVariant,
  describeMachine,
  type LoadResult,
  labelOf,
  type Results,
} from './results.js';
import { type Sample, summarise } from './statistics.js';
import { writeTable, writeTables } from './table.js';
import { compiled, type Pace, Trial } from './trial.js';
import { type Variant, type VariantName, variants } from './variants.js';

const { values: flags } = parseArgs({
  options: {
    /** How often each variant takes its turn. */
    rounds: { type: 'string', default: '5' },
    /** How long a turn is measured. */
    seconds: { type: 'string', default: '2' },
    /** Runs the loads of this name only; may be given several times. */
    only: { type: 'string', multiple: true },
    /** Finds out whether everything works: short turns, few connections, numbers of no use. */
    quick: { type: 'boolean', default: false },
    /** Where to write: a partial run does not replace the results of a whole one. */
    output: { type: 'string' },
  },
});

const rounds = flags.quick ? 2 : positive('rounds', flags.rounds);
const pace: Pace = flags.quick
  ? { seconds: 0.3, warmUpSeconds: 0.2 }
  : { seconds: positive('seconds', flags.seconds), warmUpSeconds: 0.5 };
const isWhole = !flags.quick && flags.only === undefined;
const output = flags.output ?? (isWhole ? import.meta.dirname : join(import.meta.dirname, 'dist'));

compileWorkers();
const redis = await RedisServer.start();
try {
  await run(chooseLoads());
} finally {
  await redis?.stop();
}

async function run(chosen: readonly Load[]): Promise<void> {
  const found: LoadResult[] = [];
  for (const load of chosen) {
    if (load.store === 'redis' && !redis) {
      console.log(`\nWithout “${titleOf(load)}”: there is no \`redis-server\` on this machine.`);
      continue;
    }
    console.error(`\n${load.name} …`);
    const result = await tryLoad(flags.quick ? lighten(load) : load);
    found.push(result);
    console.log(writeTable(result));
  }
  report({ machine: describeMachine(), settings: { rounds, ...pace }, loads: found });
}

async function tryLoad(load: Load): Promise<LoadResult> {
  const trial = new Trial(load, pace);
  try {
    const absent = await addVariants(trial, load);
    const present = load.variants.filter((name) => !absent.some((one) => one.name === name));
    const samples = await takeTurns(trial, present);
    const bare = samples.get('bare') ?? [];
    return {
      load,
      variants: present.map((name) => ({
        ...{ name, label: labelOf(name) },
        ...summarise(samples.get(name) ?? [], bare),
      })),
      absent,
    };
  } finally {
    await trial.stop();
  }
}

/** A rival that does not work is a line under the table; that ours does not is a failure. */
async function addVariants(trial: Trial, load: Load): Promise<AbsentVariant[]> {
  const absent: AbsentVariant[] = [];
  for (const name of load.variants) {
    const { isOurs }: Variant = variants[name];
    try {
      const reason = await trial.add(name, redis?.url ?? '');
      if (reason) absent.push({ name, reason });
    } catch (error) {
      if (isOurs || name === 'bare') throw error;
      absent.push({ name, reason: `it does not work (${firstLine(error)})` });
    }
  }
  return absent;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

/** Takes the variants in turns, beginning each round with another. */
async function takeTurns(
  trial: Trial,
  names: readonly VariantName[],
): Promise<Map<VariantName, Sample[]>> {
  const samples = new Map(names.map((name) => [name, [] as Sample[]]));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      samples.get(name)?.push(await trial.turn(name));
    }
  }
  return samples;
}

function report(results: Results): void {
  mkdirSync(output, { recursive: true });
  writeFileSync(join(output, 'results.json'), `${JSON.stringify(results, rounded, 2)}\n`);
  writeFileSync(join(output, 'results.md'), `${writeTables(results)}\n`);
  const chart = drawChart(results);
  if (chart) writeFileSync(join(output, 'results.svg'), chart);
  console.log('\n### Goals\n');
  for (const { promise, found, isMet } of checkGoals(results.loads)) {
    console.log(`${isMet ? 'met   ' : 'MISSED'}  ${promise} (${found.toFixed(2)})`);
  }
  console.log(`\nWritten to ${output}`);
}

/** Nobody needs more than four digits of a measurement. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}

function chooseLoads(): readonly Load[] {
  const { only } = flags;
  if (only === undefined) return loads;
  const names = loads.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown) fail(`\`--only\`: expected one of ${names.join(', ')}, got ${unknown}`);
  return loads.filter(({ name }) => only.includes(name));
}

function lighten(load: Load): Load {
  return { ...load, connections: Math.min(load.connections, 200) };
}

/** The processes that are measured run on plain Node.js, without the loader that runs this one. */
function compileWorkers(): void {
  const compiler = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [compiler, '--project', import.meta.dirname], {
    stdio: 'inherit',
  });
  if (status !== 0) fail(`The workers did not compile to ${compiled}: run \`npm run build\` first`);
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) fail(`\`--${flag}\`: expected a number above 0, got ${text}`);
  return value;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
