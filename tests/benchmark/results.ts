/**
 * @module What a run of the benchmark found, as it is written to `results.json`.
 */

import { cpus } from 'node:os';
import type { Load } from './loads.js';
import type { Summary } from './statistics.js';
import type { Pace } from './trial.js';
import { type VariantName, variants } from './variants.js';

/** A run. */
export interface Results {
  readonly machine: Machine;
  readonly settings: Pace & { readonly rounds: number };
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
  readonly label: string;
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

/** Finds a variant's numbers under a load. */
export function resultOf(
  loads: readonly LoadResult[],
  load: string,
  variant: VariantName,
): VariantResult | undefined {
  return loads
    .find((result) => result.load.name === load)
    ?.variants.find(({ name }) => name === variant);
}

/** Names a variant as the tables do. */
export function labelOf(name: VariantName): string {
  return variants[name].label;
}
