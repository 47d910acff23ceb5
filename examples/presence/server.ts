import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import cookieParser from 'cookie-parser';
import express from 'express';
import session from 'express-session';
import { ExpressionSocket } from 'expression.socket.io';
import { type DefaultEventsMap, Server } from 'socket.io';

/** What everybody may know of a visitor. The session's own id is a secret, and stays one. */
interface Guest {
  id: string;
  name: string;
}

declare module 'express-session' {
  interface SessionData {
    guest: Guest;
  }
}

interface ClientToServer {
  say(text: string): void;
}

interface ServerToClient {
  here(guests: readonly Guest[], you: Guest): void;
  said(name: string, text: string): void;
}

const secret = process.env.SESSION_SECRET || 'only for trying it out';
const store = new session.MemoryStore();
const app = express();
const server = createServer(app);
const io = new Server<ClientToServer, ServerToClient, DefaultEventsMap, { guest: Guest }>(server);
const expressionIO = new ExpressionSocket(io, store, cookieParser(secret), {
  autoErrManager: true,
});

app.use(
  session({
    secret,
    store,
    resave: false,
    saveUninitialized: false,
    cookie: { sameSite: 'lax', secure: 'auto' },
  }),
);
app.use(express.urlencoded({ extended: false }));

app.get('/', (_req, res) => res.sendFile('page.html', { root: import.meta.dirname }));
app.get('/simple.css', (_req, res) =>
  res.sendFile('simple.css', { root: `${import.meta.dirname}/..` }),
);

app.post('/enter', (req, res, next) => {
  req.session.regenerate((error) => {
    if (error) return next(error);
    const name = String(req.body?.name ?? '').slice(0, 24) || 'Somebody';
    req.session.guest = { id: randomUUID(), name };
    req.session.save((error) => (error ? next(error) : res.redirect(303, '/')));
  });
});

app.post('/leave', (req, res, next) => {
  req.session.destroy((error) => {
    if (error) return next(error);
    res.clearCookie('connect.sid').redirect(303, '/');
  });
});

expressionIO.sockets.authorization((session, _handshake, fn) => {
  fn(null, session.guest !== undefined);
});

expressionIO.sockets.on('connection', async (session, socket) => {
  if (!session.guest) return;
  socket.data.guest = session.guest;
  socket.join('guests');

  socket.sessOn('say', (session, text) => {
    // Types are a promise of our own page. Anybody can send anything.
    if (session.guest && typeof text === 'string')
      io.to('guests').emit('said', session.guest.name, text.slice(0, 500));
  });

  // A tab that is closed, a lost connection, a logout: each ends with this.
  socket.on('disconnect', tellWhoIsHere);
  await tellWhoIsHere();
});

/** Tells everybody who is here: each visitor once, whatever the number of their tabs. */
async function tellWhoIsHere(): Promise<void> {
  const sockets = await io.in('guests').fetchSockets();
  const guests = new Map(sockets.map(({ data: { guest } }) => [guest.id, guest]));
  for (const socket of sockets) socket.emit('here', [...guests.values()], socket.data.guest);
}

server.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
