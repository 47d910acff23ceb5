/**
 * @module A store that takes its time, as those over a network do: a test says how long each call
 * takes until it has its effect, and until it is answered.
 */

import { setImmediate } from 'node:timers/promises';
import { type SessionData, Store } from 'express-session';

export type Operation = 'get' | 'set' | 'destroy' | 'touch';

/** What a store is asked for, and how far it has come. */
export interface Step {
  readonly operation: Operation;
  readonly stage: 'before' | 'after';
  readonly sessionId: string;
}

type Callback = (error?: unknown, session?: SessionData | null) => void;

/** What a store says that is down. */
export const down: Error = new Error('the store is down');

/** The record that a text holds, unless it has expired. */
export function unexpired(text: string | undefined): SessionData | undefined {
  if (text === undefined) return undefined;
  const record: SessionData = JSON.parse(text);
  const { expires } = record.cookie;
  if (expires && new Date(expires).getTime() <= Date.now()) return undefined;
  return record;
}

/** Keeps records in memory, as text. */
export class SlowStore extends Store {
  readonly records = new Map<string, string>();
  /** The calls so far, in their order. */
  readonly calls: Operation[] = [];
  /** Hears of each `set` as it has its effect: what it was given, and the record before and after. */
  onSet: (session: SessionData, before: SessionData | undefined, after: SessionData) => void =
    () => {};
  /** The operations that fail, for the store is down. */
  readonly failing = new Set<Operation>();
  /** How long a step takes; at first, no time at all. */
  pace: (step: Step) => Promise<unknown> | undefined = () => undefined;

  /** The record of a session, as it is stored now. */
  record(sessionId: string): SessionData | undefined {
    return unexpired(this.records.get(sessionId));
  }

  /** How often an operation was asked for. */
  count(operation: Operation): number {
    return this.calls.filter((call) => call === operation).length;
  }

  override get(sessionId: string, callback: Callback): void {
    this.#do('get', sessionId, callback, () => this.record(sessionId) ?? null);
  }

  override set(sessionId: string, session: SessionData, callback?: Callback): void {
    const text = JSON.stringify(session);
    this.#do('set', sessionId, callback, () => {
      this.onSet(session, this.record(sessionId), JSON.parse(text));
      this.records.set(sessionId, text);
      return undefined;
    });
  }

  override destroy(sessionId: string, callback?: Callback): void {
    this.#do('destroy', sessionId, callback, () => void this.records.delete(sessionId));
  }

  override touch(sessionId: string, { cookie }: SessionData, callback?: () => void): void {
    const text = JSON.stringify(cookie);
    this.#do('touch', sessionId, callback, () => {
      const record = this.record(sessionId);
      if (record === undefined) return;
      this.records.set(sessionId, JSON.stringify({ ...record, cookie: JSON.parse(text) }));
    });
  }

  #do(
    operation: Operation,
    sessionId: string,
    callback: Callback | undefined,
    effect: () => SessionData | null | undefined,
  ): void {
    this.calls.push(operation);
    const go = async (): Promise<void> => {
      await this.pace({ operation, stage: 'before', sessionId });
      const isDown = this.failing.has(operation);
      const result = isDown ? undefined : effect();
      await this.pace({ operation, stage: 'after', sessionId });
      // Outside of the promise: what a callback throws is not the store's.
      process.nextTick(() => callback?.(isDown ? down : null, result));
    };
    void go();
  }
}

/** Takes from none to `most` turns of the event loop. */
export async function randomTurns(most: number): Promise<void> {
  for (let turns = Math.floor(Math.random() * (most + 1)); turns > 0; turns--) {
    await setImmediate();
  }
}

/** Lets each step take from none to `most` turns of the event loop. */
export function randomPace(most: number): SlowStore['pace'] {
  return () => randomTurns(most);
}

/** A step that a test holds back. */
export class Gate {
  readonly reached: Promise<void>;
  #arrive = (): void => {};
  #open = (): void => {};
  readonly #opened: Promise<void>;

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#arrive = resolve;
    });
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }

  pass(): Promise<void> {
    this.#arrive();
    return this.#opened;
  }
}

/** Holds the next such step back until the gate is opened; all others take no time. */
export function holdNext(
  store: SlowStore,
  operation: Operation,
  stage: Step['stage'] = 'before',
): Gate {
  const gate = new Gate();
  const { pace } = store;
  store.pace = (step) => {
    if (step.operation !== operation || step.stage !== stage) return pace(step);
    store.pace = pace;
    return gate.pass();
  };
  return gate;
}
