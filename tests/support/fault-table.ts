/**
 * @module What was seen of each fault, as a table at the end of the run.
 */

import type { DrillReport } from './drill.js';

interface Row {
  readonly setting: string;
  readonly fault: string;
  readonly result: string;
  readonly details: string;
}

const rows: Row[] = [];

/** Notes how a fault went. */
export function note(
  setting: string,
  fault: string,
  { healed, events, lost, outcomes }: DrillReport,
): void {
  const told = Object.entries(outcomes).map(([name, times]) => `${name} ${times}`);
  rows.push({
    setting,
    fault,
    result: `${Math.round(healed)} ms`,
    details: `${events} events: ${told.join(', ')}${lost > 0 ? `; Redis lost ${lost} updates` : ''}`,
  });
}

/** Notes how long something took, in milliseconds, of which no events were counted. */
export function noteTime(setting: string, fault: string, milliseconds: number, details = ''): void {
  rows.push({ setting, fault, result: `${Math.round(milliseconds)} ms`, details });
}

/** Prints what was noted. */
export function printTable(): void {
  console.log(
    '\n| where | what happened | healed after | listeners were told |\n|---|---|--:|---|',
  );
  for (const { setting, fault, result, details } of rows.splice(0)) {
    console.log(`| ${setting} | ${fault} | ${result} | ${details} |`);
  }
}
