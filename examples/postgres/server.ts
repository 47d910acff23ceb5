import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import connectPgSimple from 'connect-pg-simple';
import cookieParser from 'cookie-parser';
import express from 'express';
import session from 'express-session';
import { ExpressionSocket } from 'expression.socket.io';
import { postgres } from 'expression.socket.io/postgres';
import type { Pool } from 'pg';
import { Server } from 'socket.io';
import { openDatabase } from './database.js';

declare module 'express-session' {
  interface SessionData {
    visits: number;
  }
}

const secret = process.env.SESSION_SECRET || 'only for trying it out';
const database = await openDatabase(process.env.DATABASE_URL);
const store = new (connectPgSimple(session))({
  // It only ever calls `query`.
  pool: database as Pool,
  pruneSessionInterval: false,
});
const app = express();
const server = createServer(app);

app.use(session({ secret, store, resave: false, saveUninitialized: false }));
app.get('/', (_req, res) => res.sendFile('visits.html', { root: `${import.meta.dirname}/..` }));
app.get('/visits', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.json(req.session.visits);
});

const io = new Server<{ visit(): void }, { visits(visits: number): void }>(server);
const expressionIO = new ExpressionSocket(io, store, cookieParser(secret), {
  ...postgres(database),
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

server.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
