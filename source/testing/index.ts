/**
 * @module The entry point `expression.socket.io/testing`: a server for an application's own tests, and
 * a way to wait for events.
 */

import { once } from 'node:events';
import type { Store } from 'express-session';
import type { DefaultEventsMap, EventsMap } from '../types/listeners.js';
import type { ExpressionSocketOptions } from '../types/options.js';
import { TestServer, type TestServerSettings } from './test-server.js';
import type { TestStore } from './test-store.js';

export type { RequestHandler, SessionRequest, Visit } from './session-site.js';
export type { ClientSettings, TestServer, TestServerSettings } from './test-server.js';
export { type StoreOperation, TestStore } from './test-store.js';

/**
 * Starts a server for tests.
 *
 * @throws {TypeError} by the promise: if an option of `ExpressionSocket` is wrong
 *
 * @example
 * const server = await startTestServer({
 *   setUp: ({ expressionIO }) => registerVotes(expressionIO),
 * });
 * const client = await server.connect({ session: { user: 'Ann' } });
 * await client.emitWithAck('vote', 'tea');
 * console.log(await server.session(client)); // { user: 'Ann', vote: 'tea', cookie: … }
 * await server.stop();
 */
export async function startTestServer<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = unknown,
  const Options extends ExpressionSocketOptions = Record<never, never>,
  SessionStore extends Store = TestStore,
>(
  settings: TestServerSettings<
    ListenEvents,
    EmitEvents,
    ServerSideEvents,
    SocketData,
    Options,
    SessionStore
  > = {},
): Promise<
  TestServer<ListenEvents, EmitEvents, ServerSideEvents, SocketData, Options, SessionStore>
> {
  const server = new TestServer(settings);
  try {
    await settings.setUp?.(server);
    server.http.listen(0, '127.0.0.1');
    await once(server.http, 'listening');
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** A source of events: a client, or a socket of the server. */
export interface EventSource<Listener> {
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
}

/** How long to wait. */
export interface NextEventSettings {
  /**
   * The time limit in milliseconds. The default is below that of most test frameworks, so that the
   * error names the event.
   *
   * @default 1_500
   */
  readonly timeout?: number;
}

/**
 * Waits for the next event of a name. Call it before the action that causes the event.
 *
 * @param source a client, or any other object with `on` and `off`
 * @param event the name of the event, such as 'disconnect'
 * @returns a promise of its arguments
 * @throws {Error} by the promise: if the event does not come in time
 *
 * @example
 * const disconnected = nextEvent(client, 'disconnect');
 * await server.logout(client);
 * const [reason] = await disconnected;
 */
export function nextEvent<Args extends unknown[] = unknown[]>(
  source: EventSource<(...args: Args) => void>,
  event: string,
  { timeout = 1_500 }: NextEventSettings = {},
): Promise<Args> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      source.off(event, listener);
      reject(
        new Error(`Expected the event \`${event}\` within ${timeout} ms, but it did not come`),
      );
    }, timeout);
    const listener = (...args: Args): void => {
      clearTimeout(timer);
      source.off(event, listener);
      resolve(args);
    };
    source.on(event, listener);
  });
}
