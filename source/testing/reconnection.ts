/**
 * @module Waits for the clients of a visitor who logs in: the library closes the connections of the
 * old session, and the clients reconnect.
 */

import type { Server } from 'socket.io';
import type { Socket } from 'socket.io-client';
import { isInSession } from '../sockets/session-rooms.js';

/** A connection of a client; when it reconnects, it has another id. */
export interface Connection {
  readonly client: Socket;
  readonly id: string;
}

/** The connections of clients that belong to a session. */
export function connectionsOf(
  sessionId: string,
  clients: readonly Socket[],
  io: Pick<Server, '_nsps'>,
): Connection[] {
  return clients.flatMap((client) => {
    const { id = '' } = client;
    // The types of socket.io-client declare `nsp` as private.
    const raw = io._nsps.get(String(Reflect.get(client, 'nsp')))?.sockets.get(id);
    return raw && isInSession(raw, sessionId) ? [{ client, id }] : [];
  });
}

/** Waits until the client of a connection that is about to be closed has reconnected, or gives up. */
export function reconnected({ client, id }: Connection): Promise<void> {
  const { io: manager } = client;
  const events = ['connect', 'connect_error', 'disconnect'] as const;
  const isWaiting = (): boolean =>
    client.id === id || (!client.connected && client.active && manager.reconnection());
  return new Promise((resolve) => {
    const finish = (): void => {
      for (const event of events) client.off(event, check);
      manager.off('reconnect_failed', finish);
      resolve();
    };
    const check = (): void => {
      if (!isWaiting()) finish();
    };
    for (const event of events) client.on(event, check);
    manager.on('reconnect_failed', finish);
    check();
  });
}
