import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import cookieParser from 'cookie-parser';
import express from 'express';
import session from 'express-session';
import { ExpressionSocket } from 'expression.socket.io';
import passport from 'passport';
import { Server } from 'socket.io';
import { findUser, type Identity, logInByPassword, type User } from './users.js';

declare module 'express-session' {
  interface SessionData {
    /** What `serializeUser` made of the user. */
    passport: { user?: Identity };
  }
}

interface ClientToServer {
  whoAmI(reply: (name: string | null) => void): void;
}

interface ServerToClient {
  hello(name: string): void;
}

const secret = process.env.SESSION_SECRET || 'only for trying it out';
const store = new session.MemoryStore();
const app = express();
const server = createServer(app);
const io = new Server<ClientToServer, ServerToClient>(server);
const expressionIO = new ExpressionSocket(io, store, cookieParser(secret));

passport.use(logInByPassword);
passport.serializeUser<Identity>((user, done) => done(null, identityOf(user as User)));
passport.deserializeUser<Identity>((identity, done) => done(null, findUser(identity) ?? false));

app.use(
  session({
    secret,
    store,
    resave: false,
    saveUninitialized: false,
    cookie: { sameSite: 'lax', secure: 'auto' },
  }),
);
app.use(passport.session());
app.use(express.urlencoded({ extended: false }));

app.get('/', (_req, res) => res.sendFile('page.html', { root: import.meta.dirname }));
app.get('/simple.css', (_req, res) =>
  res.sendFile('simple.css', { root: `${import.meta.dirname}/..` }),
);

app.post('/login', passport.authenticate('local', { failureRedirect: '/?wrong' }), (_req, res) =>
  res.redirect(303, '/'),
);

app.post('/logout', (req, res, next) => {
  req.logout((error) => (error ? next(error) : res.redirect(303, '/')));
});

app.post('/logout-everywhere', (req, res, next) => {
  const user = req.user as User | undefined;
  if (user) {
    // No session of this user is good for a login any more, wherever it is stored…
    user.generation++;
    // …and no socket of theirs stays, on any node.
    io.in(roomOf(user)).disconnectSockets();
  }
  req.logout((error) => (error ? next(error) : res.redirect(303, '/')));
});

expressionIO.sockets.authorization((err, session, _handshake, fn) => {
  fn(err, findUser(session?.passport?.user) !== undefined);
});

expressionIO.sockets.on('connection', (err, session, socket) => {
  const user = findUser(session?.passport?.user);
  if (err || !user) return void socket.disconnect();

  // All sockets of the user: of all tabs, of all browsers, of all sessions.
  socket.join(roomOf(user));
  socket.emit('hello', user.name);

  socket.sessOn('whoAmI', (err, session, reply) => {
    if (err) return reply(null);
    reply(findUser(session.passport?.user)?.name ?? null);
  });
});

function identityOf({ id, generation }: User): Identity {
  return { id, generation };
}

function roomOf({ id }: User): string {
  return `user:${id}`;
}

server.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
