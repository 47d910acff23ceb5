/**
 * @module The outside of a worker: forks a process, has it carry out commands, and ends it by its
 * id. Must not know what the commands are for.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { end, endWithUs } from './processes.js';
import type { Answer, Commands } from './serve.js';

interface Waiter {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** No command may take longer, in milliseconds: the longest opens thousands of connections. */
const deadline = 180_000;

/** A forked process, seen from the process that forked it. */
export class Worker<Served extends Commands> {
  readonly #child: ChildProcess;
  readonly #waiters = new Map<number, Waiter>();
  #calls = 0;

  /** @param file a module that calls `serve` */
  constructor(file: string, name: string) {
    // `execArgv` is empty but for the collector: the loader that runs us must not run what is measured.
    this.#child = endWithUs(fork(file, { execArgv: ['--expose-gc'], env: {} }));
    this.#child.on('message', (answer) => this.#settle(answer as Answer));
    this.#child.once('exit', (code, signal) => {
      const error = new Error(`The process of ${name} ended early (${signal ?? code})`);
      for (const { reject } of this.#waiters.values()) reject(error);
      this.#waiters.clear();
    });
  }

  /**
   * Has the worker carry out a command.
   *
   * @throws {Error} what the command threw; or that the worker ended, or took longer than three minutes
   */
  async call<Name extends keyof Served & string>(
    name: Name,
    ...args: Parameters<Served[Name]>
  ): Promise<Awaited<ReturnType<Served[Name]>>> {
    const id = this.#calls++;
    const { promise, resolve, reject } = promiseWithResolvers<unknown>();
    const timer = setTimeout(() => reject(new Error(`\`${name}\` took too long`)), deadline);
    this.#waiters.set(id, { resolve, reject });
    this.#child.send({ id, name, args });
    try {
      // `serve` has the same `Served`, and answers with what the command gave.
      return (await promise) as Awaited<ReturnType<Served[Name]>>;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(id);
    }
  }

  /** Ends the process, and waits until it is gone. */
  stop(): Promise<void> {
    return end(this.#child);
  }

  #settle({ id, value, error }: Answer): void {
    const waiter = this.#waiters.get(id);
    if (error === undefined) waiter?.resolve(value);
    else waiter?.reject(new Error(error));
  }
}

/** Node.js has `Promise.withResolvers` from version 22 on. */
function promiseWithResolvers<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
