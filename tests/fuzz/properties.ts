/**
 * @module All that is fuzzed, with each one's share of the inputs.
 */

import { fuzzEvents } from './events.js';
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
    share: 0.29,
    counted: 'events with a listener',
    fuzz: fuzzEvents,
  },
  {
    what: "store's trouble",
    share: 0.01,
    counted: 'events',
    fuzz: fuzzStore,
  },
];
