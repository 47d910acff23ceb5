/**
 * @module The HTTP side of a test server: express-session, the application's pages, and visitors, whose
 * requests change their sessions as a login, a logout or any other page would.
 */

import { randomUUID } from 'node:crypto';
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import session, {
  type Session,
  type SessionData,
  type SessionOptions,
  type Store,
} from 'express-session';
import type { Socket } from 'socket.io-client';
import type { CookieParser } from '../types/options.js';
import { TestStore } from './test-store.js';

/** An HTTP request of a visitor, as handlers after express-session get it. */
export interface SessionRequest extends IncomingMessage {
  readonly session: Session & Partial<SessionData>;
  readonly sessionID: string;
}

/** A handler of HTTP requests: an Express or Connect application, a router, or a function. */
export type RequestHandler = CookieParser;

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

/** A site with sessions, and its visitors. */
export class SessionSite<SessionStore extends Store> {
  /** The session store, which express-session and `ExpressionSocket` share. */
  readonly store: SessionStore;
  readonly http: HttpServer;
  /** The visitor of each client. */
  protected readonly visitors: Map<Socket, Visitor> = new Map();
  readonly #pages: RequestHandler;
  readonly #visits: RequestHandler;
  readonly #handlers: RequestHandler[] = [];
  readonly #pending = new Map<string, PendingVisit>();

  /** @param options those of express-session */
  constructor(options: SessionOptions & { readonly store: SessionStore }) {
    this.store = options.store;
    this.http = createServer((request, response) => this.#handle(request, response));
    // Its types require the request and response of Express, but it accepts those of Node.js.
    this.#pages = session(options) as unknown as RequestHandler;
    // Stores the session of a visitor even if it is empty.
    const saveUninitialized = true;
    this.#visits = session({ ...options, saveUninitialized }) as unknown as RequestHandler;
  }

  /** The address of the server, without a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /**
   * Adds a handler of HTTP requests, such as an Express application, after express-session.
   *
   * @example
   * server.use(express().post('/vote', (request, response) => response.json(request.session)));
   */
  use(handler: RequestHandler): this {
    this.#handlers.push(handler);
    return this;
  }

  /**
   * Calls a function with an HTTP request of the client's visitor, as a page of the application would.
   *
   * @param visit gets the request, with its `session`
   * @returns what `visit` returned, once the session is saved and the response has arrived
   *
   * @example
   * await server.visit(client, (request) => {
   *   request.session.cart = ['tea'];
   * });
   */
  visit<Result>(client: object, visit: Visit<Result>): Promise<Result> {
    return this.visitAs(this.visitorOf(client), visit);
  }

  /** Logs the client's visitor out over HTTP, with `destroy`. */
  async logout(client: object): Promise<void> {
    await this.visit(client, (request) =>
      promisify(request.session.destroy.bind(request.session))(),
    );
  }

  /**
   * Makes the session of the client's visitor expire: removes it from the store.
   *
   * @throws {TypeError} by the promise: if the store is not a `TestStore`
   */
  async expire(client: object): Promise<void> {
    if (!(this.store instanceof TestStore)) {
      throw new TypeError(
        '`expire`: expected the store to be a `TestStore`; give `store: new TestStore(store)`',
      );
    }
    await this.store.expire(this.sessionId(client));
  }

  /** Returns the stored session of the client's visitor; null if there is none. */
  session(client: object): Promise<SessionData | null> {
    const store = this.store instanceof TestStore ? this.store : new TestStore(this.store);
    return store.record(this.sessionId(client));
  }

  /**
   * Returns the id of the visitor's session.
   *
   * @throws {TypeError} if the visitor has never had one
   */
  sessionId(client: object): string {
    const { sessionId } = this.visitorOf(client);
    if (sessionId !== undefined) return sessionId;
    throw new TypeError(
      'The visitor of this client has no session: it connected with `session: false`, and there has been no `login` since',
    );
  }

  /**
   * Sends an HTTP request to the server with the cookie of the client's visitor.
   *
   * @param path begins with a slash
   * @param init as `fetch` takes it
   */
  fetch(client: object, path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const { cookie } = this.visitorOf(client);
    if (cookie !== undefined) headers.set('cookie', cookie);
    return globalThis.fetch(`${this.url}${path}`, { ...init, headers });
  }

  protected visitorOf(client: object): Visitor {
    const visitor = this.visitors.get(client as Socket);
    if (visitor) return visitor;
    throw new TypeError(
      'Expected a client of this test server, as `connect` or `client` returns it',
    );
  }

  /** Calls a function with an HTTP request of a visitor, and keeps the cookie that is set. */
  protected async visitAs<Result>(visitor: Visitor, visit: Visit<Result>): Promise<Result> {
    const key = randomUUID();
    const result = new Promise<Result>((resolve, reject) => {
      this.#pending.set(key, (request, response) => {
        // express-session calls this again if it could not save.
        this.#visits(request, response, async (error) => {
          try {
            if (error) throw error;
            // express-session has added the session to the request.
            const visited = request as SessionRequest;
            const returned = await visit(visited);
            // After `destroy` there is no session; the visitor keeps the last id.
            if (visited.session) visitor.sessionId = visited.sessionID;
            // express-session calls `next(error)` in a `setImmediate`, possibly after this event.
            response.once('close', () => setImmediate(resolve, returned));
          } catch (reason) {
            reject(reason);
          } finally {
            response.end();
          }
        });
      });
    });
    try {
      const headers = visitor.headers();
      const visiting = fetch(`${this.url}${prefix}${key}`, { method: 'POST', headers });
      const [response, returned] = await Promise.all([visiting, result]);
      const [cookie] = response.headers.getSetCookie();
      if (cookie) visitor.cookie = cookie.split(';', 1)[0] ?? '';
      return returned;
    } finally {
      this.#pending.delete(key);
    }
  }

  /** Answers a request: visits by their functions, all others by the handlers. */
  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { url = '' } = request;
    if (url.startsWith(prefix)) this.#pending.get(url.slice(prefix.length))?.(request, response);
    else ask([this.#pages, ...this.#handlers], request, response);
  }
}

/** Passes a request from one handler to the next. */
function ask(
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
    if (!error) return ask(others, request, response);
    response.statusCode = 500;
    response.end(String(error));
  });
}
