/**
 * @module When a browser that has just logged in may be sent to connect anew: not before it has the
 * answer with its new cookie. Knows HTTP responses; must not know sockets.
 */

import { Deadlines } from '../deadlines.js';

/** A session's sockets end with it within a second, whatever the response is doing. */
const longest = new Deadlines(500);

/** A request does not tell its response everywhere: in Connect, it does not. */
const usual = new Deadlines(250);

/** What is needed of a response of Node.js. */
interface Response {
  once(event: 'close', listener: () => void): unknown;
}

/** Waits until the response to a request has left, or for less than a second. */
export function farewellOf(request: unknown): Promise<void> {
  const response: unknown = Reflect.get(Object(request), 'res');
  if (!isResponse(response)) return usual.pause();
  const left = new Promise<void>((resolve) => response.once('close', resolve));
  return Promise.race([left, longest.pause()]);
}

function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'once' in value && 'writableEnded' in value;
}
