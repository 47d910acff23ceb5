/**
 * @module The process of the clients: fleets of connections, each fleet to one server, that keep
 * events in flight, and count and time the answers.
 */

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './connection.js';
import { Latencies } from './latencies.js';
import { serve } from './serve.js';

/** What the clients of a fleet found while they were timed. Latencies are in milliseconds. */
export interface Timings {
  readonly p50: number;
  readonly p99: number;
  /** The share of the time in which the clients' own event loop was not waiting. */
  readonly utilization: number;
}

/** What the clients can be asked for. */
export type ClientCommands = typeof commands;

interface FleetSettings {
  readonly port: number;
  readonly cookies: readonly string[];
}

/** How many connections are opened at once. */
const opening = 100;

const latencies = new Latencies();
const fleets = new Map<string, Connection[]>();
let beginning = performance.eventLoopUtilization();

const commands = {
  /** Opens a connection for each cookie: the `n`th is that of the `n`th session. */
  async open(name: string, { port, cookies }: FleetSettings): Promise<void> {
    const fleet = cookies.map((cookie, n) => new Connection({ port, cookie, n, latencies }));
    fleets.set(name, fleet);
    const queue = fleet.values();
    await Promise.all(
      Array.from({ length: opening }, async () => {
        for (const connection of queue) await connection.open();
      }),
    );
  },

  /** Has each client ask once, and reads the answers: they must come from their own sessions. */
  async probe(name: string): Promise<void> {
    await Promise.all(fleetOf(name).map((connection) => connection.probe()));
  },

  /** Has each client send, and keep so many events in flight. */
  start(name: string, inFlight: number): void {
    for (const connection of fleetOf(name)) connection.start(inFlight);
  },

  /** Times the events from now on. */
  time(): void {
    latencies.clear();
    beginning = performance.eventLoopUtilization();
  },

  /** Tells what was timed. */
  report(): Timings {
    const { utilization } = performance.eventLoopUtilization(beginning);
    return { p50: latencies.percentile(0.5), p99: latencies.percentile(0.99), utilization };
  },

  /**
   * Sends no more, and waits for what is in flight.
   *
   * @throws {Error} that a client was disconnected, or got a wrong answer
   */
  async stop(name: string): Promise<void> {
    const fleet = fleetOf(name);
    for (const connection of fleet) connection.pause();
    while (fleet.some((connection) => connection.isWaiting)) await sleep(1);
    for (const { failure } of fleet) if (failure) throw failure;
  },

  close(name: string): void {
    for (const connection of fleetOf(name)) connection.close();
    fleets.delete(name);
  },
};

function fleetOf(name: string): Connection[] {
  const fleet = fleets.get(name);
  if (fleet === undefined) throw new Error(`There is no fleet ${name}`);
  return fleet;
}

serve(commands);
