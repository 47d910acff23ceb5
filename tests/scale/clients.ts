/**
 * @module A process with a part of the clients of the scale run.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '../benchmark/connection.js';
import { Latencies } from '../benchmark/latencies.js';
import { serve } from '../benchmark/serve.js';

/** What the clients can be asked for. */
export type ClientCommands = typeof commands;

/** How many connections are opened at once. */
const opening = 100;

const latencies = new Latencies();
let fleet: Connection[] = [];

const commands = {
  /** Opens a connection for each cookie, of which `first` is the number of the first session. */
  async open(settings: { port: number; cookies: readonly string[]; first: number }): Promise<void> {
    const { port, cookies, first } = settings;
    fleet = cookies.map((cookie, at) => new Connection({ port, cookie, n: first + at, latencies }));
    const queue = fleet.values();
    await Promise.all(
      Array.from({ length: opening }, async () => {
        for (const connection of queue) await connection.open();
      }),
    );
  },

  /** Has each client ask once, and reads the answers: they must come from their own sessions. */
  async probe(): Promise<void> {
    await Promise.all(fleet.map((connection) => connection.probe()));
  },

  /** Has each client send, and keep so many events in flight. */
  start(inFlight: number): void {
    for (const connection of fleet) connection.start(inFlight);
  },

  /** Sends no more, and waits for what is in flight. */
  async pause(): Promise<void> {
    for (const connection of fleet) connection.pause();
    while (fleet.some((connection) => connection.isWaiting)) await sleep(1);
    for (const { failure } of fleet) if (failure) throw failure;
  },
};

serve(commands);
