/**
 * @module When the response to an HTTP request has left: a browser that has just logged in needs the
 * new cookie before it connects anew.
 */

/** The longest that anybody waits for a response, in milliseconds. */
const longest = 30_000;

/** How long to wait where the response cannot be found, in milliseconds. */
const usual = 500;

/** What is needed of a response of Node.js. */
interface Response {
  readonly closed?: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** Waits until the response to a request has left, or its connection was closed. */
export async function responseFinished(request: unknown): Promise<void> {
  const response = responseTo(request);
  if (response?.closed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, response ? longest : usual).unref();
    response?.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Express leaves the response on the request. In Connect, only Node.js knows it. */
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
