/**
 * @module A web application whose sockets get their sessions from one of the compared packages. How
 * the package is installed is up to the caller.
 */

import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import cookieParser from 'cookie-parser';
import express, { type RequestHandler } from 'express';
import session from 'express-session';
import { Server } from 'socket.io';
import { io as open, type Socket } from 'socket.io-client';
import { Gate, SlowStore } from '../support/slow-store.js';

/** What a package is installed with. */
export interface PeerSetup {
  readonly io: Server;
  readonly store: SlowStore;
  readonly secret: string;
  /** `session(…)` of express-session. */
  readonly middleware: RequestHandler;
  /** `cookieParser(secret)`. */
  readonly parser: RequestHandler;
  /** What listeners wait for in the middle of their work. */
  work(): Promise<void>;
  /** Told of each `note` event, when its listener has its session. */
  noted(n: number): void;
}

/** A visitor who has logged in. */
export interface Login {
  readonly cookie: string;
  readonly sessionId: string;
}

const secret = 'a secret of the comparison';

/** A running application. */
export class PeerApp {
  readonly store: SlowStore = new SlowStore();
  /** The numbers of the `note` events, in the order in which their listeners were called. */
  readonly notes: number[] = [];
  /** How many sockets have connected whose first event has not arrived. */
  silent = 0;
  readonly #http: HttpServer;
  readonly #io: Server;
  readonly #clients: Socket[] = [];
  #gate: Gate | undefined;
  #closePackage: () => void = () => {};

  /** @param install installs the package; returns what closes it, if anything does */
  static async start(install: (setup: PeerSetup) => (() => void) | undefined): Promise<PeerApp> {
    const app = new PeerApp(install);
    app.#http.listen(0, '127.0.0.1');
    await once(app.#http, 'listening');
    return app;
  }

  private constructor(install: (setup: PeerSetup) => (() => void) | undefined) {
    const { store } = this;
    const middleware = session({ secret, store, resave: false, saveUninitialized: false });
    const pages = express().use(middleware);
    pages.post('/login', (request, response) => {
      Object.assign(request.session, { n: 1, passport: { user: 'ada' } });
      response.end(request.sessionID);
    });
    pages.post('/logout', (request, response) => {
      request.session.destroy(() => response.end());
    });
    pages.post('/set/:key', async (request, response) => {
      await this.#work('slow' in request.query);
      Object.assign(request.session, { [request.params.key]: 2 });
      response.end();
    });
    this.#http = createServer(pages);
    this.#io = new Server(this.#http);
    this.#io.on('connection', (socket) => {
      this.silent++;
      const heard = (): void => {
        socket.offAny(heard);
        this.silent--;
      };
      socket.onAny(heard);
    });
    this.#closePackage =
      install({
        ...{ io: this.#io, store, secret, middleware, parser: cookieParser(secret) },
        work: () => this.#work(true),
        noted: (n) => this.notes.push(n),
      }) ?? this.#closePackage;
  }

  /** Holds back whoever works next, until the gate is opened. */
  holdWork(): Gate {
    this.#gate = new Gate();
    return this.#gate;
  }

  async logIn(): Promise<Login> {
    const response = await this.post('/login');
    const [cookie] = response.headers.getSetCookie()[0]?.split(';') ?? [];
    if (!cookie) throw new Error('The application set no cookie');
    return { cookie, sessionId: await response.text() };
  }

  post(path: string, cookie = ''): Promise<Response> {
    return fetch(`${this.#address}${path}`, { method: 'POST', headers: { cookie } });
  }

  /** A client that is connecting. */
  client(headers: Record<string, string>, query: Record<string, string> = {}): Socket {
    const client = open(this.#address, {
      ...{ forceNew: true, reconnection: false, transports: ['websocket'] },
      ...{ extraHeaders: headers, query },
    });
    this.#clients.push(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    this.#closePackage();
    this.#http.closeAllConnections();
    await this.#io.close();
  }

  get #address(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async #work(isHeld: boolean): Promise<void> {
    const gate = isHeld ? this.#gate : undefined;
    if (gate === undefined) return;
    this.#gate = undefined;
    await gate.pass();
  }
}
