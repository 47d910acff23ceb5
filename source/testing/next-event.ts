/**
 * @module Waits for an event, up to a time limit.
 */

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
