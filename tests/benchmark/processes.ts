/**
 * @module The processes that the benchmark started: they end with it, however it ends, each by its
 * own id.
 */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const running = new Set<ChildProcess>();

// A killed benchmark would leave its children to the machine.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(code));
}

/** Sees to it that a process ends at the latest with this one. */
export function endWithUs<Child extends ChildProcess>(child: Child): Child {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Ends a process, and waits until it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
