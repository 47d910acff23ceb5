/**
 * @module A site whose visitors come without a network, with everything watched that could tell an id
 * or a secret.
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import cookieParser from 'cookie-parser';
import type { SessionData } from 'express-session';
import { Server, type Socket } from 'socket.io';
import {
  ExpressionSocket,
  type ExpressionSocketOptions,
  type SessionError,
  type SessionSocket,
  type SocketSession,
} from '../../source/index.js';
import { cookieOf, sign } from '../support/cookies.js';
import { LeakWatch, prototypesNow } from '../support/leaks.js';
import { TroubledStore } from '../support/troubled-store.js';
import { Wire, type WireRequest } from '../support/wire.js';

/** Every session id begins with this, and nothing else that a client sends has it. */
export const idMark = 'sid~';
/** The same for secrets. */
export const secretMark = 'secret~';
export const secret = `${secretMark}of the cookies`;
export const ticketSecret = `${secretMark}of the tickets`;

/** What a `connection` listener was given. */
export interface Announcement {
  readonly err: SessionError | null;
  readonly session: SocketSession | null;
  readonly socket: SessionSocket;
}

/** A running site. */
export class Site {
  readonly store: TroubledStore;
  readonly io: Server;
  readonly expressionIO: ExpressionSocket;
  readonly watch = new LeakWatch([idMark, secretMark]);
  /** What `onError` heard. */
  errors = 0;
  readonly #http = createServer();
  readonly #announced = new WeakMap<object, Announcement>();
  readonly #prototypes = prototypesNow();
  #sessions = 0;

  constructor(seed: number, options: ExpressionSocketOptions = {}) {
    this.store = new TroubledStore(seed);
    this.io = new Server(this.#http, { adapter: this.watch.adapter(), connectTimeout: 5_000 });
    this.expressionIO = new ExpressionSocket(this.io as never, this.store, cookieParser(secret), {
      onError: (error: unknown) => {
        this.errors++;
        this.watch.look('onError', error);
      },
      reportRefusals: true,
      ...options,
    } as ExpressionSocketOptions) as unknown as ExpressionSocket;
    this.watch.start();
  }

  /** Announces the sockets of a namespace, and lets a test add its listeners. */
  welcome(namespace: string, listen: (announcement: Announcement) => void = () => {}): void {
    this.expressionIO.of(namespace).on('connection', (err, session, socket) => {
      const announcement = { err, session, socket: socket as unknown as SessionSocket };
      this.watch.look('error', err);
      this.watch.look('rooms seen', [...socket.rooms]);
      this.watch.look('data', socket.data);
      this.watch.look('auth', Object.keys(Object(socket.handshake)));
      this.#announced.set((socket as unknown as Socket).conn, announcement);
      listen(announcement);
    });
  }

  /** Makes a session; tells its id and the cookie that the browser sends. */
  login(data: object = {}): { readonly sessionId: string; readonly cookie: string } {
    const sessionId = `${idMark}${this.#sessions++}`;
    const cookie = { path: '/', httpOnly: true, originalMaxAge: null };
    this.store.records.set(sessionId, JSON.stringify({ cookie, ...data }));
    return { sessionId, cookie: cookieOf(sign(sessionId, secret)) };
  }

  open(request: WireRequest): Wire {
    return new Wire(this.io, { headers: { host: 'shop.example', ...request.headers }, ...request });
  }

  /** Listens to clients that come by the network; tells the port. */
  async listen(): Promise<number> {
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    return (this.#http.address() as AddressInfo).port;
  }

  /** What the `connection` listener was given for this connection, if it was called. */
  announcement(wire: Wire): Announcement | undefined {
    return this.#announced.get(wire);
  }

  /** @throws {Error} where anything was told to others, or a prototype was changed */
  check(): void {
    this.watch.check();
    if (prototypesNow() !== this.#prototypes) throw new Error('A prototype was polluted');
  }

  async stop(): Promise<void> {
    this.store.close();
    this.expressionIO.close();
    this.watch.stop();
    this.#http.closeAllConnections();
    await this.io.close();
  }
}

/** A record as it is stored. */
export function dataOf(session: SocketSession | SessionData): Record<string, unknown> {
  return JSON.parse(JSON.stringify(session));
}

/** How long anything may take, in milliseconds: more than `storeTimeout`. */
const patience = 8_000;

/** @throws {Error} where something does not come to an end */
export async function inTime<Result>(work: () => Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('It never ended')), patience);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
