/**
 * @module The inside of a worker: carries out the commands that its parent sends, and ends with it.
 */

/** What a worker can be asked for: each command takes plain data, and answers with plain data. */
export type Commands = Record<string, (...args: never[]) => unknown>;

/** A call of a command, on its way to the worker. */
export interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: never[];
}

/** What became of a call, on its way back. */
export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Makes this process a worker: it carries out commands until its parent is gone. */
export function serve(commands: Commands): void {
  process.on('message', async (message) => {
    const { id, name, args } = message as Call;
    process.send?.(await answer(id, async () => commands[name]?.(...args)));
  });
  process.on('disconnect', () => process.exit());
}

async function answer(id: number, task: () => Promise<unknown>): Promise<Answer> {
  try {
    return { id, value: await task() };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
