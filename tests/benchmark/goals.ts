/**
 * @module The goals of the project for its speed, checked against what a run found.
 */

import { type LoadResult, labelOf, resultOf } from './results.js';
import type { VariantName } from './variants.js';

/** A goal, and what became of it. */
export interface Goal {
  readonly promise: string;
  readonly found: number;
  readonly isMet: boolean;
}

type Limit = { readonly atLeast: number } | { readonly atMost: number };

/** Checks the goals whose loads were run. */
export function checkGoals(loads: readonly LoadResult[]): Goal[] {
  return [
    ...loads.flatMap(checkRatio),
    ...['memory-20x20', 'redis-20x20', 'memory-200x1', 'redis-200x1'].flatMap((load) => {
      const ours = resultOf(loads, load, load === 'redis-200x1' ? 'readMany' : 'sessOn');
      return check(`${load}: p99, over bare`, ours?.overBare.p99, { atMost: 1.5 });
    }),
    ...['redis-20x20', 'redis-200x1'].flatMap((load) => {
      const variant = load === 'redis-20x20' ? 'sessOn' : 'readMany';
      const ours = resultOf(loads, load, variant)?.medians.rate;
      const recipe = resultOf(loads, load, 'recipe')?.medians.rate;
      const found = ours && recipe && ours / recipe;
      return check(`${load}: events/s, over the official recipe`, found, { atLeast: 2 });
    }),
    ...['memory-20x20', 'redis-20x20'].flatMap((load) => {
      const found = resultOf(loads, load, 'sessOn')?.medians.reads;
      return check(`${load}: store reads per event`, found, { atMost: 0.1 });
    }),
    ...['memory-storm', 'redis-storm'].flatMap((load) => [
      ...checkStorm(loads, load, 'sessOn', 1),
      ...checkStorm(loads, load, 'authorization', 2),
    ]),
    ...checkHeap(loads),
  ];
}

function checkRatio({ load, variants }: LoadResult): Goal[] {
  if (load.kind !== 'events' || load.goal === undefined) return [];
  const { variant, ratio } = load.goal;
  const found = variants.find(({ name }) => name === variant)?.ratio;
  return check(`${load.name}: ${labelOf(variant)}, of bare`, found, { atLeast: ratio });
}

function checkStorm(
  loads: readonly LoadResult[],
  load: string,
  variant: VariantName,
  atMost: number,
): Goal[] {
  const result = resultOf(loads, load, variant);
  const name = `${load}: ${labelOf(variant)}`;
  return [
    ...check(`${name}, CPU over bare`, result?.overBare.cpu, { atMost: 1.1 }),
    ...check(`${name}, store reads per connection`, result?.medians.reads, { atMost }),
  ];
}

function checkHeap(loads: readonly LoadResult[]): Goal[] {
  const ours = resultOf(loads, 'memory-idle', 'sessOn')?.medians.heap;
  const bare = resultOf(loads, 'memory-idle', 'bare')?.medians.heap;
  const found = ours && bare && (ours - bare) / 1024;
  return check('memory-idle: KB of heap per connection over bare', found, { atMost: 1.5 });
}

/** No goal where the load or the variant was not run. */
function check(promise: string, found: number | undefined, limit: Limit): Goal[] {
  if (found === undefined) return [];
  if ('atLeast' in limit) {
    const isMet = found >= limit.atLeast;
    return [{ promise: `${promise}: at least ${limit.atLeast}`, found, isMet }];
  }
  return [{ promise: `${promise}: at most ${limit.atMost}`, found, isMet: found <= limit.atMost }];
}
