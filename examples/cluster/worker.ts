/**
 * @module One of the processes, which share nothing but Redis. The library and Socket.IO need three
 * lines for that, which are numbered; the rest opens Redis and shows the processes.
 */

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createAdapter } from '@socket.io/redis-adapter';
import { setupWorker } from '@socket.io/sticky';
import { RedisStore } from 'connect-redis';
import cookieParser from 'cookie-parser';
import express, { type ErrorRequestHandler } from 'express';
import session from 'express-session';
import { ExpressionSocket, SessionError, type SocketSession } from 'expression.socket.io';
import { redis } from 'expression.socket.io/redis';
import helmet from 'helmet';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import type {
  ClientToServer,
  Person,
  ProcessToProcess,
  ServerProcess,
  ServerToClient,
} from './events.js';

interface Counted {
  person: Person | undefined;
  count: number;
}

const { pid } = process;
const { REDIS_URL: url = '', SESSION_SECRET: secret = '' } = process.env;
const pages = fileURLToPath(new URL('public', import.meta.url));

const [client, publisher, subscriber] = await Promise.all([
  // An answer at once that Redis is away is better than one that never comes.
  connectRedis({ disableOfflineQueue: true }),
  connectRedis(),
  connectRedis(),
]);

const store = new RedisStore({ client });
const app = express();
const server = createServer(app);
const io = new Server<ClientToServer, ServerToClient, ProcessToProcess>(server, {
  adapter: createAdapter(publisher, subscriber), // 1. Rooms, and the word of a logout, reach all.
});
const expressionIO = new ExpressionSocket(io, store, cookieParser(secret), {
  ...redis(client), // 2. The lock of a session is one for all, and so is the check before a write.
});
setupWorker(io); // 3. The requests of a connection come to the process that it began with.

app.use(
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
  }),
);
app.use(express.static(pages, { index: false }));
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
  req.session.person ??= { id: randomUUID(), name: 'Guest', isGuest: true };
  res.set('Cache-Control', 'no-store');
  res.sendFile('page.html', { root: pages });
});

app.post('/count', async (req, res) => {
  tellCount(await expressionIO.update(req.sessionID, countOne));
  res.json({ pid });
});

// A form and `fetch()` do the same here. The login makes a new session, with a new id: sockets of the
// old one are sent to come back with the new cookie.
app.post('/login', express.urlencoded({ extended: false, limit: '4kb' }), (req, res, next) => {
  const name = readName(req.body?.name);
  if (name === undefined) return void res.status(400).send('A name has 1 to 24 characters.');
  req.session.regenerate((error) => {
    if (error) return next(error);
    req.session.person = { id: randomUUID(), name, isGuest: false };
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

// Express knows an error handler by its four parameters.
const showProblem: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) return next(error);
  const code = error instanceof SessionError ? error.code : undefined;
  if (code !== 'ERR_SESSION_ENDED') console.error(error);
  res.status(code === 'ERR_SESSION_ENDED' ? 409 : 503).json({ pid, code });
};
app.use(showProblem);

expressionIO.sockets.authorization((err, session, _handshake, fn) => {
  if (err) return fn(err);
  fn(null, session.person !== undefined);
});

expressionIO.sockets.on('connection', (err, session, socket) => {
  if (err || !session.person) return void socket.disconnect();
  socket.join(session.person.id);
  socket.emit('welcome', pid, session.person, session.count ?? 0);
  tellProcesses();
  socket.on('disconnect', tellProcesses);

  socket.sessOn('count', async (err, session, reply) => {
    // Types are a promise of our own page. Anybody can send anything.
    if (typeof reply !== 'function') return;
    if (err) return reply(err.code);
    try {
      tellCount(await session.update(countOne));
      reply();
    } catch (error) {
      reply(error instanceof SessionError ? error.code : 'ERR_SESSION_STORE');
    }
  });
});

io.on('describe', (reply) => reply(describe()));

// The adapter does not catch it where a publication fails because Redis goes away.
process.on('unhandledRejection', (error) => console.error(error));

// A terminal sends it to all processes. The first one says when it is time.
process.on('SIGINT', () => {});
process.once('disconnect', async () => {
  expressionIO.close();
  await io.close();
  for (const each of [client, publisher, subscriber]) each.destroy();
  process.exit(0);
});
tellProcesses();
process.send?.('ready');

/** The change itself: nobody else changes the session meanwhile, on whatever process. */
function countOne(session: SocketSession): Counted {
  session.count = (session.count ?? 0) + 1;
  return { person: session.person, count: session.count };
}

/** Tells all tabs of a visitor, on whatever process. */
function tellCount({ person, count }: Counted): void {
  if (person) io.to(person.id).emit('counted', count, pid);
}

function describe(): ServerProcess {
  return { pid, tabs: io.of('/').sockets.size };
}

/** Tells every page which processes there are: as many as answer. */
async function tellProcesses(): Promise<void> {
  const others = await io
    .serverSideEmitWithAck('describe')
    .catch((error: { responses: ServerProcess[] }) => error.responses);
  io.emit('processes', [describe(), ...others]);
}

async function connectRedis(options = {}) {
  const client = createClient({ url, ...options });
  client.on('error', (error: Error) => console.error('Redis:', error.message || error));
  return client.connect();
}

function readName(input: unknown): string | undefined {
  const name = typeof input === 'string' ? input.normalize().replace(/\s+/g, ' ').trim() : '';
  return name === '' || name.length > 24 ? undefined : name;
}
