/**
 * @module The compared packages, each installed as its own documentation says. All answer the same
 * events: `read` tells `session.n`, `note` notes its number, `count` adds one to `session.n`, and
 * `change` sets `session.socket` after some work.
 */

import type { Session, SessionData } from 'express-session';
import sharedSession from 'express-socket.io-session';
import passport from 'passport';
import * as passportSocketIo from 'passport.socketio';
import SessionSockets from 'session.socket.io';
import type { Socket } from 'socket.io';
import { ExpressionSocket } from '../../source/index.js';
import type { PeerSetup } from './peer-app.js';

type Answer = (value?: unknown) => void;
type PeerSession = Session & SessionData & Record<string, unknown>;

/** Installs a package; returns what closes it, if anything does. */
export type Install = (setup: PeerSetup) => (() => void) | undefined;

/** Finds the session for an event, as the package does; undefined where there is none. */
type WithSession = (use: (session: PeerSession | undefined) => void) => void;

/** Listens with sessions of express-session's own: what is changed is saved by `save`. */
function listen(socket: Socket, withSession: WithSession, { work, noted }: PeerSetup): void {
  socket.on('read', (answer: Answer) => withSession((session) => answer(session?.n ?? null)));
  socket.on('note', (n: number, answer: Answer) => {
    withSession(() => {
      noted(n);
      answer();
    });
  });
  socket.on('count', (answer: Answer) => {
    withSession((session) => {
      if (!session) return answer();
      session.n += 1;
      session.save(() => answer());
    });
  });
  socket.on('change', (answer: Answer) => {
    withSession(async (session) => {
      if (!session) return answer();
      await work();
      session.socket = 1;
      session.save(() => answer());
    });
  });
}

/** The packages by their names in the README's table. */
export const peers: Readonly<Record<string, Install>> = {
  'expression.socket.io'({ io, store, parser, work, noted }) {
    const expressionIO = new ExpressionSocket(io, store, parser);
    expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('read', (err, session, answer: Answer) => answer(err ? null : session.n));
      socket.sessOn('note', (_err, _session, n: number, answer: Answer) => {
        noted(n);
        answer();
      });
      socket.sessOn('count', async (err, session, answer: Answer) => {
        if (err) return answer();
        await session.update((fresh) => {
          fresh.n = (fresh.n ?? 0) + 1;
        });
        answer();
      });
      socket.sessOn('change', async (err, session, answer: Answer) => {
        if (err) return answer();
        await work();
        Object.assign(session, { socket: 1 });
        session.save(() => answer());
      });
    });
    return () => expressionIO.close();
  },

  // https://socket.io/how-to/use-with-express-session
  'official recipe'(setup) {
    setup.io.engine.use(setup.middleware);
    setup.io.on('connection', (socket) => {
      const request = socket.request as unknown as { session: PeerSession };
      const reload: WithSession = (use) =>
        request.session.reload((error) => use(error ? undefined : request.session));
      listen(socket, reload, setup);
    });
    return undefined;
  },

  // https://www.npmjs.com/package/express-socket.io-session
  'express-socket.io-session'(setup) {
    setup.io.use(sharedSession(setup.middleware, setup.parser, { autoSave: true }));
    setup.io.on('connection', (socket) => {
      const handshake = socket.handshake as typeof socket.handshake & { session?: PeerSession };
      listen(socket, (use) => use(handshake.session), setup);
    });
    return undefined;
  },

  // https://www.npmjs.com/package/session.socket.io
  'session.socket.io'(setup) {
    const sessionSockets = new SessionSockets(setup.io, setup.store, setup.parser);
    sessionSockets.on('connection', (_err, socket) => {
      const read: WithSession = (use) =>
        sessionSockets.getSession(socket, (_error, session) => use(session as PeerSession));
      listen(socket, read, setup);
    });
    return undefined;
  },

  // https://www.npmjs.com/package/passport.socketio
  'passport.socketio'({ io, secret, store, parser }) {
    const authenticator = new passport.Passport();
    authenticator.deserializeUser((name, done) => done(null, { name }));
    const cookieParser = () => parser;
    io.use(passportSocketIo.authorize({ secret, store, cookieParser, passport: authenticator }));
    io.on('connection', (socket) => {
      const request = socket.request as unknown as { user?: { name: string }; session?: object };
      socket.on('read', (answer: Answer) => answer(request.user?.name ?? null));
      socket.on('hasSession', (answer: Answer) => answer(request.session !== undefined));
    });
    return undefined;
  },
};
