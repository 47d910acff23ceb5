import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import cookieParser from 'cookie-parser';
import express from 'express';
import session from 'express-session';
import { enable } from 'expression.socket.io/sessions';
import { Server } from 'socket.io';

declare module 'express-session' {
  interface SessionData {
    pings: number;
  }
}

interface ClientToServer {
  message(message: string, sent?: () => void): void;
}
interface ServerToClient {
  message(message: { pong: number } | { refresh: string }): void;
}

const secret = process.env.SESSION_SECRET || 'only for trying it out';
const store = new session.MemoryStore();
const app = express();
const server = createServer(app);

app.use(session({ secret, store, resave: false, saveUninitialized: true }));
app.get('/', (_req, res) => res.sendFile('page.html', { root: import.meta.dirname }));
app.get('/simple.css', (_req, res) =>
  res.sendFile('simple.css', { root: `${import.meta.dirname}/..` }),
);
app.post('/end', (req, res) => req.session.destroy(() => res.end()));

const sessions = enable({
  socket: new Server<ClientToServer, ServerToClient>(server),
  store,
  parser: cookieParser(secret),
  per_message: true,
});

sessions.on('sconnection', (client) => {
  client.on('smessage', (_message, session, sent) => {
    session.pings = (session.pings ?? 0) + 1;
    client.send({ pong: session.pings });
    // Types are a promise of our own page. Anybody can send anything.
    if (typeof sent === 'function') sent();
  });
});

sessions.on('sinvalid', (client, error) => {
  client.send({ refresh: `Your session is over (${error.code}). Refresh the page for a new one.` });
});

server.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
