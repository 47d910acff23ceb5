/**
 * @module Forks a process that carries out commands, as those of the benchmark do, and ends it by its
 * id.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { end, endWithUs } from '../benchmark/processes.js';
import type { Answer, Commands } from '../benchmark/serve.js';

/** A process with commands. */
export interface Forked<Served extends Commands> {
  call<Name extends keyof Served & string>(
    name: Name,
    ...args: Parameters<Served[Name]>
  ): Promise<Awaited<ReturnType<Served[Name]>>>;
  stop(): Promise<void>;
}

/** Starts a process. @param file a module that calls `serve` of the benchmark */
export function forkCommands<Served extends Commands>(file: string): Forked<Served> {
  const child: ChildProcess = endWithUs(
    fork(file, { execArgv: ['--expose-gc', '--import', 'tsx'], serialization: 'advanced' }),
  );
  let calls = 0;
  return {
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        const id = calls++;
        const settle = (message: unknown): void => {
          const answer = message as Answer;
          if (answer.id !== id) return;
          child.off('message', settle);
          child.off('exit', fail);
          if (answer.error !== undefined) reject(new Error(answer.error));
          // The process has the same `Served`, and answers with what the command gave.
          else resolve(answer.value as Awaited<ReturnType<Served[typeof name]>>);
        };
        const fail = (code: unknown, signal: unknown): void =>
          reject(new Error(`${file} ended early (${signal ?? code})`));
        child.on('message', settle);
        child.once('exit', fail);
        child.setMaxListeners(0);
        child.send({ id, name, args });
      }),
    stop: () => end(child),
  };
}
