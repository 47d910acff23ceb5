/**
 * @module The HTTP request that opened a connection. A WebTransport connection has none.
 */

import { IncomingMessage } from 'node:http';
import { Socket as NetSocket } from 'node:net';
import type { Socket } from 'socket.io';

/** The empty requests, by their connections. */
const emptyRequests = new WeakMap<object, IncomingMessage>();

/**
 * The request that opened the connection of a raw socket; for WebTransport, an empty one. All
 * namespaces of a connection share it.
 */
export function requestOf({ conn, request }: Pick<Socket, 'conn' | 'request'>): IncomingMessage {
  // The types of Socket.IO do not tell that it may be null.
  const known: IncomingMessage | null | undefined = request ?? emptyRequests.get(conn);
  if (known) return known;
  const empty = new IncomingMessage(new NetSocket());
  emptyRequests.set(conn, empty);
  return empty;
}
