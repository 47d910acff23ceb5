/**
 * @module A store that misbehaves in every way that stores do, as often as it is told to, and in the
 * same way for the same seed. Keeps its records in memory, as text.
 */

import { type SessionData, Store } from 'express-session';
import { Seeded } from './seeded.js';
import { unexpired } from './slow-store.js';

/** How long a call takes: `spread` gives the milliseconds for a random number from 0 to below 1. */
export type Latency = (random: number) => number;

/** The usual shapes of latency, in milliseconds. */
export const latencies = {
  none: (): Latency => () => 0,
  uniform:
    (least: number, most: number): Latency =>
    (random) =>
      least + random * (most - least),
  exponential:
    (mean: number): Latency =>
    (random) =>
      -mean * Math.log(1 - random),
  /** Mostly quick, and now and then very slow, as a database behind a busy network is (Pareto). */
  heavyTailed:
    (least: number, most: number): Latency =>
    (random) =>
      Math.min(most, least / (1 - random) ** 1.5),
};

/** What may go wrong with a call. */
export type Mishap =
  /** An error, and nothing was done. */
  | 'error'
  /** An error, though it was done. */
  | 'error after effect'
  /** A promise that rejects, of a store whose methods are `async`. */
  | 'rejection'
  /** An exception out of the call. */
  | 'throw'
  /** No answer, and nothing was done. */
  | 'hang'
  /** No answer, though it was done. */
  | 'hang after effect'
  /** An answer after a long time; the effect comes as late. */
  | 'late'
  /** Two answers: the second an error, or a record of nobody. */
  | 'double'
  /** Of a read: a record that was cut off. */
  | 'torn'
  /** Of a read: what somebody else wrote there. */
  | 'foreign'
  /** Of a read: an object that changes later, and has getters. */
  | 'live';

type Operation = 'get' | 'set' | 'destroy' | 'touch';
type Callback = (error?: unknown, session?: SessionData | null) => void;

/** How much trouble there is. */
export interface Trouble {
  readonly latency?: Latency;
  /** The probability of each mishap; the rest goes well. */
  readonly rates?: Partial<Record<Mishap, number>>;
  /** How long an answer takes that is `late`, in milliseconds. */
  readonly lateness?: number;
  /** The operations that it comes to; all of them, if it is left out. */
  readonly operations?: readonly Operation[];
}

const readMishaps: ReadonlySet<Mishap> = new Set(['torn', 'foreign', 'live']);

/** What other programs leave under a session's key. */
const foreignRecords: readonly unknown[] = [
  'OK',
  42,
  true,
  [],
  [{ cookie: {} }],
  {},
  { n: 1 },
  { cookie: null },
  { cookie: 'connect.sid' },
  { cookie: [] },
  JSON.parse('{"__proto__":{"polluted":true},"n":1}'),
];

