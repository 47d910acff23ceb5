/**
 * @module Hears that sockets leave rooms, and so that they leave at all: by their adapter, for a
 * listener on the socket itself could be removed, and would change it for others. Must not know what
 * a room means.
 */

import type { Namespace, Socket } from 'socket.io';

/** Hears of one socket. */
export interface RoomWatcher {
  /** The socket has just left a room. */
  left(room: string): void;
}

/** Listens to adapters: once to each. */
export class RoomWatch {
  readonly #watchers = new WeakMap<Socket, RoomWatcher>();
  readonly #listeners = new WeakMap<object, (room: string, id: string) => void>();

  /** Hears of a socket from now on. */
  watch(raw: Socket, watcher: RoomWatcher): void {
    this.#watchers.set(raw, watcher);
    const { nsp: namespace } = raw;
    // An application may put another adapter in its place at any time.
    const { adapter } = namespace;
    if (this.#listeners.has(adapter)) return;
    const listener = (room: string, id: string): void => {
      const socket = namespace.sockets.get(id);
      if (socket) this.#watchers.get(socket)?.left(room);
    };
    this.#listeners.set(adapter, listener);
    adapter.on('leave-room', listener);
  }

  /** Hears of a socket no more. */
  forget(raw: Socket): void {
    this.#watchers.delete(raw);
  }

  /** Takes the listener of a namespace's adapter away. */
  close({ adapter }: Namespace): void {
    const listener = this.#listeners.get(adapter);
    if (listener) adapter.off('leave-room', listener);
    this.#listeners.delete(adapter);
  }
}
