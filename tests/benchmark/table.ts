/**
 * @module The tables of a run: Markdown, so that documents can have them as they are.
 */

import { type Load, titleOf } from './loads.js';
import {
  costOf,
  divide,
  type LoadResult,
  measured,
  type Results,
  shareOfBare,
  type VariantResult,
} from './results.js';
import { leastBusy } from './statistics.js';
import { labelOf, type Variant, variants } from './variants.js';

/** A row: a variant, its load, and the same load of an earlier run, if there is one. */
interface Row {
  readonly result: LoadResult;
  readonly variant: VariantResult;
  readonly before: LoadResult | undefined;
}

/** A column: its heading, and what a row has in it. */
type Column = readonly [heading: string, cell: (row: Row) => string];

const name: Column = ['', ({ variant }) => labelOf(variant.name)];
const ofBare: Column = [
  'of bare',
  ({ result, variant }) => fixed(shareOfBare(result, variant.name), 2),
];
const before: Column = [
  'before',
  ({ before, variant }) => fixed(shareOfBare(before, variant.name), 2),
];
const ofRecipe: readonly Column[] = [
  [
    'of recipe',
    ({ result, variant }) =>
      fixed(divide(costOf(result, 'recipe'), costOf(result, variant.name)), 2),
  ],
  [
    'of recipe’s events/s',
    ({ result, variant }) =>
      fixed(divide(measured(result, variant.name, 'rate'), measured(result, 'recipe', 'rate')), 2),
  ],
];
const queued: Column = ['no core', ({ variant }) => percent(variant.medians.queued)];
const storeCalls: Column = ['store calls', ({ variant }) => fixed(variant.medians.reads, 3)];
const reads: readonly Column[] = [
  storeCalls,
  ['records', ({ variant }) => fixed(variant.medians.records, 3)],
];
const costBefore: Column = [
  'before',
  ({ before, variant }) => fixed(costOf(before, variant.name), 1),
];

const networkColumns: readonly Column[] = [
  name,
  ofBare,
  before,
  ...ofRecipe,
  ['CPU µs/event', ({ variant }) => fixed(variant.medians.cpu, 1)],
  ['events/s', ({ variant }) => grouped(variant.medians.rate)],
  ['server busy', writeBusy],
  queued,
  ['clients busy', ({ variant }) => percent(variant.medians.clientsBusy)],
  ['p50 ms', ({ variant }) => fixed(variant.medians.p50, 2)],
  ['p99 ms', ({ variant }) => fixed(variant.medians.p99, 2)],
  storeCalls,
];

const insideColumns: readonly Column[] = [
  name,
  ['CPU µs/event', ({ variant }) => fixed(variant.medians.cpu, 2)],
  ['before', ({ before, variant }) => fixed(costOf(before, variant.name), 2)],
  ['of store.get', ({ result, variant }) => overStoreGet(result, variant)],
  ['lowest', ({ variant }) => fixed(Math.min(...variant.costs), 2)],
  ['highest', ({ variant }) => fixed(Math.max(...variant.costs), 2)],
  ['loop µs/event', ({ variant }) => fixed(variant.medians.active, 2)],
  ['busy', writeBusy],
  queued,
  ...reads,
];

const stormColumns: readonly Column[] = [
  name,
  ['CPU µs/connection', ({ variant }) => grouped(variant.medians.cpu)],
  costBefore,
  ['over bare', ({ result, variant }) => overBare(result, variant)],
  ['connections/s', ({ variant }) => grouped(variant.medians.rate)],
  ['busy', writeBusy],
  queued,
  ...reads,
];

const idleColumns: readonly Column[] = [
  name,
  ['heap KB/connection', ({ variant }) => kilobytes(variant.medians.heap)],
  ['before', ({ before, variant }) => kilobytes(costOf(before, variant.name))],
  [
    'KB over bare',
    ({ result, variant }) =>
      kilobytes((variant.medians.heap ?? Number.NaN) - (costOf(result, 'bare') ?? Number.NaN)),
  ],
];

