/**
 * @module What a socket hears when its session ends: the reason, and how it is put out. Knows both of
 * its ends; must not know why the session ends.
 */

import type { Socket as Client } from 'socket.io-client';
import type { ExpressionSocketOptions } from '../../source/index.js';
import type { App, ClientSettings } from './app.js';
import { type AppSocket, pair } from './pair.js';

/** A connected socket whose end is taken down. */
export interface Watched {
  readonly client: Client;
  readonly socket: AppSocket;
  /** What the application is told on the server, in its order. */
  readonly told: string[];
  /** The reason of `sessionend`. */
  readonly ended: Promise<string>;
  /** Why the client was disconnected. */
  readonly left: Promise<string>;
}

/** Connects a client, and takes down how it ends. */
export async function watch<Options extends ExpressionSocketOptions>(
  app: App<Options>,
  settings: ClientSettings,
): Promise<Watched> {
  const { client, socket: typed } = await pair(app, settings);
  // The options decide only what listeners with a session are given.
  const socket = typed as unknown as AppSocket;
  const told: string[] = [];
  socket.on('disconnect', () => told.push('disconnect'));
  const ended = new Promise<string>((resolve) => {
    socket.on('sessionend', (reason) => {
      told.push(`sessionend: ${reason}`);
      resolve(reason);
    });
  });
  const left = new Promise<string>((resolve) => client.once('disconnect', resolve));
  return { client, socket, told, ended, left };
}

/** A round trip: what the server has sent before has arrived after it. */
export async function roundTrip({
  client,
  socket,
}: Pick<Watched, 'client' | 'socket'>): Promise<void> {
  socket.once('test:round trip', (ack: () => void) => ack());
  await client.emitWithAck('test:round trip');
}
