/**
 * @module Waits for the clients of a visitor who logs in: the library closes the connections of the
 * old session, and the clients reconnect.
 */

import type { Server } from 'socket.io';
import type { Socket } from 'socket.io-client';
import { sessionRoomsOf } from '../sockets/membership.js';

/** Whether a client is connected, and the end of its session disconnects it. */
export function hasSession(client: Socket, io: Pick<Server, 'of'>): boolean {
  if (!client.connected || client.id === undefined) return false;
  // The types of socket.io-client declare it as private.
  const namespace = io.of(String(Reflect.get(client, 'nsp')));
  const raw = namespace.sockets.get(client.id);
  return raw !== undefined && sessionRoomsOf(raw).length > 0;
}

/**
 * Waits until a client has reconnected, or does not try to.
 *
 * @param id the id of the client's connection that is about to be closed
 */
export function reconnected(client: Socket, id: string | undefined): Promise<void> {
  const events = ['connect', 'connect_error', 'disconnect'] as const;
  const isWaiting = (): boolean =>
    client.id === id || (!client.connected && client.active && client.io.reconnection());
  return new Promise((resolve) => {
    const check = (): void => {
      if (isWaiting()) return;
      for (const event of events) client.off(event, check);
      resolve();
    };
    for (const event of events) client.on(event, check);
    check();
  });
}
