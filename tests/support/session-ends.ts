/**
 * @module Connects a client and records how it ends with its session, on both sides.
 */

import type { Socket as RawSocket } from 'socket.io';
import type { Socket as Client } from 'socket.io-client';
import type { ExpressionSocketOptions } from '../../source/index.js';
import type { App, ClientSettings } from './app.js';
import { type AppSocket, pair } from './pair.js';

/** A connected socket whose end is recorded. */
export interface Watched {
  readonly client: Client;
  readonly raw: RawSocket;
  readonly socket: AppSocket;
  /** The events of the end on the server, in their order. */
  readonly told: string[];
  /** The reason of `sessionend`. */
  readonly ended: Promise<string>;
  /** Why the client was disconnected. */
  readonly left: Promise<string>;
}

/** Connects a client, and records how it ends. */
export async function watch<Options extends ExpressionSocketOptions>(
  app: App<Options>,
  settings: ClientSettings,
): Promise<Watched> {
  const { client, raw, socket: typed } = await pair(app, settings);
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
  return { client, raw, socket, told, ended, left };
}

/**
 * Waits for the session of a socket to end; tells whether the socket is disconnected within a second
 * after that. A process that is busy calls its timers late, but in their order.
 */
export function leavesInTime({ raw, socket }: Watched): Promise<boolean> {
  return new Promise((resolve) => {
    raw.once('disconnect', () => resolve(true));
    socket.once('sessionend', () => setTimeout(resolve, 1_000, false));
  });
}
