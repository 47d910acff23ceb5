/**
 * @module A site with plain handlers behind `session()`, in any of the frameworks and with any of its
 * options, next to a Socket.IO server on the same store.
 */

import { once } from 'node:events';
import { createServer, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import connect from 'connect';
import cookieParser from 'cookie-parser';
import express, { type Request, type RequestHandler } from 'express';
import express4 from 'express-4';
import session, { MemoryStore, type SessionOptions, type Store } from 'express-session';
import { Server, type ServerOptions } from 'socket.io';
import { type Socket as Client, io as open } from 'socket.io-client';
import { ExpressionSocket, type ExpressionSocketOptions } from '../../source/index.js';
import { connected, secret } from './app.js';

/** The frameworks that are supported. */
export const frameworks = ['Express 5', 'Express 4', 'Connect'] as const;

/** What a test may want otherwise. */
export interface SiteSettings {
  readonly framework?: (typeof frameworks)[number];
  readonly store?: Store;
  readonly session?: Partial<SessionOptions>;
  readonly options?: ExpressionSocketOptions;
  readonly server?: Partial<ServerOptions>;
  /** Middlewares between `session()` and the handlers. */
  readonly middlewares?: readonly RequestHandler[];
}

/** What a handler does; it answers with what it returns, unless it has answered itself. */
export type Handler<Result> = (
  request: Request,
  response: ServerResponse,
) => Result | Promise<Result>;

/** What a visitor's browser got. */
export interface Visit<Result> {
  readonly status: number;
  /** What the handler returned; nothing where it answered by itself. */
  readonly result: Result;
  /** The cookie that was set; that which was sent, where none was. */
  readonly cookie: string;
  /** The whole header, where a cookie was set. */
  readonly setCookie: string | undefined;
}

/** A running site. */
export class Site {
  readonly store: Store;
  readonly io: Server;
  readonly expressionIO: ExpressionSocket;
  /** The middleware of `express-session`. */
  readonly session: RequestHandler;
  /** What `onError` was told: the code of each error, and the event. */
  readonly told: { readonly code: unknown; readonly event: unknown }[] = [];
  readonly #http: HttpServer;
  readonly #handlers = new Map<string, Handler<unknown>>();
  readonly #clients: Client[] = [];
  #next = 0;

  static async start(settings: SiteSettings = {}): Promise<Site> {
    const site = new Site(settings);
    site.#http.listen(0, '127.0.0.1');
    await once(site.#http, 'listening');
    return site;
  }

  private constructor(settings: SiteSettings) {
    this.store = settings.store ?? new MemoryStore();
    const options = { secret, resave: false, saveUninitialized: false, ...settings.session };
    this.session = session({ ...options, store: this.store });
    const handlers = [this.session, ...(settings.middlewares ?? []), this.#handle];
    this.#http = createServer(appOf(settings.framework ?? 'Express 5', handlers));
    this.io = new Server(this.#http, settings.server);
    this.expressionIO = new ExpressionSocket(this.io, this.store, cookieParser(secret), {
      onError: (error, { event }) => {
        this.told.push({ code: Reflect.get(Object(error), 'code') ?? error, event });
      },
      ...settings.options,
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** Sends a request that a handler of its own answers. */
  async visit<Result>(
    cookie: string | undefined,
    handler: Handler<Result>,
    init: RequestInit = {},
  ): Promise<Visit<Result>> {
    const path = `/visit-${this.#next++}`;
    this.#handlers.set(path, handler);
    const headers = cookie === undefined ? {} : { cookie };
    const response = await fetch(`${this.url}${path}`, { ...init, headers });
    const text = await response.text();
    const [setCookie] = response.headers.getSetCookie();
    return {
      status: response.status,
      // What the handler returned came as JSON.
      result: (response.ok && text ? JSON.parse(text) : undefined) as Result,
      cookie: setCookie?.split(';')[0] ?? cookie ?? '',
      setCookie,
    };
  }

  /** A visitor whose session is stored. */
  async visitor(): Promise<{ cookie: string; sessionId: string }> {
    const { cookie, result } = await this.visit(undefined, (request) => {
      request.session.n = 0;
      return request.sessionID;
    });
    return { cookie, sessionId: result };
  }

  /** The session as the store has it now. */
  record(sessionId: string): Promise<Record<string, unknown> | undefined> {
    return new Promise((resolve, reject) => {
      this.store.get(sessionId, (error, record) => {
        if (error) reject(error);
        // A session's data, under keys of the tests.
        else resolve((record as unknown as Record<string, unknown>) ?? undefined);
      });
    });
  }

  /** A client that has connected. */
  async connect(cookie: string, namespace = '/'): Promise<Client> {
    const client = open(`${this.url}${namespace}`, {
      forceNew: true,
      reconnection: false,
      transports: ['websocket'],
      extraHeaders: { cookie },
    });
    this.#clients.push(client);
    await connected(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    this.expressionIO.close();
    this.#http.closeAllConnections();
    await this.io.close();
  }

  readonly #handle: RequestHandler = (request, response, next) => {
    const handler = this.#handlers.get(request.url);
    Promise.resolve(handler?.(request, response)).then((result) => {
      if (!response.writableEnded) response.end(JSON.stringify(result) ?? '');
    }, next);
  };
}

function appOf(
  framework: (typeof frameworks)[number],
  handlers: readonly RequestHandler[],
): ReturnType<typeof express> {
  if (framework === 'Connect') {
    const app = connect();
    // The requests of Connect are those of Node.js, with what middlewares add.
    for (const handler of handlers) app.use(handler as unknown as connect.HandleFunction);
    app.use(silently as unknown as connect.ErrorHandleFunction);
    return app as unknown as ReturnType<typeof express>;
  }
  const app = framework === 'Express 5' ? express() : (express4() as ReturnType<typeof express>);
  app.use(...handlers, silently);
  return app;
}

/** Answers a failure; the default handlers would print it as well. */
function silently(
  error: unknown,
  _request: Request,
  response: ServerResponse,
  _next: unknown,
): void {
  response.statusCode = 500;
  response.end(String(Reflect.get(Object(error), 'code') ?? error));
}
