/**
 * @module What must come of a soak: for each session, what was told to be saved, and whether it has
 * ended; for each event, how often its listener was called.
 */

/** What is known of a session. */
export interface SoakSession {
  readonly id: string;
  readonly cookie: string;
  /** Updates that were told to be saved. */
  updates: number;
  /** Updates that failed at a deadline, of which nobody knows whether they were saved. */
  unknownUpdates: number;
  /** Keys that were told to be saved, with their values. */
  readonly saved: Map<string, number>;
  /** Keys that were told to be saved over HTTP, each of them once. */
  readonly writtenOverHttp: Map<string, number>;
  /** When its logout was answered or its record removed, by `performance.now()`. */
  endedAt: number | undefined;
  /** When that was asked for. */
  askedAt: number | undefined;
}

/** Counts, and names what is wrong. */
export class SoakModel {
  readonly counts: Record<string, number> = {};
  readonly codes: Record<string, number> = {};
  readonly mistakes: string[] = [];
  mistakeCount = 0;
  readonly #calls = new Map<number, number>();
  #isClosed = false;
  #next = 0;

  /** An event is sent; tells its number. */
  sent(): number {
    const number = this.#next++;
    this.#calls.set(number, 0);
    this.count('events sent');
    return number;
  }

  /** The raw socket has an event. */
  arrived(number: number): void {
    this.count('events that arrived');
    const calls = this.#calls.get(number) ?? 0;
    // Arrived, and not answered by its listener.
    this.#calls.set(number, calls + 1_000);
  }

  /** The listener of an event is called. */
  called(number: number, err: unknown, session: unknown): void {
    this.count('listener calls');
    if (this.#isClosed && !err) this.wrong('a listener was called with a session after `close()`');
    if ((err === null) === (session === null)) this.wrong('neither a session nor an error');
    if (err) this.code(err);
    const calls = this.#calls.get(number);
    if (calls === undefined) this.wrong('a listener was called again for an event');
    else if (calls !== 1_000) this.wrong(`an event has the state ${calls}`);
    else this.#calls.delete(number);
  }

  /** How many events have arrived, and their listener was not called. */
  get open(): number {
    let open = 0;
    for (const calls of this.#calls.values()) if (calls >= 1_000) open++;
    return open;
  }

  /** Nothing may be called from now on. */
  close(): void {
    this.#isClosed = true;
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  code(error: unknown): string {
    const code = String(Reflect.get(Object(error), 'code') ?? error);
    this.codes[code] = (this.codes[code] ?? 0) + 1;
    return code;
  }

  wrong(what: string): void {
    this.mistakeCount++;
    if (this.mistakes.length < 20) this.mistakes.push(what);
  }

  /** Compares what the store has with what was told; tells what is wrong. */
  mistakesOf(session: SoakSession, record: object | undefined): string[] {
    if (session.endedAt !== undefined) {
      return record ? ['a session that had ended is in the store again'] : [];
    }
    if (!record) return session.askedAt === undefined ? ['a session is lost'] : [];
    const mistakes: string[] = [];
    const n = Number(Reflect.get(record, 'n') ?? 0);
    const most = session.updates + session.unknownUpdates;
    if (n < session.updates || n > most) {
      mistakes.push(`${n} updates are stored; ${session.updates} to ${most} were made`);
    }
    for (const [key, value] of session.saved) {
      const stored = Number(Reflect.get(record, key) ?? -1);
      if (stored < value) mistakes.push(`the key ${key} has ${stored}; ${value} was saved`);
    }
    // What is written over HTTP while a session ends is dropped.
    if (session.askedAt !== undefined) return mistakes;
    for (const [key, value] of session.writtenOverHttp) {
      const stored: unknown = Reflect.get(record, key);
      if (stored !== value) mistakes.push(`${key} has ${stored}; ${value} was written over HTTP`);
    }
    return mistakes;
  }
}
