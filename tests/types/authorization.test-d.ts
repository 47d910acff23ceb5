/**
 * @module `authorization`: its arguments by the options, and every way to answer.
 */

import cookieParser from 'cookie-parser';
import { Server, type Socket } from 'socket.io';
import {
  ExpressionSocket,
  type Handshake,
  type SessionError,
  type SocketSession,
} from '../../source/index.js';
import { type ClientEvents, type Equal, expect, store } from './expect.js';

declare function isMember(session: SocketSession): Promise<boolean>;

const io = new Server<ClientEvents>();
const { sockets } = new ExpressionSocket(io, store, cookieParser('secret'));

sockets.authorization((err, session, handshake, fn) => {
  expect<Equal<typeof handshake, Socket['handshake']>>();
  expect<Equal<typeof handshake, Handshake>>();
  expect<Equal<typeof fn, (err?: unknown, accepted?: boolean) => void>>();
  expect<Equal<typeof err, SessionError | null>>();
  expect<Equal<typeof session, SocketSession | null>>();
  if (err) return fn(err);
  expect<Equal<typeof session, SocketSession>>();
  fn(null, session.ballot === undefined);
  fn(new Error('closed'));
  fn();
  // @ts-expect-error only a boolean accepts
  fn(null, 1);
});

// Booleans and promises of them, of however many parameters.
const chained = sockets
  .authorization(() => true)
  .authorization((err) => !err)
  .authorization((err, session) => !err && session.ballot !== undefined)
  .authorization((err, session, handshake) => !err && session.id === handshake.auth.id)
  .authorization(async (err, session) => !err && (await isMember(session)))
  .authorization(async (err, session) => {
    if (err) throw err;
    return isMember(session);
  })
  .authorization(async (err, session, _handshake, fn) => {
    if (err) return fn(err);
    fn(null, await isMember(session));
  })
  .authorization((_err, _session, _handshake, fn) => {
    setImmediate(fn, null, true);
  });
expect<Equal<typeof chained, typeof sockets>>();

// @ts-expect-error only a boolean accepts
sockets.authorization(() => 'yes');
// @ts-expect-error only a boolean accepts
sockets.authorization(async (_err, session) => session?.id);
// @ts-expect-error the error is no string
sockets.authorization((_err: string) => true);
// @ts-expect-error there are four arguments
sockets.authorization((_err, _session, _handshake, _fn, _more) => true);

const managed = new ExpressionSocket(io, store, cookieParser('secret'), {
  autoErrManager: true,
}).sockets;
managed
  .authorization((session, handshake, fn) => {
    expect<Equal<typeof session, SocketSession>>();
    expect<Equal<typeof handshake, Handshake>>();
    fn(null, session.ballot !== undefined);
  })
  .authorization((session) => session.ballot !== undefined)
  .authorization(isMember);
