/**
 * @module A test server with an Express application, and clients with any cookie and origin.
 */

import type { Server as HttpServer } from 'node:http';
import express, { type Express } from 'express';
import { MemoryStore, type Store } from 'express-session';
import type { Server, ServerOptions } from 'socket.io';
import { type ManagerOptions, io as open, type Socket, type SocketOptions } from 'socket.io-client';
import type { CookieParser, ExpressionSocketOptions, GivenOptions } from '../../source/index.js';
import { startTestServer, type TestServer } from '../../source/testing/index.js';

declare module 'express-session' {
  interface SessionData {
    n: number;
    visitor: { name: string; tags: string[] };
    [key: `test:${string}`]: unknown;
  }
}

/** The secret with which the application signs its cookies. */
export const secret = 'a secret of the tests';

/** The settings of an application. */
export interface AppSettings<Options extends ExpressionSocketOptions> {
  readonly store?: Store;
  readonly cookieParser?: CookieParser;
  readonly options?: GivenOptions<Options>;
  readonly server?: Partial<ServerOptions>;
  /** The name of the cookie that `express-session` sets. */
  readonly cookieName?: string;
}

/** Options that leave the parameters of the listeners as they are without options. */
type PlainOptions = ExpressionSocketOptions & {
  readonly alwaysSession?: false | undefined;
  readonly autoErrManager?: false | undefined;
};

/** How a client connects. */
export interface ClientSettings extends Partial<ManagerOptions & SocketOptions> {
  readonly cookie?: string;
  readonly origin?: string;
  readonly namespace?: string;
}

/** The test server of an application, with untyped events. */
type Backend<Options extends ExpressionSocketOptions> = TestServer<
  // biome-ignore lint/suspicious/noExplicitAny: as Socket.IO's own untyped servers have it
  Record<string, (...args: any[]) => void>,
  // biome-ignore lint/suspicious/noExplicitAny: as Socket.IO's own untyped servers have it
  Record<string, (...args: any[]) => void>,
  // biome-ignore lint/suspicious/noExplicitAny: as Socket.IO's own untyped servers have it
  Record<string, (...args: any[]) => void>,
  unknown,
  Options,
  Store
>;

/** A running application. `stop()` ends everything that it started. */
export class App<const Options extends ExpressionSocketOptions = Record<never, never>> {
  readonly store: Store;
  readonly http: HttpServer;
  readonly express: Express;
  readonly io: Server;
  readonly expressionIO: Backend<Options>['expressionIO'];
  readonly #server: Backend<Options>;
  readonly #clients: Socket[] = [];

  /** Starts an application that listens on a free port. */
  static start(settings?: AppSettings<PlainOptions>): Promise<App>;
  static start<const Options extends ExpressionSocketOptions>(
    settings: AppSettings<Options>,
  ): Promise<App<Options>>;
  static async start<const Options extends ExpressionSocketOptions>(
    settings: AppSettings<Options> = {},
  ): Promise<App<Options>> {
    const { store = new MemoryStore(), cookieName = 'connect.sid', ...others } = settings;
    const app = createExpress();
    const server: Backend<Options> = await startTestServer({
      ...others,
      store,
      secret,
      session: { name: cookieName },
      setUp: (server) => server.use(app),
    });
    return new App(server, app);
  }

  private constructor(server: Backend<Options>, app: Express) {
    this.#server = server;
    this.store = server.store;
    this.http = server.http;
    this.express = app;
    this.io = server.io;
    this.expressionIO = server.expressionIO;
  }

  get url(): string {
    return this.#server.url;
  }

  /** Logs a new visitor in; returns the cookie that a browser would send, and the session id. */
  async login(): Promise<{ cookie: string; sessionId: string }> {
    const response = await fetch(`${this.url}/login`, { method: 'POST' });
    const [cookie] = response.headers.getSetCookie()[0]?.split(';') ?? [];
    if (!cookie) throw new Error('the application set no cookie');
    return { cookie, sessionId: await response.text() };
  }

  async logout(cookie: string): Promise<void> {
    await fetch(`${this.url}/logout`, { method: 'POST', headers: { cookie } });
  }

  /** Makes a client that connects at once, on its own connection. */
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

  /** Makes a client and waits until it has connected. */
  async connect(settings?: ClientSettings): Promise<Socket> {
    const client = this.client(settings);
    await connected(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.#server.stop();
  }
}

/**
 * Starts applications as `App.start` does, and stops them after each test of the suite in which it is
 * called.
 */
export function useApps(): typeof App.start {
  const apps: Pick<App, 'stop'>[] = [];
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.stop();
  });
  const start = async (settings?: AppSettings<PlainOptions>): Promise<App> => {
    const app = await App.start(settings);
    apps.push(app);
    return app;
  };
  // The options decide only the types of what `App.start` returns.
  return start as typeof App.start;
}

/** The pages of the application. */
function createExpress(): Express {
  const app = express();
  app.post('/login', (request, response) => {
    request.session.n = 0;
    request.session.visitor = { name: 'Ada', tags: [] };
    response.end(request.sessionID);
  });
  app.post('/logout', (request, response) => {
    request.session.destroy(() => response.end());
  });
  app.get('/session', (request, response) => {
    response.json(request.session);
  });
  return app;
}

/** Waits for a client to connect. */
export async function connected(client: Socket): Promise<void> {
  if (client.connected) return;
  await new Promise<void>((resolve, reject) => {
    client.once('connect', resolve);
    client.once('connect_error', reject);
  });
}

/** The error that a refused client gets. */
export interface Refused extends Error {
  data?: { code?: string };
}

/** Waits for a client to be refused. */
export function refused(client: Socket): Promise<Refused> {
  return new Promise((resolve, reject) => {
    client.once('connect_error', resolve);
    client.once('connect', () => reject(new Error('the client was accepted')));
  });
}

/** Waits for an event of a client; returns its arguments. */
export function received(client: Socket, event: string): Promise<unknown[]> {
  return new Promise((resolve) => {
    client.once(event, (...args: unknown[]) => resolve(args));
  });
}
