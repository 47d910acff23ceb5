/**
 * @module Where the time of a CPU profile went, as a list for a terminal.
 */

import { readFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';

/** How many functions are listed. */
const length = 25;

/** Writes the functions that took the most time themselves, each with its share of the samples. */
export function writeHot(file: string): string {
  // `profile.ts` wrote it.
  const { nodes } = JSON.parse(readFileSync(file, 'utf8')) as Profiler.Profile;
  const hits = new Map<string, number>();
  for (const { callFrame, hitCount = 0 } of nodes) {
    const name = nameOf(callFrame);
    hits.set(name, (hits.get(name) ?? 0) + hitCount);
  }
  const total = [...hits.values()].reduce((sum, count) => sum + count, 0);
  return [...hits]
    .sort(([, one], [, other]) => other - one)
    .slice(0, length)
    .map(([name, count]) => `${((100 * count) / total).toFixed(1).padStart(5)} %  ${name}`)
    .join('\n');
}

/** A function, with the end of its file's path and the line. */
function nameOf({ functionName, url, lineNumber }: Profiler.ProfileNode['callFrame']): string {
  const name = functionName || '(anonymous)';
  if (url === '') return name;
  const path = url.split('/node_modules/').at(-1) ?? url;
  return `${name}  ${path.split('/').slice(-3).join('/')}:${lineNumber + 1}`;
}
