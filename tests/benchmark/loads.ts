/**
 * @module The loads under which the variants are compared, as data. Must not know how a load is put
 * on a server.
 */

import type { StoreName } from './stores.js';
import type { VariantName } from './variants.js';

interface AnyLoad {
  readonly name: string;
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
  /** The least share of a bare socket's events per CPU second that the goals of the project ask. */
  readonly goal?: { readonly variant: VariantName; readonly ratio: number };
}

/** All connect at once. */
export interface StormLoad extends AnyLoad {
  readonly kind: 'storm';
}

/** All are connected, and nothing happens. */
export interface IdleLoad extends AnyLoad {
  readonly kind: 'idle';
}

/** A load. */
export type Load = EventLoad | StormLoad | IdleLoad;

const kilobyte = 1024;
const small = kilobyte / 2;

/** Every load, in the order in which they are run. */
export const loads: readonly Load[] = [
  events('memory', { connections: 20, inFlight: 20, ratio: 0.85 }),
  events('redis', { connections: 20, inFlight: 20, ratio: 0.8 }),
  events('memory', { connections: 200, inFlight: 1, ratio: 0.85 }),
  events('redis', { connections: 200, inFlight: 1, ratio: 0.8, measuredBy: 'readMany' }),
  events('memory', { connections: 200, inFlight: 5 }),
  events('redis', { connections: 200, inFlight: 5 }),
  events('memory', { connections: 20, inFlight: 20, recordBytes: 5 * kilobyte }),
  events('redis', { connections: 20, inFlight: 20, recordBytes: 5 * kilobyte }),
  events('memory', { connections: 20, inFlight: 20, recordBytes: 50 * kilobyte }),
  events('redis', { connections: 20, inFlight: 20, recordBytes: 50 * kilobyte }),
  storm('memory'),
  storm('redis'),
  {
    kind: 'idle',
    name: 'memory-idle',
    store: 'memory',
    variants: ['bare', 'sessOn'],
    connections: 5_000,
    recordBytes: small,
  },
];

/** Tells what a load is, to readers. */
export function titleOf(load: Load): string {
  const store = { memory: 'Memory', redis: 'Redis' }[load.store];
  const count = load.connections.toLocaleString('en');
  if (load.kind === 'storm') return `${store}: ${count} clients connect at once`;
  if (load.kind === 'idle') return `${store}: ${count} idle connections`;
  const size = load.recordBytes / kilobyte;
  return `${store}: ${count} connections × ${load.inFlight} in flight, sessions of ${size} KB`;
}

interface EventSettings {
  readonly connections: number;
  readonly inFlight: number;
  readonly recordBytes?: number;
  readonly ratio?: number;
  readonly measuredBy?: VariantName;
}

function events(store: StoreName, settings: EventSettings): EventLoad {
  const { connections, inFlight, recordBytes = small, ratio, measuredBy = 'sessOn' } = settings;
  const size = recordBytes === small ? '' : `-${recordBytes / kilobyte}kb`;
  return {
    kind: 'events',
    name: `${store}-${connections}x${inFlight}${size}`,
    store,
    variants: withReadMany(store, [
      'bare',
      'storeGet',
      'recipe',
      'getSession',
      'autoSave',
      'sessOn',
      'alwaysSession',
    ]),
    connections,
    inFlight,
    recordBytes,
    ...(ratio && { goal: { variant: measuredBy, ratio } }),
  };
}

function storm(store: StoreName): StormLoad {
  return {
    kind: 'storm',
    name: `${store}-storm`,
    store,
    variants: withReadMany(store, [
      'bare',
      'recipe',
      'getSession',
      'autoSave',
      'sessOn',
      'authorization',
    ]),
    connections: 2_000,
    recordBytes: small,
  };
}

/** Express-session's memory store has no call that reads many. */
function withReadMany(store: StoreName, names: readonly VariantName[]): readonly VariantName[] {
  return store === 'redis' ? [...names, 'readMany'] : names;
}
