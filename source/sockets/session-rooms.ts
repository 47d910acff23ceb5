/**
 * @module The rooms of sessions, to which messages to a session are sent: notices when a socket leaves
 * them, and hides them from a socket's `rooms`.
 */

import type { Namespace, Socket } from 'socket.io';
import { isSessionHash, sessionHashOf } from '../session/session-hash.js';

/** The rooms of sessions that a socket is in: one for each `ExpressionSocket` that gave it a session. */
export function sessionRoomsOf(raw: Socket): string[] {
  return [...raw.rooms].filter(isSessionHash);
}

/** Whether a socket is in the room of a session. */
export function isInSession(raw: Socket, sessionId: string): boolean {
  return raw.rooms.has(sessionHashOf(sessionId));
}

/** The membership of a socket in its session. */
interface RoomMember {
  leftRoom(room: string): void;
}

/**
 * Listens to adapters for sockets that leave rooms, as a disconnected socket does. A listener on the
 * socket itself could be removed by the application, and would be visible to it.
 */
export class LeaveRoomListener {
  readonly #memberOf: (raw: Socket) => RoomMember | undefined;
  readonly #listeners = new WeakMap<object, (room: string, id: string) => void>();

  /** @param memberOf finds what is called when a socket leaves a room */
  constructor(memberOf: (raw: Socket) => RoomMember | undefined) {
    this.#memberOf = memberOf;
  }

  /** Listens to the adapter of a socket. */
  add({ nsp: namespace }: Socket): void {
    // An application may replace the adapter at any time.
    const { adapter } = namespace;
    if (this.#listeners.has(adapter)) return;
    const listener = (room: string, id: string): void => {
      const socket = namespace.sockets.get(id);
      if (socket) this.#memberOf(socket)?.leftRoom(room);
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

/** The copy of each of Socket.IO's sets, and the set that each copy was made from. */
const copies = new WeakMap<Set<string>, Set<string>>();
const originals = new WeakMap<Set<string>, Set<string>>();

/** The methods that change a set: they run on Socket.IO's own. */
const changing: ReadonlySet<PropertyKey> = new Set(['add', 'delete', 'clear']);

/** The methods of every copy. Those of a subclass would keep it from being deeply equal to a `Set`. */
const methods = methodsOfCopies();

/**
 * The set to show as the `rooms` of a socket, without those of sessions: sending to all rooms of a
 * socket must not reach the visitor's other sockets. As Socket.IO's own, it shows later changes, too.
 */
export function visibleRooms(rooms: unknown): unknown {
  if (!(rooms instanceof Set)) return rooms;
  let copy = copies.get(rooms);
  if (copy === undefined) {
    copy = Object.defineProperties(new Set<string>(), methods);
    copies.set(rooms, copy);
    originals.set(copy, rooms);
  }
  update(copy, rooms);
  return copy;
}

function update(copy: Set<string>, rooms: ReadonlySet<string>): void {
  const { add, delete: remove, values } = Set.prototype;
  for (const room of values.call(copy)) if (!rooms.has(room)) remove.call(copy, room);
  for (const room of rooms) if (!isSessionHash(room)) add.call(copy, room);
}

/** The methods of sets, which bring a copy up to date first. */
function methodsOfCopies(): PropertyDescriptorMap {
  const own: [PropertyKey, PropertyDescriptor][] = [];
  for (const key of Reflect.ownKeys(Set.prototype)) {
    const { value, get } = Reflect.getOwnPropertyDescriptor(Set.prototype, key) ?? {};
    const method: unknown = value ?? get;
    if (key === 'constructor' || typeof method !== 'function') continue;
    const run = function (this: Set<string>, ...args: unknown[]): unknown {
      const rooms = originals.get(this) ?? this;
      if (rooms !== this) update(this, rooms);
      const result: unknown = Reflect.apply(method, changing.has(key) ? rooms : this, args);
      return result === rooms ? this : result;
    };
    own.push([key, get ? { get: run } : { value: run }]);
  }
  return Object.fromEntries(own);
}
