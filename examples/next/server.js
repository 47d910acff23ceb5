import { createServer } from 'node:http';
import cookieParser from 'cookie-parser';
import express from 'express';
import session from 'express-session';
import { ExpressionSocket } from 'expression.socket.io';
import next from 'next';
import { Server } from 'socket.io';

const secret = process.env.SESSION_SECRET || 'only for trying it out';
const store = new session.MemoryStore();
const app = express();
const server = createServer(app);
const expressionIO = new ExpressionSocket(new Server(server), store, cookieParser(secret));

// What needs `req.session` is Express's…
app.use('/api', session({ secret, store, resave: false, saveUninitialized: false }));
app.get('/api/visits', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.json(req.session.visits);
});

// …and all else is Next's.
const pages = next({ dev: process.env.NODE_ENV !== 'production', dir: import.meta.dirname });
await pages.prepare();
const handle = pages.getRequestHandler();
app.use((req, res) => handle(req, res));

expressionIO.sockets.on('connection', (_err, _session, socket) => {
  socket.sessOn('visit', async (err, session) => {
    if (err) return console.error(err.message);
    await session.update((fresh) => {
      fresh.visits = (fresh.visits ?? 0) + 1;
    });
    socket.emit('visits', session.visits);
  });
});

server.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${server.address().port}`);
});
