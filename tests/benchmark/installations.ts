/**
 * @module How each variant is installed on a server, as its own documentation has it. Each listener
 * does the work that the load asks for and answers whose session it had; a failure is answered with
 * -1.
 */

import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type cookieParser from 'cookie-parser';
import type session from 'express-session';
import type { Session, SessionData } from 'express-session';
import sharedSession from 'express-socket.io-session';
import { ExpressionSocket } from 'expression.socket.io';
import SessionSockets from 'session.socket.io';
import type { DefaultEventsMap, Server } from 'socket.io';
import { countPurchase, isReading, readSession, type Work } from './records.js';
import type { CountedStore } from './stores.js';
import type { VariantName } from './variants.js';

/** Answers an event: the number tells the client whose session it was. */
export type Answer = (n: number) => void;

/** What clients send. */
export interface ClientEvents {
  work(message: { readonly n: number }, answer: Answer): void;
}

/** What there is to install a variant on. */
export interface Installation {
  readonly io: Server<ClientEvents, DefaultEventsMap>;
  readonly stored: CountedStore;
  /** The middleware of express-session. */
  readonly middleware: ReturnType<typeof session>;
  readonly parser: ReturnType<typeof cookieParser>;
  readonly work: Work;
  /** Counts a connection whose application has its socket. */
  connected(): void;
  /** Counts an event, and answers it. */
  reply(answer: Answer, n: number): void;
}

/** The session id in the signed cookie of a handshake. */
function parseSessionId(headers: IncomingHttpHeaders, parser: Installation['parser']): string {
  const request = { headers: { ...headers } } as IncomingMessage & Cookies;
  parser(request as never, {} as never, () => {});
  return request.signedCookies?.['connect.sid'] ?? '';
}

/** What a cookie parser leaves. */
interface Cookies {
  signedCookies?: Record<string, string>;
}

/** Installs the variants. */
export const installations: Record<VariantName, (installation: Installation) => void> = {
  bare({ io, connected, reply }) {
    io.on('connection', (socket) => {
      connected();
      socket.on('work', ({ n }, answer) => reply(answer, n));
    });
  },

  storeGet({ io, stored: { store }, parser, work, connected, reply }) {
    io.on('connection', (socket) => {
      connected();
      const sessionId = parseSessionId(socket.handshake.headers, parser);
      socket.on('work', (_message, answer) => {
        store.get(sessionId, (_error, record) => {
          if (!record) return reply(answer, -1);
          const n = readSession(work, record);
          if (isReading(work)) return reply(answer, n);
          countPurchase(record);
          store.set(sessionId, record, (error) => reply(answer, error ? -1 : n));
        });
      });
    });
  },

  // Only for connecting: its events answer from the first read.
  byHand({ io, stored: { store }, parser, work, connected, reply }) {
    io.use((socket, next) => {
      const sessionId = parseSessionId(socket.handshake.headers, parser);
      store.get(sessionId, (_error, record) => {
        if (!record) return next(new Error('There is no such session'));
        const room = createHash('sha256').update(sessionId).digest('base64url');
        socket.data = { room, n: readSession(work, record) };
        next();
      });
    });
    io.on('connection', (socket) => {
      connected();
      const { room, n } = socket.data as { readonly room: string; readonly n: number };
      void socket.join(room);
      socket.on('work', (_message, answer) => reply(answer, n));
    });
  },

  // https://socket.io/how-to/use-with-express-session
  recipe({ io, middleware, work, connected, reply }) {
    io.engine.use(middleware);
    io.on('connection', (socket) => {
      connected();
      // The middleware has put the session there.
      const request = socket.request as unknown as { session: Session & SessionData };
      socket.on('work', (_message, answer) => {
        request.session.reload((error) => {
          if (error) return reply(answer, -1);
          const n = readSession(work, request.session);
          if (isReading(work)) return reply(answer, n);
          countPurchase(request.session);
          request.session.save((error) => reply(answer, error ? -1 : n));
        });
      });
    });
  },

  getSession({ io, stored, parser, work, connected, reply }) {
    const sockets = new SessionSockets(io, stored.store, parser);
    // Its own `connection` comes when the session was read: what a client sent before would be lost.
    sockets.on('connection', () => connected());
    io.on('connection', (socket) => {
      socket.on('work', (_message, answer) => {
        sockets.getSession(socket, (_error, session) => {
          reply(answer, session ? readSession(work, session) : -1);
        });
      });
    });
  },

  autoSave({ io, middleware, parser, work, connected, reply }) {
    io.use(sharedSession(middleware, parser, { autoSave: true }));
    io.on('connection', (socket) => {
      connected();
      const handshake = socket.handshake as typeof socket.handshake & { session: SessionData };
      socket.on('work', (_message, answer) => {
        reply(answer, readSession(work, handshake.session));
      });
    });
  },

  ours({ io, stored, parser, work, connected, reply }) {
    const expressionIO = new ExpressionSocket(io, stored.store, parser, stored.options);
    expressionIO.sockets.on('connection', (_error, _session, socket) => {
      connected();
      socket.sessOn('work', (error, session, _message, answer) => {
        if (error) return reply(answer, -1);
        const n = readSession(work, session);
        if (isReading(work)) return reply(answer, n);
        const done = (): void => reply(answer, n);
        const failed = (): void => reply(answer, -1);
        if (work === 'update') {
          session.update(countPurchase).then(done, failed);
          return;
        }
        countPurchase(session);
        session.save().then(done, failed);
      });
    });
  },
};
