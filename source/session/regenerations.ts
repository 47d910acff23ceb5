/**
 * @module The regenerations in progress. The sockets of a regenerated session stay until the response
 * has been sent: after a login, the browser needs the new cookie before it reconnects.
 */

/** How long to wait for a response at most, in milliseconds. */
const longestResponse = 30_000;

/** How long to wait if the response cannot be found, in milliseconds. */
const usualResponse = 500;

/** A regeneration that is running. */
export interface Regeneration {
  /** Resolves when the response to its request has been sent. */
  readonly finished: Promise<void>;
  /** Whether the store was seen to remove the session. */
  isSeen: boolean;
}

/** The needed part of `http.ServerResponse`. */
interface Response {
  readonly closed?: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** The regenerations of one store. */
export class Regenerations {
  readonly #running = new Map<string, Regeneration>();

  /** Begins the regeneration of a request's session. */
  begin(sessionId: string, request: unknown): Regeneration {
    const regeneration = { finished: responseFinished(request), isSeen: false };
    this.#running.set(sessionId, regeneration);
    // The store may never answer.
    void regeneration.finished.then(() => this.end(sessionId, regeneration));
    return regeneration;
  }

  /** Ends a regeneration. */
  end(sessionId: string, regeneration: Regeneration): void {
    if (this.#running.get(sessionId) === regeneration) this.#running.delete(sessionId);
  }

  /** Notes that the store removes a session, and returns the regeneration that causes it; undefined for a logout. */
  markSeen(sessionId: string): Regeneration | undefined {
    const regeneration = this.#running.get(sessionId);
    if (regeneration) regeneration.isSeen = true;
    return regeneration;
  }
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
