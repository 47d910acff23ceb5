/**
 * @module All that is fuzzed, with each one's share of the inputs.
 */

import { fuzzCluster } from './cluster.js';
import { fuzzEvents } from './events.js';
import { fuzzFrames } from './frames.js';
import { fuzzHandshakes } from './handshakes.js';
import { fuzzRecords } from './records.js';
import { fuzzStore } from './store.js';

/** One kind of input. */
export interface Property {
  /** Completes "a session is given only as it should be, and nothing is told, whatever the …". */
  readonly what: string;
  /** Of all inputs. */
  readonly share: number;
  /** What is counted by what `fuzz` returns. */
  readonly counted: string;
  readonly fuzz: (runs: number, seed: number) => Promise<number>;
}

export const properties: readonly Property[] = [
  {
    what: 'handshake',
    share: 0.5,
    counted: 'clients with a session',
    fuzz: fuzzHandshakes,
  },
  {
    what: 'stored record',
    share: 0.2,
    counted: 'records that are sessions',
    fuzz: fuzzRecords,
  },
  {
    what: 'packet',
    share: 0.14,
    counted: 'events with a listener',
    fuzz: fuzzEvents,
  },
  {
    what: 'message of another node',
    share: 0.1,
    counted: 'sessions that one has ended',
    fuzz: fuzzCluster,
  },
  {
    what: 'frame',
    share: 0.05,
    counted: 'events with a session',
    fuzz: fuzzFrames,
  },
  {
    what: "store's trouble",
    share: 0.01,
    counted: 'events',
    fuzz: fuzzStore,
  },
];
