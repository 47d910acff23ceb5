/**
 * @module The HTTP pages of a test server: real requests through the real express-session, in which a
 * test changes the session as a login, a logout or any other page would.
 */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import session, { type Session, type SessionData, type SessionOptions } from 'express-session';

/** An HTTP request of a visitor, as handlers after express-session get it. */
export interface SessionRequest extends IncomingMessage {
  readonly session: Session & Partial<SessionData>;
  readonly sessionID: string;
}

/** A handler of HTTP requests: an Express or Connect application, a router, or a function. */
export type RequestHandler = {
  // The type of a method, since only those accept a narrower request, such as Express's.
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): unknown;
}['handle'];

/** A visitor with the cookie that was set last, as a browser keeps it. */
export class Visitor {
  /** The id of the visitor's current or last session. */
  sessionId: string | undefined;
  #cookie: string | undefined;
  readonly #headers: Record<string, string>[] = [];

  get cookie(): string | undefined {
    return this.#cookie;
  }

  set cookie(cookie: string) {
    this.#cookie = cookie;
    for (const headers of this.#headers) headers.cookie = cookie;
  }

  /** Makes headers with the visitor's cookie, which are updated when another cookie is set. */
  headers(others: Readonly<Record<string, string>> = {}): Record<string, string> {
    const headers = { ...others, ...(this.#cookie === undefined ? {} : { cookie: this.#cookie }) };
    this.#headers.push(headers);
    return headers;
  }
}

/** A function that is called with an HTTP request of the visitor. */
export type Visit<Result> = (request: SessionRequest) => Result | Promise<Result>;

/** Handles the request of a visit. */
type PendingVisit = (request: IncomingMessage, response: ServerResponse) => void;

/** The path of visits, which no page of an application has. */
const prefix = '/expression.socket.io/testing/';

/** Answers requests: visits by their functions, all others by the handlers. */
export class SessionPages {
  readonly #pages: RequestHandler;
  readonly #visits: RequestHandler;
  readonly #handlers: RequestHandler[] = [];
  readonly #pending = new Map<string, PendingVisit>();

  /** @param options those of express-session */
  constructor(options: SessionOptions) {
    // Its types require the request and response of Express, but it takes those of Node.js.
    this.#pages = session(options) as unknown as RequestHandler;
    // Stores the session of a visitor even if it is empty.
    const saveUninitialized = true;
    this.#visits = session({ ...options, saveUninitialized }) as unknown as RequestHandler;
  }

  /** Adds a handler after express-session. The handlers are called in their order. */
  use(handler: RequestHandler): void {
    this.#handlers.push(handler);
  }

  /** Answers a request. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const { url = '' } = request;
    if (url.startsWith(prefix)) this.#pending.get(url.slice(prefix.length))?.(request, response);
    else this.#ask([this.#pages, ...this.#handlers], request, response);
  }

  /**
   * Calls a function with an HTTP request of a visitor, and keeps the cookie that is set.
   *
   * @param url the address of the server
   * @returns what `visit` returned, once the response has arrived
   */
  async visit<Result>(url: string, visitor: Visitor, visit: Visit<Result>): Promise<Result> {
    const key = randomUUID();
    const result = new Promise<Result>((resolve, reject) => {
      this.#pending.set(key, (request, response) => {
        // express-session calls this again if it could not save.
        this.#visits(request, response, (error) => {
          if (error) reject(error);
          // express-session has added the session to the request.
          const visited = request as SessionRequest;
          const visiting = error ? undefined : this.#perform(visited, visitor, visit);
          visiting?.then((returned) => {
            // express-session calls `next(error)` in a `setImmediate`, possibly after this event.
            response.once('close', () => setImmediate(resolve, returned));
          }, reject);
          Promise.resolve(visiting).then(
            () => response.end(),
            () => response.end(),
          );
        });
      });
    });
    try {
      const visiting = fetch(`${url}${prefix}${key}`, {
        method: 'POST',
        headers: visitor.headers(),
      });
      const [response, returned] = await Promise.all([visiting, result]);
      const [cookie] = response.headers.getSetCookie();
      if (cookie) visitor.cookie = cookie.split(';', 1)[0] ?? '';
      return returned;
    } finally {
      this.#pending.delete(key);
    }
  }

  async #perform<Result>(
    request: SessionRequest,
    visitor: Visitor,
    visit: Visit<Result>,
  ): Promise<Result> {
    const returned = await visit(request);
    // After `destroy` there is no session; the visitor keeps the last id.
    if (request.session) visitor.sessionId = request.sessionID;
    return returned;
  }

  #ask(
    [handler, ...others]: readonly RequestHandler[],
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    if (!handler) {
      response.statusCode = 404;
      response.end();
      return;
    }
    handler(request, response, (error) => {
      if (!error) return this.#ask(others, request, response);
      response.statusCode = 500;
      response.end(String(error));
    });
  }
}
