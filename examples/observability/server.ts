import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BasicTracerProvider,
  ConsoleSpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import cookieParser from 'cookie-parser';
import express from 'express';
import session from 'express-session';
import { ExpressionSocket } from 'expression.socket.io';
import { register } from 'prom-client';
import { Server } from 'socket.io';
import { measureSessions } from './metrics.js';
import { traceSessions } from './spans.js';

declare module 'express-session' {
  interface SessionData {
    visits: number;
  }
}

// An application has this in its own set-up, with an exporter to its collector.
const provider = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
});
traceSessions(provider.getTracer('expression.socket.io'));
measureSessions(register);

const secret = process.env.SESSION_SECRET || 'only for trying it out';
const store = new session.MemoryStore();
const app = express();
const server = createServer(app);
const io = new Server<{ visit(): void }, { visits(visits: number): void }>(server);
const expressionIO = new ExpressionSocket(io, store, cookieParser(secret));

app.get('/metrics', async (_req, res) => {
  res.type(register.contentType).send(await register.metrics());
});
app.use(session({ secret, store, resave: false, saveUninitialized: false }));
app.get('/', (_req, res) => res.sendFile('visits.html', { root: `${import.meta.dirname}/..` }));
app.get('/visits', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.json(req.session.visits);
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
