/**
 * @module Chained calls give the prototyped socket, and every other member is Socket.IO's own.
 */

import cookieParser from 'cookie-parser';
import { Server, type Socket } from 'socket.io';
import { ExpressionSocket } from '../../source/index.js';
import { type ClientEvents, type Equal, expect, type ServerEvents, store } from './expect.js';

const io = new Server<ClientEvents, ServerEvents>();
const listener = (): void => {};

const selective = new ExpressionSocket(io, store, cookieParser('secret')).sockets;
const always = new ExpressionSocket(io, store, cookieParser('secret'), {
  alwaysSession: true,
}).sockets;

const wrapper = selective
  .on('connection', listener)
  .on('connect', listener)
  .off('connection', listener)
  .off('connect', listener);
expect<Equal<typeof wrapper, typeof selective>>();

selective.on('connection', (_err, _session, socket) => {
  const chained = socket
    .sessOn('vote', listener)
    .sessOnce('vote', listener)
    .on('vote', listener)
    .once('look', listener)
    .on('sessionend', listener)
    .off('vote', listener)
    .removeListener('vote', listener)
    .removeAllListeners('vote')
    .setMaxListeners(20)
    .use((_event, next) => next())
    .onAny(listener)
    .prependAny(listener)
    .offAny(listener)
    .onAnyOutgoing(listener)
    .prependAnyOutgoing(listener)
    .offAnyOutgoing(listener)
    .compress(true)
    .volatile.disconnect();
  expect<Equal<typeof chained, typeof socket>>();

  socket.timeout(1_000).emit('ask', 'how many?', (error, answer) => {
    expect<Equal<typeof error, Error>>();
    expect<Equal<typeof answer, number>>();
  });
  socket
    .timeout(1_000)
    .sessOn('vote', (err, session, option) => {
      if (!err) session.ballot = { option, history: [] };
    })
    .timeout(2_000)
    .on('sessionend', (reason) => reason.length);
  const listeners = socket.listeners('vote');
  expect<Equal<typeof listeners, ((...args: never[]) => unknown)[]>>();
  listeners.includes(listener);
  socket.listenerCount('vote', listener);
});

always.on('connection', (_err, _session, socket) => {
  const chained = socket
    .sessOn('vote', listener)
    .sessOnce('vote', listener)
    .on('vote', listener)
    .once('vote', listener)
    .addListener('vote', listener)
    .prependListener('vote', listener)
    .prependOnceListener('vote', listener)
    .off('vote', listener)
    .removeListener('vote', listener)
    .removeAllListeners('vote')
    .setMaxListeners(20)
    .use((_event, next) => next())
    .onAny(listener)
    .prependAny(listener)
    .offAny(listener)
    .onAnyOutgoing(listener)
    .prependAnyOutgoing(listener)
    .offAnyOutgoing(listener)
    .compress(true)
    .volatile.disconnect();
  expect<Equal<typeof chained, typeof socket>>();

  socket.timeout(1_000).emit('ask', 'how many?', (error, answer) => {
    expect<Equal<typeof error, Error>>();
    expect<Equal<typeof answer, number>>();
  });
  socket
    .timeout(1_000)
    .on('vote', (err, session, option) => {
      if (!err) session.ballot = { option, history: [] };
    })
    .timeout(2_000)
    .once('vote', listener);
  socket.listeners('vote').includes(listener);
  socket.listenerCount('vote', listener);

  type Raw = Socket<ClientEvents, ServerEvents>;
  expect<Equal<typeof socket.id, Raw['id']>>();
  expect<Equal<typeof socket.data, Raw['data']>>();
  expect<Equal<typeof socket.rooms, Raw['rooms']>>();
  expect<Equal<typeof socket.conn, Raw['conn']>>();
  expect<Equal<typeof socket.nsp, Raw['nsp']>>();
  expect<Equal<typeof socket.request, Raw['request']>>();
  expect<Equal<typeof socket.handshake, Raw['handshake']>>();
  expect<Equal<typeof socket.broadcast, Raw['broadcast']>>();
  expect<Equal<typeof socket.connected, boolean>>();
  expect<Equal<typeof socket.join, Raw['join']>>();
  expect<Equal<typeof socket.to, Raw['to']>>();
  expect<Equal<typeof socket.emit, Raw['emit']>>();
  const answer = socket.emitWithAck('ask', 'how many?');
  expect<Equal<typeof answer, Promise<number>>>();
  // @ts-expect-error servers send no such event
  socket.emit('farewell');
  // @ts-expect-error the id is the connection's
  socket.id = 'another';
});

// From a raw socket to what `connection` listeners get.
io.use((raw) => {
  selective.on('connection', (_err, _session, socket) => {
    const found = selective.socketOf(raw);
    expect<Equal<typeof found, typeof socket>>();
  });
  selective.socketOf(raw).sessOn('vote', listener);
  always.socketOf(raw).on('vote', listener);
  // @ts-expect-error: an id is no socket.
  selective.socketOf(raw.id);
});
