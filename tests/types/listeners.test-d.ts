/**
 * @module `(err, session)` is a pair, and a listener may take fewer parameters than there are.
 */

import cookieParser from 'cookie-parser';
import { Server } from 'socket.io';
import { ExpressionSocket, type SessionError, type SocketSession } from '../../source/index.js';
import { type ClientEvents, type Equal, expect, type ServerEvents, store } from './expect.js';

const io = new Server<ClientEvents, ServerEvents>();
const { sockets } = new ExpressionSocket(io, store, cookieParser('secret'));

sockets.on('connection', (err, session, socket) => {
  if (err) {
    expect<Equal<typeof err, SessionError>>();
    expect<Equal<typeof session, null>>();
    return;
  }
  expect<Equal<typeof err, null>>();
  expect<Equal<typeof session, SocketSession>>();

  socket.sessOn('vote', () => {});
  socket.sessOn('vote', (err) => {
    expect<Equal<typeof err, SessionError | null>>();
  });
  socket.sessOn('vote', (err, session) => {
    if (err) return;
    expect<Equal<typeof session, SocketSession>>();
  });
  socket.sessOn('vote', (err, session, option) => {
    if (err) return;
    expect<Equal<typeof session, SocketSession>>();
    expect<Equal<typeof option, string>>();
  });
  socket.sessOn('vote', (err, session, option, weight) => {
    if (!err) expect<Equal<typeof session, SocketSession>>();
    else expect<Equal<typeof session, null>>();
    expect<Equal<typeof option, string>>();
    expect<Equal<typeof weight, number>>();
  });
  socket.sessOn('vote', (err, session, option, weight, ack) => {
    if (err !== null) return ack(false);
    expect<Equal<typeof session, SocketSession>>();
    ack(option.length > weight);
  });
  // The pair may be told by its other half, or by the code of the error.
  socket.sessOn('vote', (err, session) => {
    if (!session) expect<Equal<typeof err, SessionError>>();
    else expect<Equal<typeof err, null>>();
  });
  socket.sessOn('vote', (err, session) => {
    if (err?.code === 'ERR_SESSION_NOT_FOUND') return;
    if (err) throw err;
    expect<Equal<typeof session, SocketSession>>();
  });
  socket.sessOn('vote', (...args) => {
    if (args[0]) return;
    expect<Equal<(typeof args)[1], SocketSession>>();
  });
  // Asynchronous ones, short ones, and ones that return something.
  socket.sessOn('vote', async () => {});
  socket.sessOn('vote', async (err, session) => {
    if (err) return;
    await session.save();
  });
  socket.sessOn('vote', (err, session) => (err ? err.code : session.id));
  // Those that are declared elsewhere.
  const declared = (_err: SessionError | null, session: SocketSession | null): void => {
    void session?.save();
  };
  socket.sessOn('vote', declared).sessOnce('look', declared).sessOn('disconnect', declared);

  socket.sessOn('vote', (_err, session) => {
    // @ts-expect-error nobody asked whether there is one
    session.save();
  });
  socket.sessOn('vote', (err, session) => {
    // @ts-expect-error there is none where there is an error
    if (err) session.save();
  });
  // @ts-expect-error the session may be null
  socket.sessOn('vote', (_err, _session: SocketSession) => {});
});

sockets.on('connection', () => {});
sockets.on('connection', async () => {});
sockets.on('connection', (err) => {
  expect<Equal<typeof err, SessionError | null>>();
});
sockets.on('connect', (err, session) => {
  if (err) return;
  expect<Equal<typeof session, SocketSession>>();
});
// @ts-expect-error the error is no string
sockets.on('connection', (_err: string) => {});

// A server without event maps: any event, any arguments.
const untyped = new ExpressionSocket(new Server(), store, cookieParser('secret')).sockets;
untyped.on('connection', (err, session, socket) => {
  if (err) return;
  expect<Equal<typeof session, SocketSession>>();
  socket.sessOn('anything', () => {});
  socket.sessOn('anything', (err) => {
    expect<Equal<typeof err, SessionError | null>>();
  });
  socket.sessOn('anything', (err, session) => {
    if (err) return;
    expect<Equal<typeof session, SocketSession>>();
  });
  socket.sessOn('anything', (err, session, first) => {
    if (err) return;
    expect<Equal<typeof session, SocketSession>>();
    first.whatever();
  });
  socket.sessOn('anything', async (err, session, _1, _2, _3, _4, _5, _6, _7, _8, ack) => {
    if (err) return;
    expect<Equal<typeof session, SocketSession>>();
    ack();
  });
  socket.sessOn('anything', (err, session, ...rest) => {
    if (err) return;
    expect<Equal<typeof session, SocketSession>>();
    rest.at(-1)();
  });
  socket.sessOn('anything', (_err, _session, first: string, second?: number) => {
    socket.emit(first, second);
  });
  // The events that Socket.IO emits by itself keep their arguments.
  socket.sessOn('disconnecting', (reason) => reason.length);
  socket.sessOn('sessionend', (reason) => {
    expect<Equal<typeof reason, 'destroyed' | 'regenerated' | 'expired'>>();
  });
  // @ts-expect-error the error is no string
  socket.sessOn('anything', (_err: string) => {});
});
untyped.on('message from another server', (first, second) => {
  first(second);
});
untyped.emit('anything', 1, 'two');
// @ts-expect-error any event, but those of the wrapper have their arguments
untyped.on('connection', (_err: string) => {});

const untypedAlways = new ExpressionSocket(new Server(), store, cookieParser('secret'), {
  alwaysSession: true,
  autoErrManager: true,
}).sockets;
untypedAlways.on('connection', (_session, socket) => {
  socket.on('anything', (session, first) => {
    expect<Equal<typeof session, SocketSession>>();
    first.whatever();
  });
  socket.on('anything', (session) => {
    expect<Equal<typeof session, SocketSession>>();
  });
});
