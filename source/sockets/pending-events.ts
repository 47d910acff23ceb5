/**
 * @module Limits the events of a socket that wait for their session, by number and by size.
 */

import { forgetCounted, sizeOf } from '../data-size.js';
import { SessionError } from '../errors.js';
import type { EventName, Listener } from './listener-links.js';

/** The largest size of the waiting events of one socket, and of all sockets, in bytes. */
export const socketLimit = 16_000_000;
export const totalLimit = 256_000_000;

/** The size of a waiting event without its data, in bytes: promises, closures and lists. */
export const eventSize = 400;

/** The size of the waiting events of all sockets, in bytes. */
export interface PendingTotal {
  bytes: number;
}

const turn = Promise.resolve();

/** Counts events: each once, however many listeners it has. */
export class PendingEvents {
  readonly #limit: number;
  readonly #total: PendingTotal;
  #count = 0;
  #bytes = 0;
  /** The latest event, the listeners that it was received for, and whether it may wait. */
  #event: EventName | undefined;
  #listeners: Listener[] = [];
  #mayWait = true;
  #willEnd = false;

  constructor(limit: number, total: PendingTotal) {
    this.#limit = limit;
    this.#total = total;
  }

  /**
   * Counts an event that arrived for a listener.
   *
   * @returns its size in bytes for its first listener, 0 for a further one, or undefined if the event
   * may not wait, and is not counted
   */
  enter(event: EventName, listener: Listener, args: readonly unknown[]): number | undefined {
    // The listeners of one event are called in a row, so a new name or a known listener is a new event.
    const isFirst = event !== this.#event || this.#listeners.includes(listener);
    if (!isFirst) {
      this.#listeners.push(listener);
      return this.#mayWait ? 0 : undefined;
    }
    this.#begin(event, listener);
    const memory: ArrayBufferLike[] = [];
    const bytes = eventSize + sizeOf(args, memory);
    this.#mayWait = this.#hasRoomFor(bytes);
    if (!this.#mayWait) {
      forgetCounted(memory);
      return undefined;
    }
    this.#count++;
    this.#bytes += bytes;
    this.#total.bytes += bytes;
    return bytes;
  }

  /** Begins a new event, which ends with this turn at the latest. */
  #begin(event: EventName, listener: Listener): void {
    this.#event = event;
    this.#listeners = [listener];
    if (this.#willEnd) return;
    this.#willEnd = true;
    // Costs less than `queueMicrotask`, which makes an asynchronous resource.
    void turn.then(this.#end);
  }

  readonly #end = (): void => {
    this.#willEnd = false;
    this.#event = undefined;
    this.#listeners = [];
  };

  /**
   * An event no longer waits for one of its listeners.
   *
   * @param bytes what `enter` returned for that listener
   */
  leave(bytes: number): void {
    if (bytes === 0) return;
    this.#count--;
    this.#bytes -= bytes;
    this.#total.bytes -= bytes;
  }

  /** The error for an event that may not wait. */
  overloadError(): SessionError {
    return new SessionError(
      'ERR_SESSION_OVERLOAD',
      `Too many events of this socket are waiting for their session: the store is slow, or the client sends too fast; the limits are ${this.#limit} events (\`maxPending\`), 16 MB per socket, and 256 MB in total`,
    );
  }

  #hasRoomFor(bytes: number): boolean {
    // A single event may wait whatever its size, which `maxHttpBufferSize` limits.
    return (
      this.#count < this.#limit &&
      (this.#bytes === 0 || this.#bytes + bytes <= socketLimit) &&
      (this.#total.bytes === 0 || this.#total.bytes + bytes <= totalLimit)
    );
  }
}
