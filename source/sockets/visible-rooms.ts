/**
 * @module The rooms of a socket without those of sessions: sending to all rooms of a socket must not
 * reach the visitor's other sockets.
 */

import { isSessionHash } from '../session/session-hash.js';

/** A copy of a set of rooms. */
interface VisibleRooms {
  readonly copy: Set<string>;
  /** Brings the copy up to date. */
  readonly update: () => void;
}

/** The copies, by Socket.IO's own sets. */
const known = new WeakMap<Set<string>, VisibleRooms>();

/** The methods that change a set: they run on Socket.IO's own. */
const changing: ReadonlySet<PropertyKey> = new Set(['add', 'delete', 'clear']);

/** The set to show as the `rooms` of a socket. As Socket.IO's own, it shows later changes, too. */
export function visibleRooms(rooms: unknown): unknown {
  if (!(rooms instanceof Set)) return rooms;
  let visible = known.get(rooms);
  if (visible === undefined) {
    if (![...rooms].some(isSessionHash)) return rooms;
    visible = visibleRoomsOf(rooms);
    known.set(rooms, visible);
  }
  visible.update();
  return visible.copy;
}

/** Makes a copy whose methods bring it up to date first. */
function visibleRoomsOf(rooms: Set<string>): VisibleRooms {
  const copy = new Set<string>();
  const { add, delete: remove, values } = Set.prototype;
  const update = (): void => {
    for (const room of values.call(copy)) if (!rooms.has(room)) remove.call(copy, room);
    for (const room of rooms) if (!isSessionHash(room)) add.call(copy, room);
  };
  for (const key of Reflect.ownKeys(Set.prototype)) {
    const { value, get } = Reflect.getOwnPropertyDescriptor(Set.prototype, key) ?? {};
    const method: unknown = value ?? get;
    if (key === 'constructor' || typeof method !== 'function') continue;
    const target = changing.has(key) ? rooms : copy;
    const run = (...args: unknown[]): unknown => {
      update();
      const result: unknown = Reflect.apply(method, target, args);
      return result === rooms ? copy : result;
    };
    Reflect.defineProperty(copy, key, get ? { get: run } : { value: run });
  }
  return { copy, update };
}
