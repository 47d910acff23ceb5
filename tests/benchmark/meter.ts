/**
 * @module Counts what a server does, and measures what it cost between two moments: CPU time, and how
 * busy the event loop was.
 */

import { readFileSync } from 'node:fs';
import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import type { Reads } from './stores.js';

/** What happened in a window of time. */
export interface Window {
  readonly seconds: number;
  /** CPU time of all threads of the process, in user and system mode, in microseconds. */
  readonly cpu: number;
  /** How long the main thread was ready to run while others had the cores, in seconds. */
  readonly queued: number;
  /** How long the event loop was not waiting for something to happen, in microseconds. */
  readonly active: number;
  /** The share of the window in which the event loop was not waiting. */
  readonly utilization: number;
  readonly events: number;
  readonly connections: number;
  readonly storeCalls: number;
  readonly recordsRead: number;
}

type Counts = Pick<Window, 'events' | 'connections' | 'storeCalls' | 'recordsRead'>;

/** A server's counters and clocks. */
export class Meter {
  readonly #reads: Reads;
  #events = 0;
  #connections = 0;
  #start!: Counts & {
    time: number;
    cpu: NodeJS.CpuUsage;
    queued: number;
    loop: EventLoopUtilization;
  };

  constructor(reads: Reads) {
    this.#reads = reads;
    this.begin();
  }

  countEvent(): void {
    this.#events += 1;
  }

  countConnection(): void {
    this.#connections += 1;
  }

  /** Events since the window began. */
  get events(): number {
    return this.#events - this.#start.events;
  }

  /** Connections since the window began. */
  get connections(): number {
    return this.#connections - this.#start.connections;
  }

  /** Begins a window. */
  begin(): void {
    this.#start = {
      ...this.#counts(),
      time: performance.now(),
      cpu: process.cpuUsage(),
      queued: readQueued(),
      loop: performance.eventLoopUtilization(),
    };
  }

  /** Tells what happened since the window began. */
  end(): Window {
    const start = this.#start;
    const { user, system } = process.cpuUsage(start.cpu);
    const { active, utilization } = performance.eventLoopUtilization(start.loop);
    const counts = this.#counts();
    return {
      seconds: (performance.now() - start.time) / 1000,
      cpu: user + system,
      queued: readQueued() - start.queued,
      active: active * 1000,
      utilization,
      events: counts.events - start.events,
      connections: counts.connections - start.connections,
      storeCalls: counts.storeCalls - start.storeCalls,
      recordsRead: counts.recordsRead - start.recordsRead,
    };
  }

  #counts(): Counts {
    const { calls: storeCalls, records: recordsRead } = this.#reads;
    return {
      events: this.#events,
      connections: this.#connections,
      storeCalls,
      recordsRead,
    };
  }
}

/** How long the main thread has ever waited for a core, in seconds; 0 where the system does not tell. */
function readQueued(): number {
  try {
    const [, nanoseconds] = readFileSync('/proc/self/schedstat', 'utf8').split(' ');
    return Number(nanoseconds) / 1e9;
  } catch {
    return 0;
  }
}
