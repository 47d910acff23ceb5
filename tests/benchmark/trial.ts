/**
 * @module A load, put on all its variants: each has a server process of its own, and takes its turn
 * while the others are idle. Knows the order of the commands that make a measured turn.
 */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientCommands } from './clients.js';
import type { EventLoad, Load } from './loads.js';
import type { ServerCommands, ServerWindow } from './server.js';
import type { Sample } from './statistics.js';
import type { VariantName } from './variants.js';
import { Worker } from './worker.js';

/** How long the turns are. */
export interface Pace {
  /** How long a turn is measured, where events flow. */
  readonly seconds: number;
  /** How long events flow before they are measured. */
  readonly warmUpSeconds: number;
}

/** Where the workers are, compiled. */
export const compiled: string = join(import.meta.dirname, 'dist/benchmark');

interface Side {
  readonly server: Worker<ServerCommands>;
  readonly port: number;
  readonly cookies: readonly string[];
}

/** A load with its processes. `stop()` ends them all. */
export class Trial {
  readonly #load: Load;
  readonly #pace: Pace;
  readonly #clients = new Worker<ClientCommands>(join(compiled, 'clients.js'), 'the clients');
  readonly #servers: Worker<ServerCommands>[] = [];
  readonly #sides = new Map<VariantName, Side>();

  constructor(load: Load, pace: Pace) {
    this.#load = load;
    this.#pace = pace;
  }

  /**
   * Starts a variant's server and has it warm up.
   *
   * @returns why the variant cannot run here, if so
   * @throws {Error} that it does not work, such as that clients get wrong answers
   */
  async add(variant: VariantName, redisUrl: string): Promise<string | undefined> {
    const server = new Worker<ServerCommands>(join(compiled, 'server.js'), variant);
    this.#servers.push(server);
    const { store, connections, recordBytes } = this.#load;
    const port = await server.call('start', { variant, store, redisUrl });
    if (typeof port === 'string') return port;
    const cookies = await server.call('logIn', { count: connections, bytes: recordBytes });
    this.#sides.set(variant, { server, port, cookies });

    await this.#clients.call('open', variant, { port, cookies });
    await this.#clients.call('probe', variant);
    if (this.#load.kind === 'events') await this.#runEvents(variant, this.#load);
    else await this.#close(variant);
    return undefined;
  }

  /** Takes a turn of a variant that was added. */
  async turn(variant: VariantName): Promise<Sample> {
    if (this.#load.kind === 'events') return this.#runEvents(variant, this.#load);
    if (this.#load.kind === 'storm') return this.#runStorm(variant);
    return this.#runIdle(variant);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#clients, ...this.#servers].map((worker) => worker.stop()));
  }

  async #runEvents(variant: VariantName, { inFlight }: EventLoad): Promise<Sample> {
    const { server } = this.#side(variant);
    const clients = this.#clients;
    await server.call('collect');
    await clients.call('start', variant, inFlight);
    await sleep(this.#pace.warmUpSeconds * 1000);
    await Promise.all([clients.call('time', variant), server.call('begin')]);
    await sleep(this.#pace.seconds * 1000);
    const [{ p50, p99 }, window] = await Promise.all([
      clients.call('report', variant),
      server.call('end'),
    ]);
    await clients.call('stop', variant);
    return { ...perEach(window.events, window), p50, p99 };
  }

  async #runStorm(variant: VariantName): Promise<Sample> {
    const { server } = this.#side(variant);
    await server.call('collect');
    await server.call('begin');
    await this.#open(variant);
    const window = await server.call('end');
    await this.#close(variant);
    return perEach(window.connections, window);
  }

  async #runIdle(variant: VariantName): Promise<Sample> {
    const { server } = this.#side(variant);
    const before = await server.call('collect');
    await server.call('begin');
    await this.#open(variant);
    const after = await server.call('collect');
    await this.#close(variant);
    return { heap: (after - before) / this.#load.connections };
  }

  /** Connects all clients, until the application has all their sockets. */
  async #open(variant: VariantName): Promise<void> {
    const { server, port, cookies } = this.#side(variant);
    await this.#clients.call('open', variant, { port, cookies });
    await server.call('untilConnected', this.#load.connections);
  }

  async #close(variant: VariantName): Promise<void> {
    await this.#clients.call('close', variant);
    await this.#side(variant).server.call('untilEmpty');
  }

  #side(variant: VariantName): Side {
    const side = this.#sides.get(variant);
    if (side === undefined) throw new Error(`The variant ${variant} was not added`);
    return side;
  }
}

/** A window, by the events or connections that were in it. */
function perEach(count: number, window: ServerWindow): Sample {
  return {
    rate: count / window.seconds,
    cpu: window.cpu / count,
    busy: window.cpu / 1e6 / window.seconds,
    reads: window.storeCalls / count,
    records: window.recordsRead / count,
  };
}