/** Writes what a run found, beside what an earlier run did. */
export function writeTables({ machine, settings, loads }: Results, earlier?: Results): string {
  const { cpu, cores, node, platform, date } = machine;
  return [
    `${cpu}, ${cores} cores, ${platform}, Node.js ${node}, ${date}.`,
    `Medians of ${settings.rounds} interleaved rounds, of ${settings.seconds} s over the network and`,
    `${settings.insideSeconds} s without. Each variant has a server process of its own; for events over the network,`,
    `${settings.processes} one after the other, each for all rounds. “of bare” is the CPU time of a bare socket,`,
    'divided by the variant’s, which is the variant’s share of bare’s events per CPU second; “of recipe”',
    'likewise. Over the network, a round in which the server was busy for less than',
    `${percent(leastBusy)} does not count, and a figure with less than half of its rounds left is marked as`,
    'idle, and used for nothing.',
    '“no core” is the share of the time in which the server was ready to run while other processes had',
    'the cores; it is taken out of events/s, and where it is large, the figures are rough.',
    ...loads.map((result) => writeTable(result, earlier)),
    ...writeNotes(),
  ].join('\n');
}

/** Writes what was found under one load. */
export function writeTable(result: LoadResult, earlier?: Results): string {
  const { load, absent } = result;
  const before = earlier?.loads.find((one) => one.load.name === load.name);
  const shown = columnsOf(load).filter(([heading]) => heading !== 'before' || before);
  const rows = result.variants.map((variant) =>
    shown.map(([, cell]) => cell({ result, variant, before })),
  );
  return [
    `\n### ${titleOf(load)}\n`,
    `\`${load.name}\`\n`,
    ...writeRows([shown.map(([heading]) => heading), ...rows]),
    ...absent.map(({ name, reason }) => `\nWithout ${labelOf(name)}: ${reason}.`),
  ].join('\n');
}

function columnsOf({ kind, path }: Load): readonly Column[] {
  if (kind === 'events') return path === 'network' ? networkColumns : insideColumns;
  return kind === 'storm' ? stormColumns : idleColumns;
}

/** How busy a server was: not at all enough, where the figure is refused. */
function writeBusy({ variant }: Row): string {
  return `${variant.isRefused ? 'IDLE, ' : ''}${percent(variant.medians.busy)}`;
}

function overStoreGet(result: LoadResult, { name }: VariantResult): string {
  return fixed(divide(costOf(result, name), costOf(result, 'storeGet')), 2);
}

function overBare(result: LoadResult, { name }: VariantResult): string {
  return fixed(divide(costOf(result, name), costOf(result, 'bare')), 2);
}

function writeRows(rows: readonly (readonly string[])[]): string[] {
  const [first = []] = rows;
  const widths = first.map((_, index) =>
    Math.max(3, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const lines = rows.map((row) => {
    const cells = row.map((cell, index) => {
      const size = widths[index] ?? 0;
      return index === 0 ? cell.padEnd(size) : cell.padStart(size);
    });
    return `| ${cells.join(' | ')} |`;
  });
  const rule = widths.map((size, index) => `${'-'.repeat(size - 1)}${index === 0 ? '-' : ':'}`);
  lines.splice(1, 0, `| ${rule.join(' | ')} |`);
  return lines;
}

function writeNotes(): string[] {
  const noted = Object.values<Variant>(variants).filter(({ note }) => note !== undefined);
  return ['', ...noted.map(({ label, note }) => `- ${label}: ${note}.`)];
}

function fixed(value: number | undefined, digits: number): string {
  return value === undefined ? '' : value.toFixed(digits);
}

function percent(value: number | undefined): string {
  return value === undefined ? '' : `${Math.round(100 * value)} %`;
}

function grouped(value: number | undefined): string {
  return value === undefined ? '' : Math.round(value).toLocaleString('en');
}

function kilobytes(bytes: number | undefined): string {
  return bytes === undefined ? '' : (bytes / 1024).toFixed(2);
}
