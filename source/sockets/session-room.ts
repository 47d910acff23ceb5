/**
 * @module The room of a session's sockets, which connection state recovery brings back. Knows it by
 * the session's mark; it is no book of who is there, for an application may leave it.
 */

import { randomUUID } from 'node:crypto';
import type { Socket } from 'socket.io';
import { markPattern } from '../session/session-mark.js';

/** The session's room that a socket is in, if any. */
export function sessionRoomOf(raw: Socket): string | undefined {
  return [...raw.rooms].find((room) => markPattern.test(room));
}

/** Whether Socket.IO may recover the connection: only then has a socket this private id. */
export function isRecoverable(raw: Socket): boolean {
  return Reflect.get(raw, 'pid') !== undefined;
}

/**
 * Lets nobody recover the connection: who comes back after a login comes as somebody else, and would
 * be put out with the session that the connection had.
 */
export function preventRecovery(raw: Socket): void {
  // Socket.IO keeps the state by this id, and the client asks for it by the one that it was given.
  if (isRecoverable(raw)) Reflect.set(raw, 'pid', randomUUID());
}
