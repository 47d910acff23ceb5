/**
 * @module Buffers the events of a socket until it is admitted. The limits of size are those of the events
 * that wait for their session.
 */

import { AsyncResource } from 'node:async_hooks';
import type { Socket } from 'socket.io';
import { forgetCounted, sizeOf } from '../data-size.js';
import { eventSize, type PendingTotal, socketLimit, totalLimit } from './pending-events.js';

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
