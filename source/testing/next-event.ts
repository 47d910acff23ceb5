/**
 * @module Waits for an event of a client, but not for ever.
 */

/** What sends events: a client, or a socket of the server. */
export interface EventSource<Listener> {
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
}

/** How long to wait. */
export interface NextEventSettings {
  /**
   * In milliseconds. Below the time limit that most test frameworks have, so that the error names the
   * event.
   *
   * @default 1_500
   */
  readonly timeout?: number;
}

/**
 * Waits for the next event of this name. Ask before what brings it about.
 *
 * @param source a client, or whatever else has `on` and `off`
 * @param event its name, such as 'disconnect'
 * @returns a promise of its arguments
 * @throws {Error} by the promise: where it does not come in time
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
