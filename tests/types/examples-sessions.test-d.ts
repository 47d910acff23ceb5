/**
 * @module The `@example`s of tickets, `enable` and the client compile, word for word.
 */

import cookieParser from 'cookie-parser';
import express from 'express';
import { Server } from 'socket.io';
import { ExpressionSocket } from '../../source/index.js';
import { connectWithSession, SessionSocket } from '../../source/socket.io-sessions/client/index.js';
import { enable } from '../../source/socket.io-sessions/index.js';
import { store } from './expect.js';

declare module 'express-session' {
  interface SessionData {
    last: unknown;
    vote: string;
  }
}

const app = express();
const io = new Server();
const expressionIO = new ExpressionSocket(io, store, cookieParser('secret'), { ticket: {} });

app.post('/login', async (request, response) => {
  response.json({ ticket: await expressionIO.ticket(request.sessionID) });
});

app.post('/ticket', expressionIO.ticketHandler());

const sessions = enable({ socket: io, store, parser: cookieParser('secret') });
sessions.on('sconnection', (client, session) => {
  client.emit('hello', session.id);
});

enable(io, store, { parser: cookieParser('secret'), per_message: 1 }).on(
  'sconnection',
  (client) => {
    client.on('smessage', (message, session) => {
      session.last = message;
    });

    client.son('vote', async (session, option, ack) => {
      session.vote = option;
      ack('counted');
    });
  },
);

{
  const socket = connectWithSession();
  socket.on('message', (message) => console.log(message));
}

{
  async function fetchTicket(): Promise<string> {
    const response = await fetch('/ticket', { method: 'POST' });
    return ((await response.json()) as { ticket: string }).ticket;
  }
  const socket = new SessionSocket(fetchTicket, 'https://app.example.com');
  void socket;
}
