/**
 * @module How each variant is installed on a server, as its own documentation has it. Each listener
 * answers one event with `n` of the session; a failure is answered with -1.
 */

import type { IncomingMessage } from 'node:http';
import type cookieParser from 'cookie-parser';
import type session from 'express-session';
import type { Session, SessionData } from 'express-session';
import sharedSession from 'express-socket.io-session';
import { ExpressionSocket } from 'expression.socket.io';
import SessionSockets from 'session.socket.io';
import type { DefaultEventsMap, Server } from 'socket.io';
import type { CountedStore } from './stores.js';
import type { VariantName } from './variants.js';

/** Answers an event: the number tells the client whose session it was. */
export type Answer = (n: number) => void;

/** What clients send. */
export interface ClientEvents {
  read(message: { readonly n: number }, answer: Answer): void;
}

/** What a cookie parser leaves. */
interface Cookies {
  signedCookies?: Record<string, string>;
}

/** What there is to install on. */
export interface Ground {
  readonly io: Server<ClientEvents, DefaultEventsMap>;
  readonly stored: CountedStore;
  /** The middleware of express-session. */
  readonly middleware: ReturnType<typeof session>;
  readonly parser: ReturnType<typeof cookieParser>;
  /** Counts a connection whose application has its socket. */
  connected(): void;
  /** Counts an event, and answers it. */
  reply(answer: Answer, n: number): void;
}

/** Installs the variants. */
export const installations: Record<VariantName, (ground: Ground) => void> = {
  bare({ io, connected, reply }) {
    io.on('connection', (socket) => {
      connected();
      socket.on('read', ({ n }, answer) => reply(answer, n));
    });
  },

  storeGet({ io, stored, parser, connected, reply }) {
    io.on('connection', (socket) => {
      connected();
      const request = { headers: { ...socket.handshake.headers } } as IncomingMessage & Cookies;
      parser(request as never, {} as never, () => {});
      const sessionId = request.signedCookies?.['connect.sid'] ?? '';
      socket.on('read', (_message, answer) => {
        stored.store.get(sessionId, (_error, record) => reply(answer, record?.n ?? -1));
      });
    });
  },

  // https://socket.io/how-to/use-with-express-session
  recipe({ io, middleware, connected, reply }) {
    io.engine.use(middleware);
    io.on('connection', (socket) => {
      connected();
      // The middleware has put the session there.
      const request = socket.request as unknown as { session: Session & SessionData };
      socket.on('read', (_message, answer) => {
        request.session.reload((error) => reply(answer, error ? -1 : request.session.n));
      });
    });
  },

  getSession({ io, stored, parser, connected, reply }) {
    const sockets = new SessionSockets(io, stored.store, parser);
    // Its own `connection` comes when the session was read: what a client sent before would be lost.
    sockets.on('connection', () => connected());
    io.on('connection', (socket) => {
      socket.on('read', (_message, answer) => {
        sockets.getSession(socket, (_error, session) => reply(answer, session?.n ?? -1));
      });
    });
  },

  autoSave({ io, middleware, parser, connected, reply }) {
    io.use(sharedSession(middleware, parser, { autoSave: true }));
    io.on('connection', (socket) => {
      connected();
      const handshake = socket.handshake as typeof socket.handshake & { session: SessionData };
      socket.on('read', (_message, answer) => reply(answer, handshake.session.n));
    });
  },

  sessOn(ground) {
    const { io, stored, parser } = ground;
    listen(new ExpressionSocket(io, stored.store, parser), ground);
  },

  alwaysSession({ io, stored, parser, connected, reply }) {
    const expressionIO = new ExpressionSocket(io, stored.store, parser, { alwaysSession: true });
    expressionIO.sockets.on('connection', (_error, _session, socket) => {
      connected();
      socket.on('read', (_error, session, _message, answer) => reply(answer, session?.n ?? -1));
    });
  },

  readMany(ground) {
    const { io, stored, parser } = ground;
    // A build without the option would take it for a mistake, but is not asked: see `stores.ts`.
    const options = { readMany: stored.readMany } as object;
    listen(new ExpressionSocket(io, stored.store, parser, options), ground);
  },

  authorization(ground) {
    const { io, stored, parser } = ground;
    const expressionIO = new ExpressionSocket(io, stored.store, parser);
    expressionIO.sockets.authorization((error, session, _handshake, fn) => {
      fn(error, session?.n !== undefined);
    });
    listen(expressionIO, ground);
  },
};

function listen(
  { sockets }: Pick<ExpressionSocket<ClientEvents, DefaultEventsMap>, 'sockets'>,
  { connected, reply }: Ground,
): void {
  sockets.on('connection', (_error, _session, socket) => {
    connected();
    socket.sessOn('read', (_error, session, _message, answer) => reply(answer, session?.n ?? -1));
  });
}
