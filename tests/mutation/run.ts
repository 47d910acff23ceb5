/**
 * @module Changes the sources in small ways, one at a time, and tells which changes no test notices.
 *
 * `npm run test:mutation` tries 10 mutants of each file of `session`, `sockets` and `handshake`;
 * `npm run test:mutation -- --only session/writer,sockets --sample 50` 50 of each file that is named,
 * or in a folder that is named. `--sample all` tries all, `--seed` chooses others, `--line 12` those
 * of a line, `--unit` runs the unit tests alone, and `--minutes` ends it early.
 */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { applyMutant, findMutants, type Mutant } from './mutants.js';
import { testsOf } from './subjects.js';
import { Workspace } from './workspace.js';

/** What became of the mutants of a file. */
interface Score {
  readonly name: string;
  readonly found: number;
  tried: number;
  killed: number;
  readonly survivors: Mutant[];
}

const { values: given } = parseArgs({
  options: {
    only: { type: 'string', default: 'session,sockets,handshake' },
    sample: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    line: { type: 'string' },
    unit: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '600' },
  },
});
/** When tests that have not ended hang, in milliseconds. */
const deadline = 90_000;

/** The tests that have passed in this run. */
const passed = new Set<string>();

const root = join(import.meta.dirname, '../..');
const sampleSize = given.sample === 'all' ? Number.POSITIVE_INFINITY : Number(given.sample);
const endsAt = performance.now() + Number(given.minutes) * 60_000;

const workspace = new Workspace();
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
process.once('exit', () => workspace.remove());

const names = namesOf(given.only.split(','));
if (names.length === 0) throw new Error(`\`--only\`: no source file is named ${given.only}`);
const scores: Score[] = [];
for (const name of names) if (performance.now() < endsAt) scores.push(await tryFile(name));
console.log(`\n${table()}`);

/** The source files with these names, or in folders with these names. */
function namesOf(wanted: readonly string[]): string[] {
  return readdirSync(join(root, 'source'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.slice(0, -'.ts'.length))
    .filter((name) => wanted.some((one) => name === one || name.startsWith(`${one}/`)))
    .sort();
}

async function tryFile(name: string): Promise<Score> {
  const path = join('source', `${name}.ts`);
  const text = workspace.read(path);
  const all = findMutants(path, text).filter(isOnWantedLine);
  const score: Score = { name, found: all.length, tried: 0, killed: 0, survivors: [] };
  const tests = testsOf(root, name).filter((test) => !given.unit || test.includes('unit'));
  if (all.length === 0) return score;
  if (tests.length === 0)
    throw new Error(`No tests are known for ${path}: add them to subjects.ts`);
  console.log(`${name}: ${all.length} mutants, ${tests.length} test files`);
  for (const mutant of sampleOf(all)) {
    if (performance.now() > endsAt) break;
    workspace.write(path, applyMutant(text, mutant));
    const { result, milliseconds } = await workspace.test(tests, deadline);
    score.tried++;
    if (result !== 'passed') score.killed++;
    else score.survivors.push(mutant);
    const word = { passed: 'SURVIVED', failed: 'killed', hung: 'killed (hung)' }[result];
    const seconds = (milliseconds / 1000).toFixed(1);
    console.log(`  ${word} in ${seconds} s  ${path}:${mutant.line}  ${mutant.title}`);
  }
  workspace.write(path, text);
  // A score of tests that fail anyway would mean nothing.
  return (await isGreen(score, tests)) ? score : { ...score, tried: 0, killed: 0 };
}

/** Whether the tests pass without a mutant; those are run that were not seen to do so. */
async function isGreen({ name, survivors }: Score, tests: readonly string[]): Promise<boolean> {
  const unseen = survivors.length > 0 ? [] : tests.filter((test) => !passed.has(test));
  if (unseen.length > 0) {
    const { result, output } = await workspace.test(unseen, 5 * deadline);
    if (result !== 'passed') {
      console.error(`The tests of ${name} fail without a mutant:\n${output.slice(-3000)}`);
      process.exitCode = 1;
      return false;
    }
  }
  for (const test of tests) passed.add(test);
  return true;
}

function isOnWantedLine({ line }: Mutant): boolean {
  return given.line === undefined || line === Number(given.line);
}

/** So many of the mutants, chosen by the seed, in their order in the file. */
function sampleOf(all: readonly Mutant[]): Mutant[] {
  const random = generator(Number(given.seed));
  return all
    .map((mutant) => ({ mutant, key: random() }))
    .sort((one, other) => one.key - other.key)
    .slice(0, sampleSize)
    .map(({ mutant }) => mutant)
    .sort((one, other) => one.start - other.start);
}

/** The same numbers from 0 to 1 for the same seed: https://en.wikipedia.org/wiki/Xorshift */
function generator(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

function table(): string {
  const lines = scores.map(({ name, found, tried, killed }) => row(name, found, tried, killed));
  for (const folder of foldersOf(scores)) {
    const within = scores.filter(({ name }) => name.startsWith(`${folder}/`));
    lines.push(
      row(`${folder}/`, sum(within, 'found'), sum(within, 'tried'), sum(within, 'killed')),
    );
  }
  const survivors = scores.flatMap(({ name, survivors }) =>
    survivors.map(({ line, title }) => `source/${name}.ts:${line}  ${title}`),
  );
  const head = `${'file'.padEnd(32)} mutants   tried  killed   score`;
  return [head, ...lines, '', `Survivors (${survivors.length}):`, ...survivors].join('\n');
}

function row(name: string, found: number, tried: number, killed: number): string {
  const score = tried === 0 ? '-' : `${Math.round((100 * killed) / tried)} %`;
  const numbers = [found, tried, killed, score].map((cell) => String(cell).padStart(7));
  return `${name.padEnd(32)} ${numbers.join(' ')}`;
}

function sum(all: readonly Score[], key: 'found' | 'tried' | 'killed'): number {
  return all.reduce((total, score) => total + score[key], 0);
}

function foldersOf(all: readonly Score[]): Set<string> {
  const inFolders = all.filter(({ name }) => name.includes('/'));
  return new Set(inFolders.map(({ name }) => name.split('/')[0] ?? ''));
}
