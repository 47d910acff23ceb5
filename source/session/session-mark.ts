/**
 * @module How a session is named where others can read it, other nodes and room lists: by a hash,
 * never by its id.
 */

import { createHash } from 'node:crypto';

/** The mark of a session: no application gives a room of its own such a name. */
export function markOf(sessionId: string): string {
  return `expression.socket.io:${createHash('sha256').update(sessionId).digest('base64url')}`;
}

/** What a mark looks like. */
export const markPattern: RegExp = /^expression\.socket\.io:[\w-]{43}$/;
