/**
 * @module Waits for a condition, and for everything that was sent to arrive, without fixed sleeps.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { Socket as Client } from 'socket.io-client';

/** Below mocha's own timeout, whose message does not say what was awaited. */
const longestWait = 45_000;

/** The real time, also where a test has stopped the clock. */
const now = performance.now.bind(performance);

/**
 * Waits until a condition is true.
 *
 * @param condition may be asynchronous
 * @throws {Error} with the source of the condition, where it stays false
 */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const startedAt = now();
  while (!(await condition())) {
    if (now() - startedAt > longestWait) {
      throw new Error(`Still false after ${longestWait} ms: ${condition}`);
    }
    await pause(1);
  }
}

/**
 * Waits until the server has handled everything that the client has sent, and the client has received
 * everything that the server has sent before that.
 *
 * @param socket the prototyped socket, to wait for listeners with a session as well; the raw one, to
 * read no session
 */
export async function barrier(client: Client, socket: object): Promise<void> {
  const method: unknown = Reflect.get(socket, 'sessOnce' in socket ? 'sessOnce' : 'once');
  const acknowledge = (...args: unknown[]): void => {
    // Behind the session, where there is one.
    const ack = args.at(-1) as () => void;
    ack();
  };
  Reflect.apply(method as () => void, socket, ['test:barrier', acknowledge]);
  await client.emitWithAck('test:barrier');
}
