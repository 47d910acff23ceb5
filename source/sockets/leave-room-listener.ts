/**
 * @module Listens to adapters for sockets that leave rooms, which a disconnected socket does, too. A
 * listener on the socket itself could be removed by the application, and would be visible to it.
 */

import type { Namespace, Socket } from 'socket.io';

/** Notified for one socket. */
export interface RoomMember {
  /** The socket has just left a room. */
  leftRoom(room: string): void;
}

/** One listener on each adapter. */
export class LeaveRoomListener {
  readonly #members = new WeakMap<Socket, RoomMember>();
  readonly #listeners = new WeakMap<object, (room: string, id: string) => void>();

  /** Notifies `member` of the rooms that a socket leaves. */
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
