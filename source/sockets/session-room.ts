/**
 * @module The room of a session's sockets. Knows how a session is named where others can read it: by
 * a hash, never by its id.
 */

import { createHash } from 'node:crypto';
import type { Socket } from 'socket.io';

/** A name that no application gives a room of its own. */
const pattern = /^expression\.socket\.io:[\w-]{43}$/;

/** The room of the sockets of a session. */
export function sessionRoom(sessionId: string): string {
  return `expression.socket.io:${createHash('sha256').update(sessionId).digest('base64url')}`;
}

/** The session's room that a socket is in, if any: connection state recovery brings it back. */
export function sessionRoomOf(raw: Socket): string | undefined {
  return [...raw.rooms].find((room) => pattern.test(room));
}

/** Whether Socket.IO may recover the connection: only then has a socket this private id. */
export function isRecoverable(raw: Socket): boolean {
  return Reflect.get(raw, 'pid') !== undefined;
}
