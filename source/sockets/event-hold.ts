/**
 * @module Events that wait outside until their socket has been let in. Knows where Socket.IO hands
 * an event to a socket; must not know what the socket is waiting for.
 */

import type { Socket } from 'socket.io';

/** What Socket.IO calls with each event packet, as the first thing of all. */
interface EventReceiver {
  onevent(packet: unknown): void;
}

/** The events of one socket, and how many ask for them to be held. */
interface Hold {
  readonly packets: unknown[];
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
 * @param limit how many events may be held; with more, the transport is closed, and the client comes
 * back by itself
 * @returns lets go
 */
export function holdEvents(raw: Socket, limit: number): () => void {
  const hold = holds.get(raw) ?? begin(raw, limit);
  hold.holders++;
  return () => {
    hold.holders--;
    if (hold.holders === 0) end(raw, hold);
  };
}

function begin(raw: Socket, limit: number): Hold {
  const hold: Hold = { packets: [], holders: 0 };
  holds.set(raw, hold);
  receiverOf(raw).onevent = (packet) => {
    hold.packets.push(packet);
    if (hold.packets.length > limit) raw.conn.close();
  };
  return hold;
}

function end(raw: Socket, { packets }: Hold): void {
  holds.delete(raw);
  const receiver = receiverOf(raw);
  Reflect.deleteProperty(receiver, 'onevent');
  for (const packet of packets) receiver.onevent(packet);
}

/** `onevent` is private in the types of Socket.IO, and has been there since its first version. */
function receiverOf(raw: Socket): EventReceiver {
  return raw as unknown as EventReceiver;
}
