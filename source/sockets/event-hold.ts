/**
 * @module Events that wait outside until their socket has been let in. Knows where Socket.IO hands
 * an event to a socket; must not know what the socket is waiting for.
 */

import type { Socket } from 'socket.io';
import { mostOfSocket, sizeOf } from './pending-events.js';

/** What Socket.IO calls with each event packet, as the first thing of all. */
type Receive = (packet: unknown) => void;

/** The events of one socket, and how many ask for them to be held. */
interface Hold {
  readonly packets: unknown[];
  readonly end: () => void;
  holders: number;
}

const holds = new WeakMap<Socket, Hold>();

/**
 * Holds a socket's events back until everyone who asked has let go; then they come in their order,
 * and as if they came only now: `onAny` and `use` of listeners added meanwhile see them as well.
 *
 * It takes the place of `onevent` for the time being; a middleware of the socket would come too late
 * for `onAny`, and could never be taken away.
 *
 * @param limit how many events may be held; with more, or with more than 16 MB, the transport is
 * closed, and the client comes back by itself
 * @returns lets go
 */
export function holdEvents(raw: Socket, limit: number): () => void {
  const hold = holds.get(raw) ?? begin(raw, limit);
  hold.holders++;
  return () => {
    hold.holders--;
    if (hold.holders > 0) return;
    holds.delete(raw);
    hold.end();
    // Each by itself: one that a listener throws on does not take the others along.
    for (const packet of hold.packets) {
      process.nextTick(() => Reflect.apply(receiveOf(raw), raw, [packet]));
    }
  };
}

function begin(raw: Socket, limit: number): Hold {
  const packets: unknown[] = [];
  const own = Object.getOwnPropertyDescriptor(raw, 'onevent');
  const receive = receiveOf(raw);
  let isOver = false;
  let bytes = 0;
  const keep: Receive = (packet) => {
    if (isOver) return Reflect.apply(receive, raw, [packet]);
    packets.push(packet);
    bytes += sizeOf([packet]);
    // One event may be held however large it is.
    const isTooLarge = packets.length > 1 && bytes > mostOfSocket;
    if (packets.length > limit || isTooLarge) raw.conn.close();
  };
  Reflect.defineProperty(raw, 'onevent', { value: keep, configurable: true, writable: true });
  const end = (): void => {
    isOver = true;
    // Another library may have put its own in front meanwhile, which passes on to `keep`.
    if (receiveOf(raw) !== keep) return;
    if (own) Reflect.defineProperty(raw, 'onevent', own);
    else Reflect.deleteProperty(raw, 'onevent');
  };
  const hold = { packets, end, holders: 0 };
  holds.set(raw, hold);
  return hold;
}

/** `onevent` is private in the types of Socket.IO, and has been there since its first version. */
function receiveOf(raw: Socket): Receive {
  return Reflect.get(raw, 'onevent') as unknown as Receive;
}
