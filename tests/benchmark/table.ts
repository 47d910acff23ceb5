/**
 * @module The tables on the terminal: Markdown, so that the README can have them as they are.
 */

import { type Load, titleOf } from './loads.js';
import { type LoadResult, labelOf, type Results, type VariantResult } from './results.js';
import { type Variant, variants } from './variants.js';

/** A column: its heading, and what a variant has in it. */
type Column = readonly [heading: string, cell: (result: VariantResult) => string];

const name: Column = ['', ({ name }) => labelOf(name)];
const ratio: Column = ['of bare', ({ ratio }) => ratio.toFixed(2)];

const columns: Record<Load['kind'], readonly Column[]> = {
  events: [
    name,
    ratio,
    ['CPU µs/event', ({ medians }) => fixed(medians.cpu, 1)],
    ['events/s', ({ medians }) => grouped(medians.rate)],
    ['CPU busy', ({ medians }) => percent(medians.busy)],
    ['p50 ms', ({ medians }) => fixed(medians.p50, 2)],
    ['p99 ms', ({ medians }) => fixed(medians.p99, 2)],
    ['store reads/event', ({ medians }) => fixed(medians.reads, 3)],
    ['records/event', ({ medians }) => fixed(medians.records, 3)],
  ],
  storm: [
    name,
    ratio,
    ['CPU µs/connection', ({ medians }) => grouped(medians.cpu)],
    ['connections/s', ({ medians }) => grouped(medians.rate)],
    ['store reads/connection', ({ medians }) => fixed(medians.reads, 2)],
    ['records/connection', ({ medians }) => fixed(medians.records, 2)],
  ],
  idle: [
    name,
    ratio,
    ['heap KB/connection', ({ medians }) => fixed((medians.heap ?? Number.NaN) / 1024, 2)],
  ],
};

/** Writes what a run found. */
export function writeTables({ machine, settings, loads }: Results): string {
  const { cpu, cores, node, platform, date } = machine;
  return [
    `${cpu}, ${cores} cores, ${platform}, Node.js ${node}, ${date}.`,
    `Medians of ${settings.rounds} rounds of ${settings.seconds} s, server and clients in processes of`,
    'their own. “of bare” is the CPU that a bare socket costs, divided by what the variant costs;',
    '“CPU busy” is the share of one core: where it is low, the clients are the limit of events/s.',
    ...loads.map(writeTable),
    ...writeNotes(),
  ].join('\n');
}

/** Writes what was found under one load. */
export function writeTable({ load, variants, absent }: LoadResult): string {
  const shown = columns[load.kind];
  const rows = variants.map((variant) => shown.map(([, cell]) => cell(variant)));
  const reasons = absent.map(({ name, reason }) => `\nWithout ${labelOf(name)}: ${reason}.`);
  return [`\n### ${titleOf(load)}\n`, ...writeRows([headings(shown), ...rows]), ...reasons].join(
    '\n',
  );
}

function headings(shown: readonly Column[]): string[] {
  return shown.map(([heading]) => heading);
}

function writeRows(rows: readonly (readonly string[])[]): string[] {
  const [first = []] = rows;
  const widths = first.map((_, index) => Math.max(3, ...rows.map((row) => width(row[index]))));
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

function width(cell = ''): number {
  return cell.length;
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
