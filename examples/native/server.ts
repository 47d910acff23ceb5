import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import cookieParser from 'cookie-parser';
import express from 'express';
import session from 'express-session';
import { ExpressionSocket } from 'expression.socket.io';
import { Server } from 'socket.io';

declare module 'express-session' {
  interface SessionData {
    name: string;
    connections: number;
  }
}

interface ServerToClient {
  hello(name: string | undefined, connections: number): void;
}

const secret = process.env.SESSION_SECRET || 'only for trying it out';
const store = new session.MemoryStore();
const app = express();
const server = createServer(app);
const io = new Server<Record<string, never>, ServerToClient>(server);
const expressionIO = new ExpressionSocket(io, store, cookieParser(secret), {
  ticket: { once: true },
});

app.use(session({ secret, store, resave: false, saveUninitialized: false }));
app.post('/login', express.json(), (req, res) => {
  // Here an application would check a password, and regenerate the session.
  req.session.name = String(req.body?.name);
  res.status(204).end();
});
app.post('/ticket', expressionIO.ticketHandler());

expressionIO.sockets.authorization((err, _session, _handshake, fn) => fn(err, !err));
expressionIO.sockets.on('connection', async (err, session, socket) => {
  if (err) return;
  const connections = await session.update((session) => {
    session.connections = (session.connections ?? 0) + 1;
    return session.connections;
  });
  socket.emit('hello', session.name, connections);
});

server.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
