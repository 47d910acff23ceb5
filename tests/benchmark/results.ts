/**
 * @module What a run of the benchmark found, as it is written to `results.json`.
 */

import { cpus } from 'node:os';
import type { Load } from './loads.js';
import type { Metric, Summary } from './statistics.js';
import type { Pace } from './trial.js';
import type { VariantName } from './variants.js';

/** A run. */
export interface Results {
  readonly machine: Machine;
  readonly settings: Pace & { readonly rounds: number; readonly processes: number };
  readonly loads: readonly LoadResult[];
}

/** Where the numbers come from. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly platform: string;
  readonly date: string;
}

/** A load, with the variants that took their turns. */
export interface LoadResult {
  readonly load: Load;
  readonly variants: readonly VariantResult[];
  /** The variants that did not, and why. */
  readonly absent: readonly AbsentVariant[];
}

/** A variant under a load. */
export interface VariantResult extends Summary {
  readonly name: VariantName;
}

/** A variant that could not run. */
export interface AbsentVariant {
  readonly name: VariantName;
  readonly reason: string;
}

/** Describes this machine. */
export function describeMachine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** Finds what was measured of a variant; undefined where it was not measured, or refused. */
export function measured(
  result: LoadResult | undefined,
  name: VariantName,
  metric: Metric,
): number | undefined {
  const variant = result?.variants.find((one) => one.name === name);
  return variant?.isRefused ? undefined : variant?.medians[metric];
}

/** What a variant costs: CPU time, or heap. */
export function costOf(result: LoadResult | undefined, name: VariantName): number | undefined {
  return measured(result, name, 'cpu') ?? measured(result, name, 'heap');
}

/** What share of a bare socket's events per CPU second a variant does; likewise for heap. */
export function shareOfBare(result: LoadResult | undefined, name: VariantName): number | undefined {
  return divide(costOf(result, 'bare'), costOf(result, name));
}

/** Divides what was measured; undefined where a part was not. */
export function divide(value: number | undefined, base: number | undefined): number | undefined {
  return value === undefined || base === undefined ? undefined : value / base;
}
