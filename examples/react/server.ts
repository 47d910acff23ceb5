import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import cookieParser from 'cookie-parser';
import express from 'express';
import session from 'express-session';
import { ExpressionSocket } from 'expression.socket.io';
import { Server } from 'socket.io';

declare module 'express-session' {
  interface SessionData {
    visits: number;
  }
}

const isProduction = process.env.NODE_ENV === 'production';
const secret = process.env.SESSION_SECRET || 'only for trying it out';
const store = new session.MemoryStore();
const app = express();
const server = createServer(app);
const io = new Server<{ visit(): void }, { visits(visits: number): void }>(server);
const expressionIO = new ExpressionSocket(io, store, cookieParser(secret), {
  // Vite's proxy changes the host, and the page's origin stays what it is: foreign, to this server.
  // In production there is no proxy, and nothing to allow.
  origins: isProduction ? [] : [/^http:\/\/localhost:\d+$/],
});

app.use(session({ secret, store, resave: false, saveUninitialized: false }));
app.get('/api/visits', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.json(req.session.visits);
});
// What `vite build` has made. In development, Vite serves the page itself.
app.use(express.static(`${import.meta.dirname}/dist`));

expressionIO.sockets.authorization((err, _session, _handshake, fn) => fn(err, !err));

expressionIO.sockets.on('connection', (_err, _session, socket) => {
  socket.sessOn('visit', async (err, session) => {
    if (err) return;
    await session.update((fresh) => {
      fresh.visits = (fresh.visits ?? 0) + 1;
    });
    socket.emit('visits', session.visits ?? 0);
  });
});

server.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
