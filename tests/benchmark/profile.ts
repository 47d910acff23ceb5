/**
 * @module Profiles the CPU of this process over the measured windows only, for Chrome DevTools or
 * `speedscope`.
 */

import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';

/** Microseconds between two samples. */
const interval = 100;

/** A profile that is being taken. */
export class Profile {
  readonly #session = new Session();
  readonly #file: string;

  /** @param file where it will be written */
  constructor(file: string) {
    this.#file = file;
  }

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.setSamplingInterval', { interval });
    await this.#session.post('Profiler.start');
  }

  /** Ends the profile, and writes it. */
  async write(): Promise<void> {
    const { profile } = await this.#session.post('Profiler.stop');
    this.#session.disconnect();
    await writeFile(this.#file, JSON.stringify(profile));
  }
}
