import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import cookieParser from 'cookie-parser';
import express from 'express';
import session from 'express-session';
import { ExpressionSocket } from 'expression.socket.io';
import { Server } from 'socket.io';

declare module 'express-session' {
  interface SessionData {
    userName: string;
  }
}

interface ClientToServer {
  whoAmI(reply: (answer: { name?: string; error?: string }) => void): void;
}

interface ServerToClient {
  hello(name: string): void;
}

// A real application has a database, and keeps hashes of passwords.
const passwords = new Map([
  ['ada', 'lovelace'],
  ['charles', 'babbage'],
]);
const secret = process.env.SESSION_SECRET || 'only for trying it out';
const store = new session.MemoryStore();
const app = express();
const server = createServer(app);
const io = new Server<ClientToServer, ServerToClient>(server);
const expressionIO = new ExpressionSocket(io, store, cookieParser(secret));

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

app.post('/login', (req, res, next) => {
  const { name, password } = req.body ?? {};
  if (!passwords.has(name) || passwords.get(name) !== password) return res.redirect(303, '/?wrong');

  // A new id, so that nobody can know it who has planted the old one in the browser.
  req.session.regenerate((error) => {
    if (error) return next(error);
    req.session.userName = name;
    // Saved before the answer: the page that follows connects at once.
    req.session.save((error) => (error ? next(error) : res.redirect(303, '/')));
  });
});

app.post('/logout', (req, res, next) => {
  req.session.destroy((error) => {
    if (error) return next(error);
    res.clearCookie('connect.sid').redirect(303, '/');
  });
});

const members = expressionIO.of('/members');

members.authorization((err, session, _handshake, fn) => {
  fn(err, session?.userName !== undefined);
});

members.on('connection', (err, session, socket) => {
  if (err || !session.userName) return void socket.disconnect();
  socket.emit('hello', session.userName);

  socket.sessOn('whoAmI', (err, session, reply) => {
    if (err) return reply({ error: err.code });
    reply({ name: session.userName ?? 'nobody' });
  });
});

server.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
