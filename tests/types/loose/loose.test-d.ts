/**
 * @module The options change the arguments of listeners also in programs without `strict`, to which
 * `undefined` is in every type.
 */

import cookieParser from 'cookie-parser';
import { Server } from 'socket.io';
import { ExpressionSocket, type SocketSession } from '../../../source/index.js';
import { type ClientEvents, type Equal, expect, type ServerEvents, store } from '../expect.js';

const io = new Server<ClientEvents, ServerEvents>();
const parser = cookieParser('secret');

new ExpressionSocket(io, store, parser).sockets.on('connection', (err, session, socket) => {
  if (err) return;
  expect<Equal<typeof session, SocketSession>>();
  socket.sessOn('vote', (err, session, option) => {
    if (err) return;
    expect<Equal<typeof session, SocketSession>>();
    expect<Equal<typeof option, string>>();
  });
});

new ExpressionSocket(io, store, parser, {
  alwaysSession: true,
  autoErrManager: true,
}).sockets.on('connection', (session, socket) => {
  expect<Equal<typeof session, SocketSession>>();
  socket.on('vote', (session, option) => {
    expect<Equal<typeof session, SocketSession>>();
    expect<Equal<typeof option, string>>();
  });
});
