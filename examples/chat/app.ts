/**
 * @module The web application around the room: log in, log out, and the page. Plain Express and
 * `express-session`; nothing here knows that there are sockets.
 */

import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import session from 'express-session';
import helmet from 'helmet';
import { openChatRoom } from './chat-room.js';
import { limits } from './events.js';
import { chatPage, guestPage, problemPage } from './pages.js';
import { openSessionStore } from './session-store.js';

export interface ChatOptions {
  /** Signs the session cookie. */
  secret: string;
  /** Keeps the sessions in Redis rather than in this process. */
  redisUrl?: string | undefined;
}

export interface Chat {
  /** Ready to `listen`. */
  server: Server;
  close(): Promise<void>;
}

/** Makes the whole chat, for `server.ts` and for tests. */
export async function createChat({ secret, redisUrl }: ChatOptions): Promise<Chat> {
  const { store, close: closeStore } = await openSessionStore(redisUrl);
  const app = express();
  const server = createServer(app);
  const room = openChatRoom(server, store, secret);

  app.disable('x-powered-by');
  app.use(securityHeaders);
  app.use(express.static(fileURLToPath(new URL('public', import.meta.url)), { index: false }));
  app.use(refuseForeignForms);
  app.use(express.urlencoded({ extended: false, limit: '4kb' }));
  app.use(
    session({
      secret,
      store,
      resave: false,
      saveUninitialized: false,
      cookie: { sameSite: 'lax', secure: 'auto', maxAge: 24 * 60 * 60 * 1000 },
    }),
  );

  app.get('/', (req, res) => {
    res.set('Cache-Control', 'no-store');
    const { user, messages = 0 } = req.session;
    res.send(user ? chatPage(user, messages) : guestPage());
  });

  app.post('/login', (req, res, next) => {
    const name = readName(req.body?.name);
    if (name.problem) return void res.status(400).send(guestPage(name.value, name.problem));

    // A new id for whoever logs in: one that somebody planted in the browser is worth nothing.
    req.session.regenerate((error) => {
      if (error) return next(error);
      req.session.user = { id: randomUUID(), name: name.value };
      req.session.save((error) => (error ? next(error) : res.redirect(303, '/')));
    });
  });

  app.post('/logout', (req, res, next) => {
    req.session.destroy((error) => {
      if (error) return next(error);
      res.clearCookie('connect.sid');
      res.redirect(303, '/');
    });
  });

  app.use((_req, res) => {
    res.status(404).send(problemPage('There is no such page.'));
  });
  app.use(showProblem);

  return {
    server,
    async close() {
      await room.close();
      await closeStore();
    },
  };
}

const securityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      // The own host's WebSockets included.
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
  },
  // Helmet's own choice, `no-referrer`, makes browsers send `Origin: null` with a form.
  referrerPolicy: { policy: 'same-origin' },
});

/** Against forms on other sites, where a browser is too old for `SameSite`. */
const refuseForeignForms: RequestHandler = (req, res, next) => {
  const origin = req.get('origin');
  if (req.method !== 'POST' || origin === undefined) return next();
  if (URL.canParse(origin) && new URL(origin).host === req.get('host')) return next();
  res.status(403).send(problemPage('This form was sent from another site.'));
};

// Express knows an error handler by its four parameters.
const showProblem: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) return next(error);
  const status = Number.isInteger(error?.status) ? error.status : 500;
  if (status >= 500) console.error(error);
  res
    .status(status)
    .send(
      problemPage(
        status < 500
          ? 'The server could not read what your browser sent.'
          : 'Something went wrong on the server. Please try again in a moment.',
      ),
    );
};

function readName(input: unknown): { value: string; problem?: string } {
  const value = typeof input === 'string' ? input.normalize().replace(/\s+/g, ' ').trim() : '';
  if (value === '') return { value, problem: 'Please tell us your name.' };
  if (value.length > limits.name)
    return { value, problem: `Please choose a name of at most ${limits.name} characters.` };
  if (!/[\p{L}\p{N}]/u.test(value))
    return { value, problem: 'Please use at least one letter or digit.' };
  return { value };
}
