/**
 * @module A server for tests: express-session, Socket.IO and `ExpressionSocket` on a free port, with
 * clients of logged-in visitors.
 */

import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import cookieParser from 'cookie-parser';
import type { SessionData, SessionOptions, Store } from 'express-session';
import { Server, type ServerOptions } from 'socket.io';
import { type ManagerOptions, io as open, type Socket, type SocketOptions } from 'socket.io-client';
import { ExpressionSocket } from '../expression-socket.js';
import type {
  CookieParser,
  DefaultEventsMap,
  EventsMap,
  ExpressionSocketOptions,
  GivenOptions,
} from '../types.js';
import { type RequestHandler, SessionPages, type Visit, Visitor } from './session-pages.js';
import { TestStore } from './test-store.js';

/** The settings of a test server, all of them optional. */
export interface TestServerSettings<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = unknown,
  Options extends ExpressionSocketOptions = Record<never, never>,
  SessionStore extends Store = TestStore,
> {
  /** The options of `ExpressionSocket`. */
  readonly options?: GivenOptions<Options>;

  /**
   * The session store.
   *
   * @default a new `TestStore`, in memory
   */
  readonly store?: SessionStore;

  /**
   * The secret with which cookies are signed.
   *
   * @default 'a secret for tests'
   */
  readonly secret?: string;

  /**
   * Further options of express-session, such as `cookie: { maxAge: 1_000 }`.
   *
   * @default { name: key, resave: false, saveUninitialized: false }
   */
  readonly session?: Omit<SessionOptions, 'secret' | 'store'>;

  /**
   * The cookie parser.
   *
   * @default `cookieParser(secret)` of cookie-parser
   */
  readonly cookieParser?: CookieParser;

  /** The options of the Socket.IO server. */
  readonly server?: Partial<ServerOptions>;

  /** Registers the listeners under test, before the server listens. */
  readonly setUp?: (
    server: TestServer<
      ListenEvents,
      EmitEvents,
      ServerSideEvents,
      SocketData,
      Options,
      SessionStore
    >,
  ) => unknown;
}

/** The visitor of a client, and the options of Socket.IO's client. */
export interface ClientSettings extends Partial<ManagerOptions & SocketOptions> {
  /**
   * The content of the new visitor's session; `false` for a visitor without a session.
   *
   * @default {} an empty session
   */
  readonly session?: Readonly<Partial<SessionData>> | false;

  /** Another client of the same visitor, such as another tab, which has the same session. */
  readonly as?: Socket;

  /**
   * Whether to connect with a ticket in place of the cookie. Needs the option `ticket` of
   * `ExpressionSocket`.
   *
   * @default false
   */
  readonly ticket?: boolean;

  /**
   * The namespace to connect to.
   *
   * @default '/'
   */
  readonly namespace?: string;
}

/**
 * Starts a server for tests.
 *
 * @throws {TypeError} by the promise: if an option of `ExpressionSocket` is wrong
 *
 * @example
 * const server = await startTestServer({
 *   setUp: ({ expressionIO }) => registerVotes(expressionIO),
 * });
 * const client = await server.connect({ session: { user: 'Ann' } });
 * await client.emitWithAck('vote', 'tea');
 * console.log(await server.session(client)); // { user: 'Ann', vote: 'tea', cookie: … }
 * await server.stop();
 */
export async function startTestServer<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = unknown,
  const Options extends ExpressionSocketOptions = Record<never, never>,
  SessionStore extends Store = TestStore,
>(
  settings: TestServerSettings<
    ListenEvents,
    EmitEvents,
    ServerSideEvents,
    SocketData,
    Options,
    SessionStore
  > = {},
): Promise<
  TestServer<ListenEvents, EmitEvents, ServerSideEvents, SocketData, Options, SessionStore>
