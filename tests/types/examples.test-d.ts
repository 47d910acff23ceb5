/**
 * @module The `@example`s of the documentation compile, word for word.
 */

import cookieParser from 'cookie-parser';
import express from 'express';
import { Server } from 'socket.io';
import {
  ExpressionSocket,
  type SessionArguments,
  type SessionLock,
  type SessionNamespace,
  type SessionSocket,
  type SocketSession,
} from '../../source/index.js';
import { store } from './expect.js';

interface ClientEvents {
  count: (ack: (answer: number | string) => void) => void;
  vote: (option: string, ack: (answer: string) => void) => void;
}
interface ServerEvents {
  welcome: (votes: number) => void;
}
declare const httpServer: undefined;
declare const myLocks: {
  lock(name: string, terms: { signal: AbortSignal }): Promise<{ unlock(): Promise<void> }>;
};
const app = express();
declare function isMember(session: SocketSession): Promise<boolean>;

const io = new Server<ClientEvents, ServerEvents>(httpServer);
const expressionIO = new ExpressionSocket(io, store, cookieParser('secret'));

expressionIO.sockets.on('connection', (err, session, socket) => {
  if (err) return void socket.disconnect();
  socket.sessOn('vote', async (err, session, option) => {
    if (err) return;
    session.vote = option;
    await session.save();
  });
});

expressionIO.of('/chat').on('connection', (err, session, socket) => {});

new ExpressionSocket(io, store, cookieParser('keyboard cat'));

function onVote(...[err, session, option]: SessionArguments<false, [option: string]>): void {
  if (!err) console.log(session.id, option);
}

function register(socket: SessionSocket<ClientEvents, ServerEvents>): void {
  socket.sessOn('vote', (err, session, option) => {
    if (!err) console.log(session.id, option);
  });
}

expressionIO.sockets.on('connection', (err, session, socket) => {
  register(socket);
  socket.sessOn('vote', (err, session, option) => {
    if (err) onVote(err, null, option);
    else onVote(null, session, option);
  });

  socket.sessOn('vote', async (err, session, option, ack) => {
    if (err) return ack(err.code);
    session.vote = option;
    await session.save();
    ack(`Counted: ${option}`);
  });

  socket.sessOn('count', async (err, session, ack) => {
    if (err) return ack(err.code);
    ack(
      await session.update((fresh) => {
        fresh.votes = (fresh.votes ?? 0) + 1;
        return fresh.votes;
      }),
    );
  });
});

app.post('/vote', async (req, res) => {
  const votes = await expressionIO.update(req.sessionID, (session) => {
    session.votes = (session.votes ?? 0) + 1;
    return session.votes;
  });
  res.json({ votes });
});

app.post('/end', (req) => {
  expressionIO.end(req.sessionID);
});

// Any lock of your database does, such as the advisory locks of PostgreSQL.
const lock: SessionLock = {
  acquire: async (sessionId, { signal }) => {
    const held = await myLocks.lock(`session:${sessionId}`, { signal });
    return { release: () => held.unlock() };
  },
};
void lock;

expressionIO.sockets.on('connection', (err, session, socket) => {
  if (err) return void socket.disconnect();
  socket.emit('welcome', session.votes ?? 0);
});

expressionIO.sockets.authorization((err, session, handshake, fn) => {
  fn(err, session?.votes !== undefined);
});

expressionIO.sockets.authorization(async (err, session) => !err && (await isMember(session)));

const news: SessionNamespace<ClientEvents, ServerEvents> = expressionIO.of('/news');
void news;
