/**
 * @module The events of a socket that wait: for their session, and before that for the socket to be
 * admitted. Both are limited by number and by size.
 */

import { AsyncResource } from 'node:async_hooks';
import type { Socket } from 'socket.io';
import { forgetCounted, sizeOf } from '../data-size.js';
import { SessionError } from '../errors.js';
import type { EventName, Listener } from './listener-links.js';

/** The limits of the pending events of one socket, and of all sockets, in bytes. */
export const socketLimit = 16_000_000;
const totalLimit = 256_000_000;

/** The size of a pending event without its data, in bytes: promises, closures and lists. */
const eventSize = 400;

/** The size of the pending events of all sockets, in bytes. */
export interface PendingTotal {
  bytes: number;
}

/** Counts events: each once, however many listeners it has. */
export class PendingEvents {
  readonly #limit: number;
  readonly #total: PendingTotal;
  #count = 0;
  #bytes = 0;
  /** The latest event, the listeners that it was received for, and whether it may wait. */
  #event: EventName | undefined;
  readonly #listeners: Listener[] = [];
  #mayWait = true;

  constructor(limit: number, total: PendingTotal) {
    this.#limit = limit;
    this.#total = total;
  }

  /**
   * Counts an event that arrived for a listener.
   *
   * @param isUnlimited whether it may wait even beyond the limits
   * @returns its size in bytes for its first listener, 0 for a further one, or undefined if the event
   * may not wait
   */
  enter(
    event: EventName,
    listener: Listener,
    { args, isUnlimited }: { readonly args: readonly unknown[]; readonly isUnlimited: boolean },
  ): number | undefined {
    // The listeners of one event are called in a row, so a new name or a known listener is a new event.
    const isFirst = event !== this.#event || this.#listeners.includes(listener);
    if (!isFirst) {
      this.#listeners.push(listener);
      return this.#mayWait ? 0 : undefined;
    }
    this.#begin(event, listener);
    const memory: ArrayBufferLike[] = [];
    const bytes = eventSize + sizeOf(args, memory);
    this.#mayWait = isUnlimited || this.#hasRoomFor(bytes);
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
  overload(): SessionError {
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

/** The method that Socket.IO calls first with each event packet. */
type Receive = (packet: unknown) => void;

/** The buffered events of one socket, and how many callers use the buffer. */
interface EventBuffer {
  /** Delivers each buffered event. */
  readonly deliveries: (() => void)[];
  readonly end: () => void;
  users: number;
}

const buffers = new WeakMap<Socket, EventBuffer>();

/** The size of the buffered events of all sockets. */
const buffered: PendingTotal = { bytes: 0 };

/**
 * Buffers a socket's events until every caller has released them. They are then delivered in their
 * order, as if they had just arrived, also to `onAny` and `use` listeners that were added meanwhile.
 *
 * It replaces `onevent` for that time: a middleware of the socket would run too late for `onAny`, and
 * could not be removed.
 *
 * @param limit how many events are buffered; beyond it, or beyond 16 MB or 256 MB in all, the transport
 * is closed, and the client reconnects by itself
 * @returns releases the events
 */
export function bufferEvents(raw: Socket, limit: number): () => void {
  const buffer = buffers.get(raw) ?? begin(raw, limit);
  buffer.users++;
  return () => {
    buffer.users--;
    if (buffer.users > 0) return;
    buffers.delete(raw);
    buffer.end();
    // Each in a turn of its own: a listener that throws does not stop the others.
    for (const deliver of buffer.deliveries) process.nextTick(deliver);
  };
}

function begin(raw: Socket, limit: number): EventBuffer {
  const deliveries: (() => void)[] = [];
  const own = Object.getOwnPropertyDescriptor(raw, 'onevent');
  const receive = receiveOf(raw);
  const memory: ArrayBufferLike[] = [];
  let isOver = false;
  let bytes = 0;
  const push: Receive = (packet) => {
    if (isOver) return Reflect.apply(receive, raw, [packet]);
    // A function that replaced `push` has seen the event already.
    const isSeen = receiveOf(raw) !== push;
    const deliver = (): void => Reflect.apply(isSeen ? receive : receiveOf(raw), raw, [packet]);
    // Listeners run in the asynchronous context of their event.
    deliveries.push(AsyncResource.bind(deliver));
    const size = eventSize + sizeOf([packet], memory);
    bytes += size;
    buffered.bytes += size;
    // One event may be buffered however large it is.
    const isTooLarge =
      (deliveries.length > 1 && bytes > socketLimit) ||
      (buffered.bytes > size && buffered.bytes > totalLimit);
    if (deliveries.length > limit || isTooLarge) raw.conn.close();
  };
  Reflect.defineProperty(raw, 'onevent', { value: push, configurable: true, writable: true });
  const end = (): void => {
    isOver = true;
    buffered.bytes -= bytes;
    // The events are counted again, as pending ones.
    forgetCounted(memory);
    // Another library may have replaced `onevent` meanwhile by a function that calls `push`.
    if (receiveOf(raw) !== push) return;
    if (own) Reflect.defineProperty(raw, 'onevent', own);
    else Reflect.deleteProperty(raw, 'onevent');
  };
  const buffer = { deliveries, end, users: 0 };
  buffers.set(raw, buffer);
  return buffer;
}

/** `onevent` is private in the types of Socket.IO; it has existed since the first version. */
function receiveOf(raw: Socket): Receive {
  return Reflect.get(raw, 'onevent') as unknown as Receive;
}
