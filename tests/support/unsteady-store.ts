/**
 * @module A store whose calls take effect, and are answered, when a test says: in time, late, or never.
 * The time is that of the timers, which a test may fake.
 */

import { type SessionData, Store } from 'express-session';

/** What becomes of one call of the store. */
export interface Fate {
  /** After how many milliseconds it takes effect; never, where `undefined`. */
  readonly effect: number | undefined;
  /** How many milliseconds after that it is answered; never, where `undefined`. */
  readonly answer: number | undefined;
  /** Whether the answer is an error: with the effect, or in place of it. */
  readonly error?: 'with the effect' | 'without the effect' | undefined;
}

/**
 * What its `touch` writes: the cookie alone; the whole record, which it reads first, as those of file
 * stores do; or the session that it is given.
 */
export type TouchKind = 'the cookie' | 'the record' | 'the session';

type Callback = (error?: unknown, session?: SessionData | null) => void;

/** Keeps records in memory, as text. */
export class UnsteadyStore extends Store {
  readonly records = new Map<string, string>();
  /** What becomes of the next calls, in their order; what comes after them goes well, at once. */
  readonly fates: Fate[];
  readonly #touchKind: TouchKind;

  constructor(fates: readonly Fate[] = [], touchKind: TouchKind = 'the cookie') {
    super();
    this.fates = [...fates];
    this.#touchKind = touchKind;
  }

  /** The record of a session, as it is stored now. */
  record(sessionId: string): Record<string, unknown> | undefined {
    const text = this.records.get(sessionId);
    return text === undefined ? undefined : JSON.parse(text);
  }

  override get(sessionId: string, callback: Callback): void {
    this.#call(callback, () => (this.record(sessionId) ?? null) as SessionData | null);
  }

  override set(sessionId: string, session: SessionData, callback: Callback = () => {}): void {
    const text = JSON.stringify(session);
    this.#call(callback, () => void this.records.set(sessionId, text));
  }

  override destroy(sessionId: string, callback: Callback = () => {}): void {
    this.#call(callback, () => void this.records.delete(sessionId));
  }

  override touch(sessionId: string, given: SessionData, callback: Callback = () => {}): void {
    const { cookie } = given;
    const touched = (): SessionData | undefined => {
      const record = this.record(sessionId);
      return record && ({ ...record, cookie } as SessionData);
    };
    if (this.#touchKind !== 'the cookie') {
      const session = this.#touchKind === 'the session' ? given : touched();
      if (session === undefined) callback();
      else this.set(sessionId, session, callback);
      return;
    }
    this.#call(callback, () => {
      const session = touched();
      if (session) this.records.set(sessionId, JSON.stringify(session));
      return undefined;
    });
  }

  #call(callback: Callback, take: () => SessionData | null | undefined): void {
    const { effect, answer, error } = this.fates.shift() ?? { effect: 0, answer: 0 };
    setTimeout(() => {
      const isTaken = effect !== undefined && error !== 'without the effect';
      const found = isTaken ? take() : undefined;
      if (answer !== undefined) setTimeout(() => callback(error ? down : null, found), answer);
    }, effect ?? 0);
  }
}

const down = new Error('the store is down');
