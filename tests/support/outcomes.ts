/**
 * @module Waits for the outcome of a connection or a promise.
 */

import type { Socket as Client } from 'socket.io-client';
import type {
  ExpressionSocketOptions,
  SessionError,
  SessionSocket,
  SocketSession,
} from '../../source/index.js';
import type { App, ClientSettings } from './app.js';

/** What a listener without `autoErrManager` is told first. */
export interface Outcome {
  readonly err: SessionError | null;
  readonly session: SocketSession | null;
}

/** A client that was announced. */
export interface Arrival extends Outcome {
  readonly client: Client;
  readonly socket: SessionSocket;
}

/** Connects a client, and waits for the `connection` listener to be told of it. */
export function arrive(
  app: App<ExpressionSocketOptions>,
  settings: ClientSettings = {},
): Promise<Arrival> {
  const { sockets } = (app as App).expressionIO;
  return new Promise((resolve, reject) => {
    sockets.on('connection', function announced(err, session, socket) {
      sockets.off('connection', announced);
      resolve({ err, session, socket, client });
    });
    const client = app.client(settings);
    client.once('connect_error', reject);
  });
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('the promise was fulfilled');
}
