/**
 * @module Tickets: the options, the methods, and the client that shows them.
 */

import { createServer } from 'node:http';
import connect from 'connect';
import cookieParser from 'cookie-parser';
import express from 'express';
import { Server } from 'socket.io';
import type { Socket } from 'socket.io-client';
import { ExpressionSocket, type TicketHandler, type TicketOptions } from '../../source/index.js';
import {
  connectWithSession,
  SessionSocket,
  type TicketSource,
} from '../../source/socket.io-sessions/client/index.js';
import { type Equal, expect, store } from './expect.js';

const options: TicketOptions = { secret: ['new', 'old'], lifetime: 30_000, once: true };
const expressionIO = new ExpressionSocket(new Server(), store, cookieParser('secret'), {
  ticket: options,
  claim: async (name, milliseconds) => {
    expect<Equal<typeof name, string>>();
    return milliseconds > 0;
  },
});
new ExpressionSocket(new Server(), store, cookieParser('secret'), { ticket: {} });
// @ts-expect-error an object turns it on
new ExpressionSocket(new Server(), store, cookieParser('secret'), { ticket: true });
// @ts-expect-error milliseconds are a number
new ExpressionSocket(new Server(), store, cookieParser('secret'), { ticket: { lifetime: '1m' } });

expect<Equal<ReturnType<typeof expressionIO.ticket>, Promise<string>>>();
// @ts-expect-error an id is a string
void expressionIO.ticket(5);

// Its handler is one of everybody.
const handler: TicketHandler = expressionIO.ticketHandler();
express().post('/ticket', handler);
connect().use('/ticket', handler);
createServer(handler);
express().post('/own', async (request, response) => {
  response.json({ ticket: await expressionIO.ticketFor(request) });
});

// The client.
const socket: Socket<{ hello: (name: string) => void }> = connectWithSession();
socket.on('hello', (name) => name.length);
expect<Equal<ReturnType<typeof connectWithSession>, Socket>>();
connectWithSession('/chat', {
  ticketUrl: '/ticket',
  transports: ['websocket'],
  auth: { token: 1 },
});
connectWithSession({ path: '/sockets' });
// @ts-expect-error there is no such option
connectWithSession({ ticketURL: '/ticket' });

const source: TicketSource = async () => 'a ticket';
const own: Socket = new SessionSocket(source, 'https://a.example', { timeout: 5 });
own.disconnect();
new SessionSocket('a ticket');
new SessionSocket(() => 'a ticket');
// @ts-expect-error a ticket is needed
new SessionSocket();
// @ts-expect-error it is a string, or tells one
new SessionSocket(() => 5);
