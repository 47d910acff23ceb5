/**
 * @module The loads under which the variants are compared, as data.
 */

import type { Work } from './records.js';
import type { StoreName } from './stores.js';
import type { VariantName } from './variants.js';

interface AnyLoad {
  readonly name: string;
  /** Whether the clients are a process of their own, or in the server's memory. */
  readonly path: 'network' | 'inside';
  readonly store: StoreName;
  readonly variants: readonly VariantName[];
  /** How many clients there are, each with a session of its own. */
  readonly connections: number;
  /** The size of a session in the store, in bytes of JSON. */
  readonly recordBytes: number;
}

/** Each connection keeps some events in flight: it sends the next when one is acknowledged. */
export interface EventLoad extends AnyLoad {
  readonly kind: 'events';
  readonly inFlight: number;
  /** What the listeners do. */
  readonly work: Work;
}

/** All clients connect at once. */
export interface StormLoad extends AnyLoad {
  readonly kind: 'storm';
}

/** All clients are connected, and nothing happens. */
export interface IdleLoad extends AnyLoad {
  readonly kind: 'idle';
}

/** A load. */
export type Load = EventLoad | StormLoad | IdleLoad;

const kilobyte = 1024;
const stores = ['memory', 'redis'] as const;
const shapes = [
  { connections: 20, inFlight: 20, sizes: [0.7, 6, 60] },
  { connections: 200, inFlight: 1, sizes: [0.7, 6] },
] as const;

/** Every load, in the order in which they are run. */
export const loads: readonly Load[] = [
  ...makeEventLoads('network', ['one']),
  ...makeEventLoads('network', ['all']).filter(({ recordBytes }) => recordBytes === 6 * kilobyte),
  ...makeEventLoads('inside', ['one', 'all']),
  ...makeEventLoads('inside', ['save', 'update']).filter(({ inFlight }) => inFlight === 1),
  ...stores.map((store) => makeStorm('network', store)),
  ...stores.map((store) => makeStorm('inside', store)),
  ...stores.map(makeIdle),
];

/** Tells readers what a load is. */
export function titleOf(load: Load): string {
  const store = { memory: 'memory', redis: 'Redis' }[load.store];
  const path = { network: 'Over the network', inside: 'Without the network' }[load.path];
  const count = load.connections.toLocaleString('en');
  if (load.kind === 'storm') return `${path}, ${store}: ${count} clients connect`;
  if (load.kind === 'idle') return `${path}, ${store}: ${count} idle connections`;
  const work = {
    one: 'listeners touch one value',
    all: 'listeners touch all',
    save: 'listeners save',
    update: 'listeners update',
  }[load.work];
  return `${path}, ${store}: ${count} × ${load.inFlight}, sessions of ${sizeOf(load)} KB, ${work}`;
}

/** The size of a load's sessions, in KB. */
export function sizeOf({ recordBytes }: Load): number {
  return Math.round((10 * recordBytes) / kilobyte) / 10;
}

function makeEventLoads(path: Load['path'], works: readonly Work[]): EventLoad[] {
  return stores.flatMap((store) =>
    shapes.flatMap(({ connections, inFlight, sizes }) =>
      sizes.flatMap((size) =>
        works.map((work) => ({
          kind: 'events',
          name: `${path}-${store}-${connections}x${inFlight}-${size}kb-${work}`,
          ...{ path, store, connections, inFlight, work },
          recordBytes: Math.round(size * kilobyte),
          variants: chooseVariants(path, work, size),
        })),
      ),
    ),
  );
}

/** The older packages read only, and are shown where sessions are small. */
function chooseVariants(path: Load['path'], work: Work, size: number): readonly VariantName[] {
  if (path === 'network' && work === 'one' && size === 0.7) {
    return ['bare', 'storeGet', 'recipe', 'getSession', 'autoSave', 'ours'];
  }
  return ['bare', 'storeGet', 'recipe', 'ours'];
}

function makeStorm(path: Load['path'], store: StoreName): StormLoad {
  return {
    kind: 'storm',
    name: `${path}-${store}-storm`,
    ...{ path, store },
    variants: ['bare', 'byHand', 'recipe', 'ours'],
    connections: 2_000,
    recordBytes: Math.round(0.7 * kilobyte),
  };
}

function makeIdle(store: StoreName): IdleLoad {
  return {
    kind: 'idle',
    name: `inside-${store}-idle`,
    ...{ path: 'inside', store },
    variants: ['bare', 'recipe', 'ours'],
    connections: 5_000,
    recordBytes: Math.round(0.7 * kilobyte),
  };
}