/** A store made of trouble. */
export class TroubledStore extends Store {
  readonly records = new Map<string, string>();
  readonly random: Seeded;
  /** How often each operation was asked for. */
  readonly calls: Record<Operation, number> = { get: 0, set: 0, destroy: 0, touch: 0 };
  /** How often each mishap happened. */
  readonly mishaps: Partial<Record<Mishap | 'disconnected', number>> = {};
  /** Makes the error of a failure; by default one that carries the command, as clients' errors do. */
  makeError: (operation: Operation, sessionId: string) => unknown = commandError;
  #trouble: Trouble = {};
  #isConnected = true;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(seed?: number) {
    super();
    this.random = new Seeded(seed);
  }

  /** Begins trouble, in place of what there was. */
  trouble(trouble: Trouble): void {
    this.#trouble = trouble;
  }

  /** Ends all trouble. What was asked for before may still be answered late. */
  calm(): void {
    this.#trouble = {};
    this.connect();
  }

  /** Loses its connection: says so, as stores do, and fails everything from now on. */
  disconnect(): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.emit('disconnect');
  }

  /** Has its connection again. */
  connect(): void {
    if (this.#isConnected) return;
    this.#isConnected = true;
    this.emit('connect');
  }

  /** Answers nobody any more. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** The record of a session, as it is stored now. */
  record(sessionId: string): SessionData | undefined {
    return unexpired(this.records.get(sessionId));
  }

  override get(sessionId: string, callback: Callback): undefined {
    return this.#do('get', sessionId, callback, () => this.record(sessionId) ?? null);
  }

  override set(sessionId: string, session: SessionData, callback?: Callback): undefined {
    const text = JSON.stringify(session);
    return this.#do('set', sessionId, callback, () => void this.records.set(sessionId, text));
  }

  override destroy(sessionId: string, callback?: Callback): undefined {
    return this.#do('destroy', sessionId, callback, () => void this.records.delete(sessionId));
  }

  override touch(sessionId: string, { cookie }: SessionData, callback?: () => void): undefined {
    const text = JSON.stringify(cookie);
    return this.#do('touch', sessionId, callback, () => {
      const record = this.record(sessionId);
      if (record === undefined) return undefined;
      this.records.set(sessionId, JSON.stringify({ ...record, cookie: JSON.parse(text) }));
      return undefined;
    });
  }

  #do(
    operation: Operation,
    sessionId: string,
    callback: Callback = () => {},
    effect: () => SessionData | null | undefined,
  ): undefined {
    this.calls[operation]++;
    const error = this.makeError(operation, sessionId);
    if (!this.#isConnected) {
      this.#count('disconnected');
      this.#later(0, () => callback(error));
      return;
    }
    const mishap = this.#mishapOf(operation);
    const milliseconds = this.#trouble.latency?.(this.random.next()) ?? 0;
    const answer = (): void => callback(null, effect() ?? (operation === 'get' ? null : undefined));
    switch (mishap) {
      case 'error':
        return this.#later(milliseconds, () => callback(error));
      case 'error after effect':
        return this.#later(milliseconds, () => {
          effect();
          callback(error);
        });
      case 'rejection':
        // The type of a store's method has no promise, and many stores return one.
        return Promise.reject(error) as unknown as undefined;
      case 'throw':
        throw error;
      case 'hang':
        return;
      case 'hang after effect':
        return this.#later(milliseconds, effect);
      case 'late':
        return this.#later(this.#trouble.lateness ?? 1_000, answer);
      case 'double':
        return this.#later(milliseconds, () => {
          answer();
          const isError = this.random.chance(0.5);
          this.#later(0, () => (isError ? callback(error) : callback(null, liveRecord())));
        });
      case 'torn':
        return this.#later(milliseconds, () => this.#tear(sessionId, callback));
      case 'foreign':
        return this.#later(milliseconds, () =>
          callback(null, this.random.pick(foreignRecords) as SessionData),
        );
      case 'live':
        return this.#later(milliseconds, () => {
          const record = effect();
          callback(null, record ? liveRecord(record) : null);
        });
      default:
        return this.#later(milliseconds, answer);
    }
  }

  #mishapOf(operation: Operation): Mishap | undefined {
    const { rates = {}, operations } = this.#trouble;
    if (operations && !operations.includes(operation)) return undefined;
    let chance = this.random.next();
    for (const [name, rate] of Object.entries(rates)) {
      const mishap = name as Mishap;
      if (readMishaps.has(mishap) && operation !== 'get') continue;
      chance -= rate;
      if (chance >= 0) continue;
      this.#count(mishap);
      return mishap;
    }
    return undefined;
  }

  /** Parses half of a record, as a store does that keeps text. */
  #tear(sessionId: string, callback: Callback): void {
    const text = this.records.get(sessionId);
    let record: SessionData | null = null;
    try {
      if (text) record = JSON.parse(text.slice(0, this.random.below(text.length)));
    } catch (error) {
      callback(error);
      return;
    }
    callback(null, record);
  }

  #count(mishap: Mishap | 'disconnected'): void {
    this.mishaps[mishap] = (this.mishaps[mishap] ?? 0) + 1;
  }

  #later(milliseconds: number, run: () => unknown): undefined {
    if (milliseconds < 0.5) {
      setImmediate(run);
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, milliseconds);
    this.#timers.add(timer);
  }
}

/** What database clients give: an error that carries the command and its arguments. */
function commandError(operation: Operation, sessionId: string): Error {
  const error = new Error(`ECONNRESET while ${operation} sess:${sessionId}`);
  return Object.assign(error, { command: { name: operation, args: [`sess:${sessionId}`] } });
}

/** A record that another part of the program goes on with. */
function liveRecord(record: SessionData = { cookie: {} } as SessionData): SessionData {
  Object.defineProperty(record, 'live', { get: () => 'computed', enumerable: true });
  setImmediate(() => Object.assign(record, { n: 'changed behind', late: true }));
  return record;
}
