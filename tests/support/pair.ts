/**
 * @module A client and its socket on the server, raw and prototyped.
 */

import { once } from 'node:events';
import type { Namespace, Socket } from 'socket.io';
import type { Socket as Client } from 'socket.io-client';
import type {
  DefaultEventsMap,
  ExpressionSocketOptions,
  SessionSocket,
} from '../../source/index.js';
import type { App, ClientSettings } from './app.js';

/** The prototyped socket of an application with these options. */
export type AppSocket<Options extends ExpressionSocketOptions = Record<never, never>> =
  SessionSocket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, unknown, Options>;

/** The two ends of a connection. */
export interface Pair<Options extends ExpressionSocketOptions = Record<never, never>> {
  readonly client: Client;
  /** Socket.IO's socket. */
  readonly raw: Socket;
  /** The socket that the `connection` listener got. */
  readonly socket: AppSocket<Options>;
}

/** The part of a wrapper that does not depend on the options. */
type ConnectionEmitter = Record<
  'on' | 'off',
  (event: 'connection', listener: (...args: unknown[]) => void) => unknown
>;

/** Connects a client, and returns it with its sockets on the server. */
export async function pair<Options extends ExpressionSocketOptions>(
  app: App<Options>,
  settings: ClientSettings = {},
): Promise<Pair<Options>> {
  const namespace: Namespace = app.io.of(settings.namespace ?? '/');
  // The options decide only what comes ahead of the socket, which is the last of the arguments.
  const wrapper = app.expressionIO.of(namespace) as unknown as ConnectionEmitter;
  const sockets = new Map<string | undefined, Socket>();
  const remember = (...args: unknown[]): void => {
    const socket = args.at(-1) as Socket;
    sockets.set(socket.id, socket);
  };
  wrapper.on('connection', remember);
  const client = await app.connect(settings);
  wrapper.off('connection', remember);

  const socket = sockets.get(client.id);
  const raw = namespace.sockets.get(client.id ?? '');
  if (!socket || !raw) throw new Error('the client was not announced');
  return { client, raw, socket: socket as unknown as AppSocket<Options> };
}

/** Waits until a volatile message to the client would be sent and not dropped. */
export async function writable({ conn }: Socket): Promise<void> {
  while (!conn.transport.writable) await once(conn.transport, 'ready');
}
