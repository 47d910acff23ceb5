/**
 * @module Waits until the response to an HTTP request has been sent: after a login, the browser needs
 * the new cookie before it reconnects.
 */

/** How long a response is waited for at most, in milliseconds. */
const longestResponse = 30_000;

/** How long to wait if the response cannot be found, in milliseconds. */
const usualResponse = 500;

/** The needed part of `http.ServerResponse`. */
interface Response {
  readonly closed?: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** Resolves when the response to a request has been sent, or its connection was closed. */
export async function responseFinished(request: unknown): Promise<void> {
  const response = responseTo(request);
  if (response?.closed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, response ? longestResponse : usualResponse).unref();
    response?.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Express has the response on the request. With Connect, only Node.js knows it. */
function responseTo(request: unknown): Response | undefined {
  const own: unknown = Reflect.get(Object(request), 'res');
  if (isResponse(own)) return own;
  const socket: unknown = Reflect.get(Object(request), 'socket');
  const current: unknown = Reflect.get(Object(socket), '_httpMessage');
  return isResponse(current) && Reflect.get(current, 'req') === request ? current : undefined;
}

function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'once' in value && 'writableEnded' in value;
}
