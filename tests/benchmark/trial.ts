/**
 * @module A load, put on all its variants: each has a server process of its own, and takes its turn
 * while the others are idle.
 */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientCommands } from './clients.js';
import type { EventLoad, Load } from './loads.js';
import type { Window } from './meter.js';
import type { ServerCommands, WindowSettings } from './server.js';
import type { Sample } from './statistics.js';
import type { VariantName } from './variants.js';
import { Worker } from './worker.js';

/** How long the turns are. */
export interface Pace {
  /** How long events over the network are measured. */
  readonly seconds: number;
  /** How long events without the network are measured: they vary less. */
  readonly insideSeconds: number;
  /** How long events flow before they are measured. */
  readonly warmUpSeconds: number;
  /** How many turns a variant takes, at most, until its cost no longer falls. */
  readonly warmUpTurns: number;
}

interface TrialSettings {
  readonly load: Load;
  readonly pace: Pace;
  readonly redisUrl: string;
  /** The folder for profiles of the servers' CPU, if they are wanted. */
  readonly profiles?: string | undefined;
}

interface Side {
  readonly server: Worker<ServerCommands>;
  readonly port: number;
  readonly cookies: readonly string[];
}

/** Where the workers are, compiled. */
export const compiled: string = join(import.meta.dirname, 'dist/benchmark');

/** How often every event in flight is answered in a window, at least. */
const cycles = 3;

/**
 * A variant is warm after so many turns without one that was clearly cheaper than all before: until V8
 * has compiled what is hot, an event costs up to twice as much.
 */
const steadyTurns = 3;
const clearlyCheaper = 0.97;

/** A load with its processes. `stop()` ends them all. */
export class Trial {
  readonly #settings: TrialSettings;
  readonly #clients = new Worker<ClientCommands>(join(compiled, 'clients.js'), 'the clients');
  readonly #servers: Worker<ServerCommands>[] = [];
  readonly #sides = new Map<VariantName, Side>();

  constructor(settings: TrialSettings) {
    this.#settings = settings;
  }

  /**
   * Starts a variant's server, checks its answers, and has it warm up.
   *
   * @throws {Error} that it does not work, such as that clients get wrong answers
   */
  async add(variant: VariantName): Promise<void> {
    const { load, redisUrl } = this.#settings;
    const { store, connections: count, recordBytes: bytes } = load;
    const work = load.kind === 'events' ? load.work : 'one';
    const server = new Worker<ServerCommands>(join(compiled, 'server.js'), variant);
    this.#servers.push(server);
    const port = await server.call('start', { variant, store, work, redisUrl });
    const cookies = await server.call('logIn', { count, bytes });
    const side = { server, port, cookies };
    this.#sides.set(variant, side);

    await this.#open(side, variant);
    if (load.path === 'network') await this.#clients.call('probe', variant);
    if (load.kind !== 'events') await this.#close(side, variant);
    if (load.kind !== 'idle') await this.#warmUp(variant);
  }

  async #warmUp(variant: VariantName): Promise<void> {
    let lowest = Number.POSITIVE_INFINITY;
    let steady = 0;
    for (let at = 0; at < this.#settings.pace.warmUpTurns && steady < steadyTurns; at += 1) {
      const { cpu = 0 } = await this.turn(variant);
      steady = cpu < lowest * clearlyCheaper ? 0 : steady + 1;
      lowest = Math.min(lowest, cpu);
    }
  }

  /** Takes a turn of a variant that was added. */
  async turn(variant: VariantName): Promise<Sample> {
    const side = this.#sides.get(variant);
    if (side === undefined) throw new Error(`The variant ${variant} was not added`);
    const { load } = this.#settings;
    if (load.kind === 'events') return this.#runEvents(side, variant, load);
    await side.server.call('collect');
    if (load.kind === 'storm') return this.#runStorm(side, variant);
    return this.#runIdle(side, variant);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#clients, ...this.#servers].map((worker) => worker.stop()));
  }

  #runEvents(side: Side, variant: VariantName, load: EventLoad): Promise<Sample> {
    const { pace } = this.#settings;
    const settings = {
      seconds: load.path === 'network' ? pace.seconds : pace.insideSeconds,
      events: cycles * load.connections * load.inFlight,
      profile: this.#profileOf(variant),
    };
    return load.path === 'network'
      ? this.#runOutside(side, variant, load.inFlight, settings)
      : this.#runInside(side, load.inFlight, settings);
  }

  async #runOutside(
    { server }: Side,
    variant: VariantName,
    inFlight: number,
    settings: WindowSettings,
  ): Promise<Sample> {
    const clients = this.#clients;
    await clients.call('start', variant, inFlight);
    await sleep(this.#settings.pace.warmUpSeconds * 1000);
    await clients.call('time');
    const window = await server.call('measure', settings);
    const { p50, p99, utilization: clientsBusy } = await clients.call('report');
    await clients.call('stop', variant);
    return { ...perEach(window.events, window), p50, p99, clientsBusy };
  }

  async #runInside(
    { server, cookies }: Side,
    inFlight: number,
    settings: WindowSettings,
  ): Promise<Sample> {
    await server.call('startInside', { cookies, inFlight });
    await sleep(this.#settings.pace.warmUpSeconds * 1000);
    const window = await server.call('measureInside', settings);
    await server.call('stopInside');
    return perEach(window.events, window);
  }

  async #runStorm(side: Side, variant: VariantName): Promise<Sample> {
    const window = await this.#open(side, variant);
    await this.#close(side, variant);
    return perEach(window.connections, window);
  }

  async #runIdle(side: Side, variant: VariantName): Promise<Sample> {
    const before = await side.server.call('collect');
    await this.#open(side, variant);
    const after = await side.server.call('collect');
    await this.#close(side, variant);
    return { heap: (after - before) / this.#settings.load.connections };
  }

  /** Connects all clients, until the application has all their sockets. */
  async #open({ server, port, cookies }: Side, variant: VariantName): Promise<Window> {
    await server.call('begin', { profile: this.#profileOf(variant) });
    const opening =
      this.#settings.load.path === 'inside'
        ? server.call('openInside', cookies)
        : this.#clients.call('open', variant, { port, cookies });
    const [window] = await Promise.all([server.call('connected', cookies.length), opening]);
    return window;
  }

  #profileOf(variant: VariantName): string | undefined {
    const { load, profiles } = this.#settings;
    return profiles && join(profiles, profileName(load, variant));
  }

  async #close({ server }: Side, variant: VariantName): Promise<void> {
    if (this.#settings.load.path === 'network') await this.#clients.call('close', variant);
    await server.call('disconnect');
  }
}

/** The file of a variant's profile under a load. */
export function profileName({ name }: Load, variant: VariantName): string {
  return `${name}.${variant}.cpuprofile`;
}

/** A window, by the events or connections that were in it. */
function perEach(count: number, window: Window): Sample {
  return {
    // What other processes took from the server is none of its own doing.
    rate: count / (window.seconds - window.queued),
    cpu: window.cpu / count,
    active: (window.active - window.queued * 1e6) / count,
    queued: window.queued / window.seconds,
    busy: window.utilization,
    reads: window.storeCalls / count,
    records: window.recordsRead / count,
  };
}
