/**
 * @module A web application with sessions and a Socket.IO server, for real, on a port of its own.
 * Knows how visitors log in and connect; must not know what a test is about.
 */

import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import cookieParser from 'cookie-parser';
import express, { type Express } from 'express';
import session, { MemoryStore, type Store } from 'express-session';
import { Server, type ServerOptions } from 'socket.io';
import { type ManagerOptions, io as open, type Socket, type SocketOptions } from 'socket.io-client';
import {
  type CookieParser,
  ExpressionSocket,
  type ExpressionSocketOptions,
  type GivenOptions,
} from '../../source/index.js';

declare module 'express-session' {
  interface SessionData {
    n: number;
    visitor: { name: string; tags: string[] };
    [key: `test:${string}`]: unknown;
  }
}

/** The secret with which the application signs its cookies. */
export const secret = 'a secret of the tests';

/** What a test may want otherwise. */
export interface AppSettings<Options extends ExpressionSocketOptions> {
  readonly store?: Store;
  readonly cookieParser?: CookieParser;
  readonly options?: GivenOptions<Options>;
  readonly server?: Partial<ServerOptions>;
  /** The name of the cookie that `express-session` sets. */
  readonly cookieName?: string;
}

/** How a client connects. */
export interface ClientSettings extends Partial<ManagerOptions & SocketOptions> {
  readonly cookie?: string;
  readonly origin?: string;
  readonly namespace?: string;
}

/** A running application. `stop()` ends all that it started. */
export class App<const Options extends ExpressionSocketOptions = Record<never, never>> {
  readonly store: Store;
  readonly http: HttpServer;
  readonly express: Express = express();
  readonly io: Server;
  readonly expressionIO: ExpressionSocket<
    // Tests send what they like.
    // biome-ignore lint/suspicious/noExplicitAny: as Socket.IO's own untyped servers have it
    Record<string, (...args: any[]) => void>,
    // biome-ignore lint/suspicious/noExplicitAny: as Socket.IO's own untyped servers have it
    Record<string, (...args: any[]) => void>,
    // biome-ignore lint/suspicious/noExplicitAny: as Socket.IO's own untyped servers have it
    Record<string, (...args: any[]) => void>,
    unknown,
    Options
  >;
  readonly #clients: Socket[] = [];

  /** Starts an application that listens on a free port. */
  static async start<const Options extends ExpressionSocketOptions = Record<never, never>>(
    settings: AppSettings<Options> = {},
  ): Promise<App<Options>> {
    const app = new App(settings);
    app.http.listen(0, '127.0.0.1');
    await once(app.http, 'listening');
    return app;
  }

  private constructor(settings: AppSettings<Options>) {
    this.store = settings.store ?? new MemoryStore();
    this.express.use(
      session({
        secret,
        store: this.store,
        name: settings.cookieName ?? 'connect.sid',
        resave: false,
        saveUninitialized: false,
      }),
    );
    this.express.post('/login', (request, response) => {
      request.session.n = 0;
      request.session.visitor = { name: 'Ada', tags: [] };
      response.end(request.sessionID);
    });
    this.express.post('/logout', (request, response) => {
      request.session.destroy(() => response.end());
    });
    this.express.get('/session', (request, response) => {
      response.json(request.session);
    });
    this.http = createServer(this.express);
    this.io = new Server(this.http, settings.server);
    this.expressionIO = new ExpressionSocket(
      this.io,
      this.store,
      settings.cookieParser ?? cookieParser(secret),
      settings.options,
    );
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** Logs a new visitor in; tells the cookie that the browser would send, and the session's id. */
  async login(): Promise<{ cookie: string; sessionId: string }> {
    const response = await fetch(`${this.url}/login`, { method: 'POST' });
    const [cookie] = response.headers.getSetCookie()[0]?.split(';') ?? [];
    if (!cookie) throw new Error('the application set no cookie');
    return { cookie, sessionId: await response.text() };
  }

  async logout(cookie: string): Promise<void> {
    await fetch(`${this.url}/logout`, { method: 'POST', headers: { cookie } });
  }

  /** A client that connects at once, on a connection of its own. */
  client({ cookie, origin, namespace = '/', ...rest }: ClientSettings = {}): Socket {
    const client = open(`${this.url}${namespace}`, {
      forceNew: true,
      reconnection: false,
      transports: ['websocket'],
      ...rest,
      extraHeaders: {
        ...rest.extraHeaders,
        ...(cookie === undefined ? {} : { cookie }),
        ...(origin === undefined ? {} : { origin }),
      },
    });
    this.#clients.push(client);
    return client;
  }

  /** A client that has connected. */
  async connect(settings?: ClientSettings): Promise<Socket> {
    const client = this.client(settings);
    await connected(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    this.expressionIO.close();
    // A request that a failed test left behind would be waited for.
    this.http.closeAllConnections();
    await this.io.close();
  }
}

/** Waits for a client to connect. */
export async function connected(client: Socket): Promise<void> {
  if (client.connected) return;
  await new Promise<void>((resolve, reject) => {
    client.once('connect', resolve);
    client.once('connect_error', reject);
  });
}

/** What a client is told that may not connect. */
export interface Refused extends Error {
  data?: { code?: string };
}

/** Waits for a client to be refused. */
export function refused(client: Socket): Promise<Refused> {
  return new Promise((resolve, reject) => {
    client.once('connect_error', resolve);
    client.once('connect', () => reject(new Error('the client was let in')));
  });
}

/** Waits for an event of a client; tells its arguments. */
export function received(client: Socket, event: string): Promise<unknown[]> {
  return new Promise((resolve) => {
    client.once(event, (...args: unknown[]) => resolve(args));
  });
}