> {
  const server = new TestServer(settings);
  try {
    await settings.setUp?.(server);
    server.http.listen(0, '127.0.0.1');
    await once(server.http, 'listening');
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** A running server. `stop()` ends everything that it started. */
export class TestServer<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = unknown,
  const Options extends ExpressionSocketOptions = Record<never, never>,
  SessionStore extends Store = TestStore,
> {
  /** The session store, which express-session and `ExpressionSocket` share. */
  readonly store: SessionStore;
  readonly http: HttpServer;
  readonly io: Server<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
  readonly expressionIO: ExpressionSocket<
    ListenEvents,
    EmitEvents,
    ServerSideEvents,
    SocketData,
    Options
  >;
  readonly #pages: SessionPages;
  readonly #visitors = new Map<Socket, Visitor>();

  /** Use `startTestServer` instead, which also makes it listen. */
  constructor(
    settings: TestServerSettings<
      ListenEvents,
      EmitEvents,
      ServerSideEvents,
      SocketData,
      Options,
      SessionStore
    >,
  ) {
    const { secret = 'a secret for tests', options } = settings;
    // Without a store in the settings, `SessionStore` is `TestStore`.
    this.store = settings.store ?? (new TestStore() as Store as SessionStore);
    this.#pages = new SessionPages({
      name: options?.key ?? 'connect.sid',
      resave: false,
      saveUninitialized: false,
      ...settings.session,
      secret,
      store: this.store,
    });
    this.http = createServer((request, response) => this.#pages.handle(request, response));
    this.io = new Server(this.http, settings.server);
    this.expressionIO = new ExpressionSocket(
      this.io,
      this.store,
      settings.cookieParser ?? cookieParser(secret),
      options,
    );
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
    this.#pages.use(handler);
    return this;
  }

  /**
   * Makes a client that is not connected yet: add listeners, and call its `connect()`. Its visitor gets
   * a session by an HTTP request first, as from a page, unless `session` is `false`.
   *
   * @throws {TypeError} by the promise: with `ticket: true`, if the option `ticket` is off
   */
  async client(settings: ClientSettings = {}): Promise<Socket<EmitEvents, ListenEvents>> {
    const { session = {}, as, ticket = false, namespace = '/', ...options } = settings;
    const visitor = as ? this.#visitor(as) : new Visitor();
    if (!as && session !== false) {
      await this.#pages.visit(this.url, visitor, (request) => {
        Object.assign(request.session, session);
      });
      assertCookie(visitor);
    }
    const client: Socket = open(`${this.url}${namespace}`, {
      autoConnect: false,
      forceNew: true,
      reconnectionDelay: 10,
      transports: ['websocket'],
      ...options,
      ...(ticket
        ? { auth: await this.#ticketAuth(visitor) }
        : { extraHeaders: visitor.headers(options.extraHeaders) }),
    });
    this.#visitors.set(client, visitor);
    // The event maps are for the compiler only; Socket.IO's defaults differ from the library's.
    return client as unknown as Socket<EmitEvents, ListenEvents>;
  }

  /**
   * Connects a client.
   *
   * @throws {Error} by the promise: the error of `connect_error` if the client is refused, with
   * `data.code`
   *
   * @example
   * const guest = await server.connect({ session: false });
   * const ann = await server.connect({ session: { user: 'Ann' } });
   * const secondTab = await server.connect({ as: ann });
   */
  async connect(settings?: ClientSettings): Promise<Socket<EmitEvents, ListenEvents>> {
    const client = await this.client(settings);
    // The client's own events do not depend on the event maps.
    const untyped = client as unknown as Socket;
    await new Promise<void>((resolve, reject) => {
      untyped.once('connect', resolve);
      untyped.once('connect_error', reject);
      untyped.connect();
    });
    return client;
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
    return this.#pages.visit(this.url, this.#visitor(client), visit);
  }

  /**
   * Logs the client's visitor in over HTTP, with `regenerate`: the visitor gets a new, empty session
   * with another id. The client's connection is closed, and the client reconnects with its new cookie.
   *
   * @param session the content of the new session
   */
  async login(client: object, session: Readonly<Partial<SessionData>> = {}): Promise<void> {
    await this.visit(client, async (request) => {
      await new Promise<void>((resolve, reject) => {
        request.session.regenerate((error) => (error ? reject(error) : resolve()));
      });
      Object.assign(request.session, session);
    });
  }

  /** Logs the client's visitor out over HTTP, with `destroy`. */
  async logout(client: object): Promise<void> {
    await this.visit(client, async (request) => {
      await new Promise<void>((resolve, reject) => {
        request.session.destroy((error) => (error ? reject(error) : resolve()));
      });
    });
  }

  /**
   * Makes the session of the client's visitor expire: removes it from the store.
   *
   * @throws {TypeError} by the promise: if the store is not a `TestStore`
   */
  async expire(client: object): Promise<void> {
    await this.#testStore('expire').expire(this.sessionId(client));
  }

  /** Returns the stored session of the client's visitor; null if there is none. */
  session(client: object): Promise<SessionData | null> {
    const sessionId = this.sessionId(client);
    if (this.store instanceof TestStore) return this.store.record(sessionId);
    return new Promise((resolve, reject) => {
      this.store.get(sessionId, (error, session) => {
        if (error) reject(error);
        else resolve(session ?? null);
      });
    });
  }

  /**
   * Returns the id of the visitor's session.
   *
   * @throws {TypeError} if the visitor has never had one
   */
  sessionId(client: object): string {
    const { sessionId } = this.#visitor(client);
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
    const { cookie } = this.#visitor(client);
    if (cookie !== undefined) headers.set('cookie', cookie);
    return globalThis.fetch(`${this.url}${path}`, { ...init, headers });
  }

  /** Disconnects the clients, closes the server, and removes the hooks of the store. */
  async stop(): Promise<void> {
    for (const client of this.#visitors.keys()) client.disconnect();
    this.expressionIO.close();
    // `close()` would wait for a request that a failed test has left open.
    this.http.closeAllConnections();
    await this.io.close();
  }

  /** The same as `stop`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #visitor(client: object): Visitor {
    const visitor = this.#visitors.get(client as Socket);
    if (visitor) return visitor;
    throw new TypeError(
      'Expected a client of this test server, as `connect` or `client` returns it',
    );
  }

  #testStore(method: string): TestStore {
    if (this.store instanceof TestStore) return this.store;
    throw new TypeError(
      `\`${method}\`: expected the store to be a \`TestStore\`; give \`store: new TestStore(store)\``,
    );
  }

  /** The `auth` function of a client, which sends a new ticket for each connection. */
  async #ticketAuth(visitor: Visitor): Promise<(send: (auth: object) => void) => void> {
    const issue = () => this.expressionIO.ticket(visitor.sessionId ?? '');
    // A failure inside `auth` would be lost.
    await issue();
    return (send) => void issue().then((session) => send({ session }));
  }
}

function assertCookie({ cookie }: Visitor): void {
  if (cookie !== undefined) return;
  throw new TypeError(
    '`session`: express-session set no cookie; the test server speaks HTTP, where `cookie.secure` does not work',
  );
}
