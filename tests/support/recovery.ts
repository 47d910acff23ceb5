/**
 * @module Connection state recovery: clients whose connection is lost, and recovered.
 */

import { once } from 'node:events';
import type { ServerOptions, Socket } from 'socket.io';
import type { Socket as Client } from 'socket.io-client';
import { type App, connected, received } from './app.js';

/** The option that switches recovery on. */
export const recovering: Partial<ServerOptions> = { connectionStateRecovery: {} };

/**
 * Closes a client's connection; Socket.IO keeps its state. A client that was never sent anything has
 * nothing to recover, so it is sent something first.
 */
export async function loseConnection(client: Client, raw: Socket): Promise<void> {
  const something = received(client, 'test:something');
  raw.emit('test:something');
  await something;
  const left = once(raw, 'disconnect');
  client.io.engine.close();
  await left;
}

/** Connects a client again that has lost its connection. */
export async function reconnect(client: Client): Promise<void> {
  client.connect();
  await connected(client);
}

/** Waits until so many packets of the next client that connects have arrived at the server. */
export function packets({ io }: Pick<App, 'io'>, count: number): Promise<void> {
  return new Promise((resolve) => {
    io.prependOnceListener('connection', (raw: Socket) => {
      const { _onpacket } = raw;
      let left = count;
      raw._onpacket = (packet) => {
        Reflect.apply(_onpacket, raw, [packet]);
        left--;
        if (left === 0) resolve();
      };
    });
  });
}

/** Waits until a client is disconnected; returns the reason. */
export async function disconnection(client: Client): Promise<string> {
  const [reason] = await received(client, 'disconnect');
  return String(reason);
}
