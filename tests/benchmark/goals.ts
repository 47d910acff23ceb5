/**
 * @module The goals of the project for its speed, and what a run found of them. They are printed,
 * never asserted: a machine may be too busy with something else.
 */

import { titleOf } from './loads.js';
import { costOf, divide, type LoadResult, measured, type Results, shareOfBare } from './results.js';

/** A goal, and what became of it. */
export interface Goal {
  readonly promise: string;
  /** Undefined where it was not measured, or refused. */
  readonly found: number | undefined;
  readonly isMet: boolean;
}

type Limit = { readonly atLeast: number } | { readonly atMost: number };

/** Finds the loads of a run by their names. */
type Find = (name: string) => LoadResult | undefined;

/** Checks all goals. The one about listeners that touch everything needs an earlier run. */
export function checkGoals({ loads }: Results, earlier?: Results): Goal[] {
  const find: Find = (name) => loads.find(({ load }) => load.name === name);
  return [
    ...checkInside(find),
    ...checkNetwork(find),
    ...checkRecipe(loads),
    ...(earlier ? checkAll(loads, earlier.loads) : []),
    ...checkConnections(find),
  ];
}

/** Writes the goals as a table, each with what was measured. */
export function writeGoals(goals: readonly Goal[]): string {
  const rows = goals.map(({ promise, found, isMet }) => {
    if (found === undefined) return `| ${promise} | not measured | |`;
    return `| ${promise} | ${found.toFixed(2)} | ${isMet ? 'met' : 'MISSED'} |`;
  });
  return ['| goal | measured | |', '| ---- | -------: | --- |', ...rows].join('\n');
}

function checkInside(find: Find): Goal[] {
  const many = find('inside-memory-20x20-0.7kb-one');
  const single = find('inside-memory-200x1-0.7kb-one');
  const redis = find('inside-redis-200x1-0.7kb-one');
  const largeRedis = find('inside-redis-200x1-6kb-one');
  const large = find('inside-memory-20x20-6kb-one');
  const over = subtract(costOf(many, 'ours'), costOf(many, 'bare'));
  const read = subtract(costOf(many, 'storeGet'), costOf(many, 'bare'));
  const overRead = subtract(costOf(single, 'ours'), costOf(single, 'storeGet'));
  const name = 'without network,';
  return [
    check(`${name} memory 20×20: (ours − bare) / (store.get − bare)`, divide(over, read), {
      atMost: 0.35,
    }),
    check(
      `${name} memory 200×1: (ours − store.get) / store.get`,
      divide(overRead, costOf(single, 'storeGet')),
      { atMost: 0.45 },
    ),
    check(`${name} Redis 200×1: ours / store.get`, overStoreGet(redis), { atMost: 0.65 }),
    check(`${name} Redis 200×1, 6 KB: ours / store.get`, overStoreGet(largeRedis), {
      atMost: 0.35,
    }),
    check(
      `${name} memory 20×20: ours at 6 KB / at 0.7 KB`,
      divide(costOf(large, 'ours'), costOf(many, 'ours')),
      { atMost: 2 },
    ),
  ];
}

function checkNetwork(find: Find): Goal[] {
  return ['memory', 'redis'].flatMap((store) =>
    ['0.7', '6'].map((size) => {
      const result = find(`network-${store}-20x20-${size}kb-one`);
      const promise = `network, ${store} 20×20, ${size} KB: CPU of bare / ours`;
      return check(promise, shareOfBare(result, 'ours'), { atLeast: 0.75 });
    }),
  );
}

function checkRecipe(loads: readonly LoadResult[]): Goal[] {
  return loads
    .filter(({ load }) => load.kind === 'events' && load.path === 'network')
    .map((result) => {
      const { load } = result;
      const isMuchFaster = load.connections === 20 || load.store === 'redis';
      const found = divide(measured(result, 'ours', 'rate'), measured(result, 'recipe', 'rate'));
      const promise = `${titleOf(load)}: events/s of ours / recipe`;
      return check(promise, found, { atLeast: isMuchFaster ? 1.5 : 1 });
    });
}

/** Compares by a store.get of the same run, since the machine is not the same in both. */
function checkAll(loads: readonly LoadResult[], earlier: readonly LoadResult[]): Goal[] {
  return loads
    .filter(({ load }) => load.kind === 'events' && load.work === 'all')
    .map((result) => {
      const before = earlier.find(({ load }) => load.name === result.load.name);
      const found = divide(overStoreGet(result), overStoreGet(before));
      const promise = `${titleOf(result.load)}: ours / store.get, over the same of before`;
      return check(promise, found, { atMost: 1 });
    });
}

function checkConnections(find: Find): Goal[] {
  const storms = ['network-memory-storm', 'network-redis-storm'].map((name) => {
    const result = find(name);
    const found = divide(costOf(result, 'ours'), costOf(result, 'bare'));
    return check(`${name}: CPU per connection of ours / bare`, found, { atMost: 1.25 });
  });
  const idle = find('inside-memory-idle');
  const heap = subtract(costOf(idle, 'ours'), costOf(idle, 'bare'));
  const kilobytes = divide(heap, 1024);
  return [...storms, check('idle heap per connection over bare, KB', kilobytes, { atMost: 1.5 })];
}

function check(promise: string, found: number | undefined, limit: Limit): Goal {
  if ('atLeast' in limit) {
    const isMet = found !== undefined && found >= limit.atLeast;
    return { promise: `${promise}, at least ${limit.atLeast}`, found, isMet };
  }
  const isMet = found !== undefined && found <= limit.atMost;
  return { promise: `${promise}, at most ${limit.atMost}`, found, isMet };
}

function overStoreGet(result: LoadResult | undefined): number | undefined {
  return divide(costOf(result, 'ours'), costOf(result, 'storeGet'));
}

function subtract(value: number | undefined, other: number | undefined): number | undefined {
  return value === undefined || other === undefined ? undefined : value - other;
}
