/**
 * @module An application that is a library itself can declare what it exports: every type in it has
 * a name that it can import. Checked by `declaration` in the `tsconfig.json`.
 */

import cookieParser from 'cookie-parser';
import { Server } from 'socket.io';
import { ExpressionSocket, type SessionNamespace, type SessionSocket } from '../../source/index.js';
import { type ClientEvents, type ServerEvents, store } from './expect.js';

export const expressionIO = new ExpressionSocket(
  new Server<ClientEvents, ServerEvents>(),
  store,
  cookieParser('secret'),
  { alwaysSession: true },
);
export const { sockets } = expressionIO;
export const { on, authorization } = sockets;

export function selective(socket: SessionSocket<ClientEvents, ServerEvents>) {
  return socket.sessOn('look', () => {}).volatile;
}

export function always(
  socket: SessionSocket<ClientEvents, ServerEvents, object, unknown, { alwaysSession: true }>,
) {
  return { chained: socket.volatile, on: socket.on, use: socket.use };
}

export const news: SessionNamespace<ClientEvents, ServerEvents> = new ExpressionSocket(
  new Server<ClientEvents, ServerEvents>(),
  store,
  cookieParser('secret'),
).of('/news');
