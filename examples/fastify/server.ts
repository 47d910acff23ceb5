import { createReadStream } from 'node:fs';
import type { AddressInfo } from 'node:net';
import cookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import cookieParser from 'cookie-parser';
import { MemoryStore } from 'express-session';
import { ExpressionSocket } from 'expression.socket.io';
import fastify from 'fastify';
import { Server } from 'socket.io';

declare module 'fastify' {
  interface Session {
    visits?: number;
  }
}

declare module 'express-session' {
  interface SessionData {
    visits: number;
  }
}

const secret = process.env.SESSION_SECRET || 'only for trying it out; 32 characters at least';
// A store of express-session: this library needs more of it than @fastify/session does.
const store = new MemoryStore();
const app = fastify();
const io = new Server<{ visit(): void }, { visits(visits: number): void }>(app.server);
const expressionIO = new ExpressionSocket(io, store, cookieParser(secret));

app.register(cookie);
app.register(fastifySession, {
  secret,
  // Both packages declare what a session holds, each for itself.
  store: store as fastifySession.SessionStore,
  // With these two, the cookie is as express-session would have signed it.
  cookieName: 'connect.sid',
  cookiePrefix: 's:',
  // A request that changes nothing writes nothing.
  rolling: false,
  saveUninitialized: false,
  cookie: { secure: 'auto', sameSite: 'lax' },
});

app.get('/', (_request, reply) => {
  reply.type('text/html').send(createReadStream(`${import.meta.dirname}/../visits.html`));
});

app.get('/visits', async (request) => {
  request.session.visits = (request.session.visits ?? 0) + 1;
  return request.session.visits;
});

app.post('/login', async (request) => {
  await request.session.regenerate();
  request.session.visits = 0;
  return 'You have a new session.';
});

app.post('/logout', async (request) => {
  await request.session.destroy();
  return 'You have no session any more.';
});

expressionIO.sockets.on('connection', (_err, _session, socket) => {
  socket.sessOn('visit', async (err, session) => {
    if (err) return console.error(err.message);
    await session.update((fresh) => {
      fresh.visits = (fresh.visits ?? 0) + 1;
    });
    socket.emit('visits', session.visits ?? 0);
  });
});

await app.listen({ port: Number(process.env.PORT ?? 3000) });
console.log(`http://localhost:${(app.server.address() as AddressInfo).port}`);
