/**
 * @module The callback shape follows `alwaysSession` and `autoErrManager`, in all their combinations.
 */

import cookieParser from 'cookie-parser';
import { type DisconnectReason, Server, type Socket } from 'socket.io';
import {
  ExpressionSocket,
  type ExpressionSocketOptions,
  type HeldLock,
  type SessionError,
  type SessionSocket,
  type SocketSession,
} from '../../source/index.js';
import { type ClientEvents, type Equal, expect, type ServerEvents, store } from './expect.js';

const io = new Server<ClientEvents, ServerEvents>();
const parser = cookieParser('secret');

// Neither.
const neither = new ExpressionSocket(io, store, parser, {
  alwaysSession: false,
  autoErrManager: undefined,
});
const annotated: ExpressionSocket<ClientEvents, ServerEvents> = neither;
void annotated;
const spelledOut = new ExpressionSocket(io, store, parser, { key: 'sid', storeTimeout: 1_000 });
expect<Equal<typeof spelledOut.sockets.on, typeof neither.sockets.on>>();

// Errors managed: listeners have no `err`.
const managed = new ExpressionSocket(io, store, parser, { autoErrManager: true });
managed.sockets.on('connection', (session, socket) => {
  expect<Equal<typeof session, SocketSession>>();
  const raw: Socket<ClientEvents, ServerEvents> = socket;
  raw.join('here');
  socket.sessOn('vote', (session, option, weight, ack) => {
    expect<Equal<typeof session, SocketSession>>();
    expect<Equal<typeof option, string>>();
    expect<Equal<typeof weight, number>>();
    expect<Equal<typeof ack, (accepted: boolean) => void>>();
  });
  // A `disconnect` listener always runs, also after a logout.
  socket.sessOn('disconnect', (session, reason) => {
    expect<Equal<typeof session, SocketSession | null>>();
    expect<Equal<typeof reason, DisconnectReason>>();
  });
  socket.on('vote', (option) => {
    expect<Equal<typeof option, string>>();
  });
  // @ts-expect-error there is no `err`
  socket.sessOn('vote', (_err: SessionError | null, _session: SocketSession | null) => {});
});
managed.sockets.authorization((session, handshake, fn) => {
  expect<Equal<typeof session, SocketSession>>();
  fn(null, handshake.secure);
});
// @ts-expect-error there is no `err`
managed.sockets.on('connection', (_err: SessionError | null) => {});

// Always a session: `on` gives one.
const always = new ExpressionSocket(io, store, parser, { alwaysSession: true });
always.sockets.on('connection', (_err, _session, socket) => {
  for (const method of [
    'on',
    'once',
    'addListener',
    'prependListener',
    'prependOnceListener',
  ] as const) {
    socket[method]('vote', (err, session, option, weight, ack) => {
      expect<Equal<typeof err, SessionError | null>>();
      expect<Equal<typeof session, SocketSession | null>>();
      expect<Equal<typeof option, string>>();
      expect<Equal<typeof weight, number>>();
      expect<Equal<typeof ack, (accepted: boolean) => void>>();
    });
    socket[method]('disconnect', (err, session, reason) => {
      expect<Equal<typeof err, SessionError | null>>();
      expect<Equal<typeof session, SocketSession | null>>();
      expect<Equal<typeof reason, DisconnectReason>>();
    });
    socket[method]('disconnecting', (reason) => {
      expect<Equal<typeof reason, DisconnectReason>>();
    });
    socket[method]('sessionend', (reason) => {
      expect<Equal<typeof reason, 'destroyed' | 'regenerated' | 'expired'>>();
    });
    // @ts-expect-error clients send no such event
    socket[method]('veto', () => {});
    // @ts-expect-error the error comes first
    socket[method]('vote', (_option: string) => {});
  }
  // @ts-expect-error it is one at run time; its `on` is not Socket.IO's
  const raw: Socket<ClientEvents, ServerEvents> = socket;
  void raw;
});

// Both.
const both = new ExpressionSocket(io, store, parser, { alwaysSession: true, autoErrManager: true });
both.sockets.on('connection', (session, socket) => {
  expect<Equal<typeof session, SocketSession>>();
  socket.on('vote', (session, option) => {
    expect<Equal<typeof session, SocketSession>>();
    expect<Equal<typeof option, string>>();
  });
  socket.once('disconnect', (session) => {
    expect<Equal<typeof session, SocketSession | null>>();
  });
  // @ts-expect-error there is no `err`
  socket.on('vote', (_err: SessionError | null) => {});
});

// Options that are not known until run time: whatever may come.
declare const unknownOptions: ExpressionSocketOptions;
const wide = new ExpressionSocket(io, store, parser, unknownOptions);
wide.sockets.on('connection', (first, second, third) => {
  expect<Equal<typeof first, SessionError | SocketSession | null>>();
  expect<Equal<typeof second, SocketSession | NonNullable<typeof third> | null>>();
  third?.on('look', (first, second) => {
    expect<Equal<typeof first, SessionError | SocketSession | null | undefined>>();
    expect<Equal<typeof second, SocketSession | null | undefined>>();
  });
  third?.sessOn('vote', (first, _second, third) => {
    expect<Equal<typeof first, SessionError | SocketSession | null>>();
    expect<Equal<typeof third, string | number>>();
  });
});

const variable = { autoErrManager: true };
const widened = new ExpressionSocket(io, store, parser, variable);
widened.sockets.on('connection', (first) => {
  expect<Equal<typeof first, SessionError | SocketSession | null>>();
});
widened.sockets.authorization((first) => {
  expect<Equal<typeof first, SessionError | SocketSession | null>>();
});

const constant = { autoErrManager: true } as const;
const narrow = new ExpressionSocket(io, store, parser, constant);
expect<Equal<typeof narrow.sockets, typeof managed.sockets>>();

// A function of the application's own can name the socket, by the options that matter.
function register(
  socket: SessionSocket<ClientEvents, ServerEvents, object, unknown, { alwaysSession: true }>,
): void {
  socket.on('vote', (err, session) => {
    if (!err) void session.save();
  });
}
function registerSelective(socket: SessionSocket<ClientEvents, ServerEvents>): void {
  socket.on('vote', (option) => option.length);
}
always.sockets.on('connection', (_err, _session, socket) => register(socket));
neither.sockets.on('connection', (_err, _session, socket) => registerSelective(socket));
// @ts-expect-error its `on` gives a session
always.sockets.on('connection', (_err, _session, socket) => registerSelective(socket));

// Updates and ends, from anywhere.
const sum: Promise<number> = always.update('an id', async (session) => session.votes ?? 0);
void sum;
expect<Equal<ReturnType<typeof always.end>, void>>();
// @ts-expect-error which session?
always.update((session: SocketSession) => session.votes);
// @ts-expect-error which session?
always.end();

// Locks, touches and ends.
new ExpressionSocket(io, store, parser, {
  lock: { acquire: async (_id, { signal }) => ({ release: async () => {}, lost: signal }) },
  lockTimeout: 1_000,
  touch: false,
  onSessionEnd: 'ignore',
  rewrite: async (_id, change, { lock }) => {
    expect<Equal<typeof lock, HeldLock | undefined>>();
    change(null);
  },
});
// @ts-expect-error a lock is released by a promise
new ExpressionSocket(io, store, parser, { lock: { acquire: async () => ({}) } });
// @ts-expect-error `true` says not how often
new ExpressionSocket(io, store, parser, { touch: true });
// @ts-expect-error there is no such way to end
new ExpressionSocket(io, store, parser, { onSessionEnd: 'close' });
