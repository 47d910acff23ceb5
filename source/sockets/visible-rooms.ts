/**
 * @module The rooms of a socket without those of sessions: sending to all rooms of a socket must not
 * reach the visitor's other sockets.
 */

import { isSessionHash } from '../session/session-hash.js';

/** The copies of Socket.IO's own sets, and the other way round. */
const copies = new WeakMap<Set<string>, Set<string>>();
const originals = new WeakMap<Set<string>, Set<string>>();

/** The methods that change a set: they run on Socket.IO's own. */
const changing: ReadonlySet<PropertyKey> = new Set(['add', 'delete', 'clear']);

/** The methods of every copy. As its own properties they leave it equal to any set of these rooms. */
const methods = methodsOfCopies();

/** The set to show as the `rooms` of a socket. As Socket.IO's own, it shows later changes, too. */
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
