/**
 * @module The events of a socket that wait for their session: how many, and how large they are.
 */

import type { EventName, Listener } from './listener-links.js';

/** How much the waiting events of one socket, and of all sockets, may hold, in bytes. */
export const mostOfSocket = 16_000_000;
const mostInAll = 256_000_000;

/** What an event holds while it waits, besides its data, in bytes: promises, closures and lists. */
const bytesOfEvent = 400;

/** What the waiting events of all sockets hold, in bytes. */
export interface PendingTotal {
  bytes: number;
}

/** An event that waits: the first of its listeners to be called ends that. */
export interface PendingEvent {
  readonly bytes: number;
}

/** Counts events: each once, however many listeners it has. */
export class PendingEvents {
  readonly #limit: number;
  readonly #total: PendingTotal;
  #count = 0;
  #bytes = 0;
  /** The event that came last, who was called for it, and whether it may wait. */
  #event: EventName | undefined;
  readonly #listeners: Listener[] = [];
  #mayWait = true;

  constructor(limit: number, total: PendingTotal) {
    this.#limit = limit;
    this.#total = total;
  }

  /**
   * An event came for a listener.
   *
   * @param isUnlimited whether it may wait whatever else does
   * @returns the event for its first listener, `'same'` for a further one; nothing where it may not
   * wait
   */
  enter(
    event: EventName,
    listener: Listener,
    { args, isUnlimited }: { readonly args: readonly unknown[]; readonly isUnlimited: boolean },
  ): PendingEvent | 'same' | undefined {
    // Its listeners are called in a row: another event begins where a name or a listener does.
    const isFirst = event !== this.#event || this.#listeners.includes(listener);
    if (!isFirst) {
      this.#listeners.push(listener);
      return this.#mayWait ? 'same' : undefined;
    }
    this.#begin(event, listener);
    const bytes = sizeOf(args);
    this.#mayWait = isUnlimited || this.#hasRoomFor(bytes);
    if (!this.#mayWait) return undefined;
    this.#count++;
    this.#bytes += bytes;
    this.#total.bytes += bytes;
    return { bytes };
  }

  /** Another event begins; at the latest, with the next turn. */
  #begin(event: EventName, listener: Listener): void {
    if (this.#listeners.length === 0) {
      queueMicrotask(() => {
        this.#event = undefined;
        this.#listeners.length = 0;
      });
    }
    this.#event = event;
    this.#listeners.length = 0;
    this.#listeners.push(listener);
  }

  /** An event waits no more. */
  leave({ bytes }: PendingEvent): void {
    this.#count--;
    this.#bytes -= bytes;
    this.#total.bytes -= bytes;
  }

  #hasRoomFor(bytes: number): boolean {
    // One event may wait however large it is: `maxHttpBufferSize` says what may come at all.
    return (
      this.#count < this.#limit &&
      (this.#bytes === 0 || this.#bytes + bytes <= mostOfSocket) &&
      (this.#total.bytes === 0 || this.#total.bytes + bytes <= mostInAll)
    );
  }
}

/**
 * About how many bytes an event takes with its data. What is nested is walked: its parser has taken
 * longer for it.
 */
export function sizeOf(args: readonly unknown[]): number {
  let bytes = bytesOfEvent;
  let nested: object[] | undefined;
  const add = (value: unknown): void => {
    bytes += 8;
    if (typeof value === 'string') bytes += value.length;
    else if (typeof value === 'object' && value !== null) {
      nested ??= [];
      nested.push(value);
    }
  };
  for (const arg of args) add(arg);
  for (let value = nested?.pop(); value !== undefined; value = nested?.pop()) {
    if (ArrayBuffer.isView(value)) bytes += value.byteLength;
    else if (Array.isArray(value)) for (const inner of value) add(inner);
    else {
      for (const key of Object.keys(value)) {
        bytes += key.length;
        add(Reflect.get(value, key));
      }
    }
  }
  return bytes;
}
