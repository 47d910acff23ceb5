/**
 * @module A server for tests: express-session, Socket.IO and `ExpressionSocket` on a free port, with
 * clients of logged-in visitors.
 */

import { promisify } from 'node:util';
import cookieParser from 'cookie-parser';
import type { SessionData, SessionOptions, Store } from 'express-session';
import { Server, type ServerOptions } from 'socket.io';
import { type ManagerOptions, io as open, type Socket, type SocketOptions } from 'socket.io-client';
import { ExpressionSocket } from '../expression-socket.js';
import type { DefaultEventsMap, EventsMap, GivenOptions } from '../types/listeners.js';
import type { CookieParser, ExpressionSocketOptions } from '../types/options.js';
import { type Connection, connectionsOf, reconnected } from './reconnection.js';
import { SessionSite, Visitor } from './session-site.js';
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

/** A running server. `stop()` ends everything that it started. */
export class TestServer<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = unknown,
  const Options extends ExpressionSocketOptions = Record<never, never>,
  SessionStore extends Store = TestStore,
> extends SessionSite<SessionStore> {
  readonly io: Server<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
  readonly expressionIO: ExpressionSocket<
    ListenEvents,
    EmitEvents,
    ServerSideEvents,
    SocketData,
    Options
  >;
  /** Whether the end of a session disconnects its sockets. */
  #endsConnections: boolean;

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
    super({
      name: options?.key ?? 'connect.sid',
      resave: false,
      saveUninitialized: false,
      ...settings.session,
      secret,
      // Without a store in the settings, `SessionStore` is `TestStore`.
      store: settings.store ?? (new TestStore() as Store as SessionStore),
    });
    this.io = new Server(this.http, settings.server);
    this.#endsConnections = options?.onSessionEnd !== 'ignore';
    this.expressionIO = new ExpressionSocket(
      this.io,
      this.store,
      settings.cookieParser ?? cookieParser(secret),
      options,
    );
    // `login` would wait forever.
    const close = this.expressionIO.close.bind(this.expressionIO);
    this.expressionIO.close = () => {
      this.#endsConnections = false;
      close();
    };
  }

  /**
   * Makes a client that is not connected yet: add listeners, and call its `connect()`. Its visitor gets
   * a session by an HTTP request first, as from a page, unless `session` is `false`.
   *
   * @throws {TypeError} by the promise: with `ticket: true`, if the option `ticket` is off
   */
  async client(settings: ClientSettings = {}): Promise<Socket<EmitEvents, ListenEvents>> {
    const { session = {}, as, ticket = false, namespace = '/', ...options } = settings;
    const visitor = as ? this.visitorOf(as) : new Visitor();
    if (!as && session !== false) {
      await this.visitAs(visitor, (request) => Object.assign(request.session, session));
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
    this.visitors.set(client, visitor);
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
   * Logs the client's visitor in over HTTP, with `regenerate`: the visitor gets a new, empty session
   * with another id. The connections of the old session are closed. Resolves when their clients have
   * reconnected with the new cookie, or were refused.
   *
   * @param session the content of the new session
   */
  async login(client: object, session: Readonly<Partial<SessionData>> = {}): Promise<void> {
    const visitor = this.visitorOf(client);
    const clients = [...this.visitors.keys()].filter((one) => this.visitorOf(one) === visitor);
    let ending: Connection[] = [];
    await this.visit(client, async (request) => {
      ending = connectionsOf(request.sessionID, clients, this.io);
      await promisify(request.session.regenerate.bind(request.session))();
      Object.assign(request.session, session);
    });
    if (this.#endsConnections) await Promise.all(ending.map(reconnected));
  }

  /** Disconnects the clients, closes the server, and removes the hooks of the store. */
  async stop(): Promise<void> {
    for (const client of this.visitors.keys()) client.disconnect();
    this.expressionIO.close();
    // `close()` would wait for a request that a failed test has left open.
    this.http.closeAllConnections();
    await this.io.close();
  }

  /** The same as `stop`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
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
    '`session`: express-session set no cookie; turn `cookie.secure` off, because the test server uses HTTP',
  );
}
