/**
 * @module Runs the benchmark: compiles the workers, takes the variants in turns, and writes what was
 * found.
 *
 *     npm run bench
 *     npm run bench -- --quick
 *     npm run bench -- --only network-redis --rounds 5 --before results-of-yesterday.json
 *     npm run bench -- --only inside-memory-20x20-0.7kb-one --variant ours --cpu-prof
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { drawChart } from './chart.js';
import { checkGoals, writeGoals } from './goals.js';
import { writeHot } from './hot.js';
import { type Load, loads, sizeOf, titleOf } from './loads.js';
import { RedisServer } from './redis-server.js';
import { type AbsentVariant, describeMachine, type LoadResult, type Results } from './results.js';
import { median, type Sample, summarise } from './statistics.js';
import { writeTable, writeTables } from './table.js';
import { compiled, type Pace, profileName, Trial } from './trial.js';
import { type Variant, type VariantName, variants } from './variants.js';

const { values: flags } = parseArgs({
  options: {
    /** How often each variant takes its turn. */
    rounds: { type: 'string', default: '5' },
    /**
     * How many processes a variant has one after the other, each for all rounds of events over the
     * network: two of the same variant may differ by a fifth, however long either of them runs.
     */
    processes: { type: 'string', default: '3' },
    /** How long a turn over the network is measured; one without the network takes half of it. */
    seconds: { type: 'string', default: '0.4' },
    /** Runs only the loads whose names contain this text; may be given several times. */
    only: { type: 'string', multiple: true },
    /** Runs only this variant; may be given several times. */
    variant: { type: 'string', multiple: true },
    /** Finds out whether everything works: small sessions, one short turn, numbers of no use. */
    quick: { type: 'boolean', default: false },
    /** The `results.json` of an earlier run, to compare with. */
    before: { type: 'string' },
    /** Writes a CPU profile of each server's last turn beside the results. */
    'cpu-prof': { type: 'boolean', default: false },
    /** Where to write: a partial run does not replace the results of a whole one. */
    output: { type: 'string' },
  },
});

const rounds = flags.quick ? 1 : positive('rounds', flags.rounds);
const processes = flags.quick ? 1 : positive('processes', flags.processes);
const seconds = flags.quick ? 0.1 : positive('seconds', flags.seconds);
const pace: Pace = {
  seconds,
  insideSeconds: seconds / 2,
  warmUpSeconds: seconds / 4,
  warmUpTurns: flags.quick ? 1 : 15,
};
const isWhole = !flags.quick && !flags.only && !flags.variant;
const output = flags.output ?? (isWhole ? import.meta.dirname : join(import.meta.dirname, 'dist'));
const profiles = flags['cpu-prof'] ? output : undefined;
// A file that an earlier run wrote.
const before = flags.before && (JSON.parse(readFileSync(flags.before, 'utf8')) as Results);
const earlier = before || undefined;

const disturbance =
  'The machine was busy with something else: servers waited for a core (“no core”), and what they\n' +
  'compute takes longer beside others. Run again when it is quiet.\n';

mkdirSync(output, { recursive: true });
const chosen = chooseLoads();
compileWorkers();
const redis = await RedisServer.start();
try {
  await run();
} finally {
  await redis?.stop();
}

async function run(): Promise<void> {
  const found: LoadResult[] = [];
  for (const [index, load] of chosen.entries()) {
    if (load.store === 'redis' && !redis) {
      console.log(`\nWithout “${titleOf(load)}”: there is no \`redis-server\` on this machine.`);
      continue;
    }
    console.error(`\n${index + 1}/${chosen.length} ${load.name} …`);
    const result = await runLoad(flags.quick ? lighten(load) : load);
    found.push(result);
    console.log(writeTable(result, earlier));
    if (profiles) for (const { name } of result.variants) showProfile(load, name);
  }
  report({ machine: describeMachine(), settings: { rounds, processes, ...pace }, loads: found });
}

