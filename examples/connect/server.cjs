const { readFileSync } = require('node:fs');
const { createServer } = require('node:http');
const connect = require('connect');
const cookieParser = require('cookie-parser');
const session = require('express-session');
const ExpressionSocket = require('expression.socket.io');
const { Server } = require('socket.io');

const page = readFileSync(`${__dirname}/../visits.html`);
const secret = process.env.SESSION_SECRET || 'only for trying it out';
const store = new session.MemoryStore();
const app = connect();
const server = createServer(app);
const expressionIO = new ExpressionSocket(new Server(server), store, cookieParser(secret), {
  alwaysSession: true,
  autoErrManager: true,
});

app.use(session({ secret, store, resave: false, saveUninitialized: false }));
app.use('/visits', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.end(String(req.session.visits));
});
app.use((_req, res) => res.setHeader('Content-Type', 'text/html').end(page));

expressionIO.sockets.on('connection', (_session, socket) => {
  socket.on('visit', async (session) => {
    await session.update((fresh) => {
      fresh.visits = (fresh.visits ?? 0) + 1;
    });
    socket.emit('visits', session.visits);
  });
});

server.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${server.address().port}`);
});
