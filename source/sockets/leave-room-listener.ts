/**
 * @module Listens to adapters for sockets that leave rooms, and so for sockets that leave at all. A
 * listener on the socket itself could be removed, and would change the socket for others.
 */

import type { Namespace, Socket } from 'socket.io';

/** Told of one socket. */
export interface RoomMember {
  /** The socket has just left a room. */
  leftRoom(room: string): void;
}

/** Listens to adapters: once to each. */
export class LeaveRoomListener {
  readonly #members = new WeakMap<Socket, RoomMember>();
  readonly #listeners = new WeakMap<object, (room: string, id: string) => void>();

  /** Tells of a socket from now on. */
  add(raw: Socket, member: RoomMember): void {
    this.#members.set(raw, member);
    const { nsp: namespace } = raw;
    // An application may replace the adapter at any time.
    const { adapter } = namespace;
    if (this.#listeners.has(adapter)) return;
    const listener = (room: string, id: string): void => {
      const socket = namespace.sockets.get(id);
      if (socket) this.#members.get(socket)?.leftRoom(room);
    };
    this.#listeners.set(adapter, listener);
    adapter.on('leave-room', listener);
  }

  /** Stops listening to the adapter of a namespace. */
  close({ adapter }: Namespace): void {
    const listener = this.#listeners.get(adapter);
    if (listener) adapter.off('leave-room', listener);
    this.#listeners.delete(adapter);
  }
}