/** Lists where the CPU of a variant's last turn went. */
function showProfile(load: Load, name: VariantName): void {
  const file = join(output, profileName(load, name));
  console.log(`\n${file}\n\n${writeHot(file)}`);
}

async function runLoad(load: Load): Promise<LoadResult> {
  const isEvents = load.kind === 'events' && load.path === 'network';
  const samples: Samples = new Map();
  let absent: readonly AbsentVariant[] = [];
  for (let process = 0; process < (isEvents ? processes : 1); process += 1) {
    const trial = new Trial({ load, pace, profiles, redisUrl: redis?.url ?? '' });
    try {
      absent = await addVariants(trial, load.variants);
      const present = load.variants.filter((name) => !absent.some((one) => one.name === name));
      // Connecting takes long, and varies little.
      const turns = load.kind === 'events' ? rounds : Math.min(rounds, 3);
      await takeTurns(trial, { names: present, turns }, samples);
    } finally {
      await trial.stop();
    }
  }
  const mayIdle = load.path === 'inside';
  const results = [...samples].map(([name, list]) => ({ name, ...summarise(list, mayIdle) }));
  return { load, absent, variants: results };
}

/** An older package that does not work is a line under the table; that ours does not is a failure. */
async function addVariants(
  trial: Trial,
  names: readonly VariantName[],
): Promise<readonly AbsentVariant[]> {
  const outcomes = await Promise.allSettled(names.map((name) => trial.add(name)));
  return names.flatMap((name, index) => {
    const outcome = outcomes[index];
    if (outcome?.status !== 'rejected') return [];
    const { isOurs }: Variant = variants[name];
    if (isOurs || name === 'bare') throw outcome.reason;
    return [{ name, reason: `it does not work (${firstLine(outcome.reason)})` }];
  });
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

/** What was measured of each variant. */
type Samples = Map<VariantName, Sample[]>;

/** Takes the variants in turns, beginning each round with another. */
async function takeTurns(
  trial: Trial,
  { names, turns }: { readonly names: readonly VariantName[]; readonly turns: number },
  samples: Samples,
): Promise<void> {
  for (let round = 0; round < turns; round += 1) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const known = samples.get(name) ?? [];
      known.push(await trial.turn(name));
      samples.set(name, known);
    }
  }
}

function report(results: Results): void {
  const checked = checkGoals(results, earlier);
  const goals = writeGoals(isWhole ? checked : checked.filter(({ found }) => found !== undefined));
  const tables = writeTables(results, earlier);
  writeFileSync(join(output, 'results.json'), `${JSON.stringify(results, rounded, 2)}\n`);
  writeFileSync(join(output, 'results.md'), `${tables}\n\n### Goals\n\n${goals}\n`);
  const chart = drawChart(results);
  if (chart) writeFileSync(join(output, 'results.svg'), chart);
  console.log(`\n### Goals\n\n${goals}\n`);
  if (isDisturbed(results)) console.log(disturbance);
  console.log(`Written to ${output}`);
}

/** Whether something else had the cores. */
function isDisturbed({ loads }: Results): boolean {
  const shares = loads.flatMap(({ variants }) =>
    variants.flatMap((one) => one.medians.queued ?? []),
  );
  return median(shares) > 0.1;
}

/** Nobody needs more than four digits of a measurement. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}

function chooseLoads(): readonly Load[] {
  const { only = [''], variant: wanted = Object.keys(variants) } = flags;
  const unknown = wanted.find((name) => !(name in variants));
  if (unknown) {
    fail(`\`--variant\`: expected one of ${Object.keys(variants).join(', ')}, got ${unknown}`);
  }
  const chosen = loads
    .filter(({ name }) => only.some((text) => name.includes(text)))
    .filter((load) => !flags.quick || flags.only || sizeOf(load) < 1)
    .map((load) => ({ ...load, variants: load.variants.filter((name) => wanted.includes(name)) }))
    .filter(({ variants }) => variants.length > 0);
  if (chosen.length === 0) {
    fail(`\`--only\`: expected a part of one of ${loads.map(({ name }) => name).join(', ')}`);
  }
  return chosen;
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
