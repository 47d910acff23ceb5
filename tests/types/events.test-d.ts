/**
 * @module Event maps reach `sockets`, `of`, `on`, `sessOn`, `emit` and `emitWithAck`.
 */

import cookieParser from 'cookie-parser';
import { type DisconnectReason, type Namespace, Server, type Socket } from 'socket.io';
import {
  ExpressionSocket,
  type SessionEndReason,
  type SessionError,
  type SocketSession,
} from '../../source/index.js';
import {
  type ClientEvents,
  type ClusterEvents,
  type Equal,
  expect,
  type ServerEvents,
  type SocketData,
  store,
} from './expect.js';

const io = new Server<ClientEvents, ServerEvents, ClusterEvents, SocketData>();
const expressionIO = new ExpressionSocket(io, store, cookieParser('secret'));
const { sockets } = expressionIO;

expect<
  Equal<typeof sockets.namespace, Namespace<ClientEvents, ServerEvents, ClusterEvents, SocketData>>
>();

sockets.on('connection', (err, session, socket) => {
  expect<Equal<typeof err, SessionError | null>>();
  expect<Equal<typeof session, SocketSession | null>>();
  expect<Equal<typeof socket.data, SocketData>>();
  const raw: Socket<ClientEvents, ServerEvents, ClusterEvents, SocketData> = socket;
  raw.join('here');

  socket.sessOn('vote', (err, session, option, weight, ack) => {
    expect<Equal<typeof err, SessionError | null>>();
    expect<Equal<typeof session, SocketSession | null>>();
    expect<Equal<typeof option, string>>();
    expect<Equal<typeof weight, number>>();
    expect<Equal<typeof ack, (accepted: boolean) => void>>();
    // @ts-expect-error the acknowledgement takes a boolean
    ack('yes');
  });
  socket.sessOn('search', (_err, _session, words, limit) => {
    expect<Equal<typeof words, string>>();
    expect<Equal<typeof limit, number | undefined>>();
  });
  socket.sessOn('tag', (_err, _session, first, second) => {
    expect<Equal<typeof first, string>>();
    expect<Equal<typeof second, string>>();
  });
  socket.sessOn('tag', (...[err, session, ...tags]) => {
    if (err) return;
    expect<Equal<typeof session, SocketSession>>();
    expect<Equal<typeof tags, string[]>>();
  });
  socket.sessOnce('look', (err, session) => {
    expect<Equal<typeof err, SessionError | null>>();
    expect<Equal<typeof session, SocketSession | null>>();
  });

  // @ts-expect-error clients send no such event
  socket.sessOn('veto', () => {});
  // @ts-expect-error clients send no such event
  socket.sessOnce('veto', () => {});
  // @ts-expect-error `option` is a string
  socket.sessOn('vote', (_err, _session, _option: number) => {});
  // @ts-expect-error `weight` is a number, also where it may be left out
  socket.sessOn('vote', (_err, _session, _option: string, _weight?: string) => {});
  // @ts-expect-error `weight` is a number, also among the rest
  socket.sessOn('vote', (_err, _session, ..._rest: string[]) => {});
  // @ts-expect-error the error comes first
  socket.sessOn('vote', (_session: SocketSession) => {});
  // @ts-expect-error `vote` has three arguments
  socket.sessOn('vote', (_err, _session, _option, _weight, _ack, _more) => {});
  // @ts-expect-error a listener is a function
  socket.sessOn('vote', 'listener');

  socket.sessOn('disconnect', (err, session, reason, description) => {
    expect<Equal<typeof err, SessionError | null>>();
    expect<Equal<typeof session, SocketSession | null>>();
    expect<Equal<typeof reason, DisconnectReason>>();
    expect<Equal<typeof description, unknown>>();
  });
  socket.sessOn('disconnecting', (reason) => {
    expect<Equal<typeof reason, DisconnectReason>>();
  });
  socket.sessOn('error', (error) => {
    expect<Equal<typeof error, Error>>();
  });
  socket.sessOn('newListener', (event) => {
    expect<Equal<typeof event, string | symbol>>();
  });
  socket.sessOn('sessionend', (reason) => {
    expect<Equal<typeof reason, SessionEndReason>>();
  });
  socket.on('sessionend', (reason) => {
    expect<Equal<typeof reason, SessionEndReason>>();
  });
  socket.once('sessionend', (reason) => {
    expect<Equal<typeof reason, 'destroyed' | 'regenerated' | 'expired'>>();
  });

  // `on` is Socket.IO's own without `alwaysSession`.
  socket.on('vote', (option, weight, ack) => {
    expect<Equal<typeof option, string>>();
    expect<Equal<typeof weight, number>>();
    expect<Equal<typeof ack, (accepted: boolean) => void>>();
  });
  // @ts-expect-error clients send no such event
  socket.on('veto', () => {});

  socket.emit('welcome', 'Ada');
  // @ts-expect-error `name` is a string
  socket.emit('welcome', 1);
  // @ts-expect-error servers send no such event
  socket.emit('farewell');
  const answer = socket.emitWithAck('ask', 'how many?');
  expect<Equal<typeof answer, Promise<number>>>();
  socket.to('here').emit('welcome', 'all');
});

sockets.on('reload', (section) => {
  expect<Equal<typeof section, string>>();
});
// @ts-expect-error the servers send each other no such event
sockets.on('restart', () => {});
sockets.emit('welcome', 'all');
// @ts-expect-error `name` is a string
sockets.emit('welcome', 1);
// @ts-expect-error many clients can't acknowledge one emit, says Socket.IO
sockets.emit('ask', 'how many?', () => {});

// Named namespaces have the server's event maps.
for (const wrapper of [
  expressionIO.of('/chat'),
  expressionIO.of(/^\/chat/),
  expressionIO.of((name, _auth, next) => next(null, name.length > 1)),
]) {
  expect<Equal<typeof wrapper, typeof sockets>>();
}

// A namespace has its own.
interface NewsEvents {
  read: (article: number) => void;
}
const news: Namespace<NewsEvents, ServerEvents, ClusterEvents, { since: Date }> = new Server<
  NewsEvents,
  ServerEvents,
  ClusterEvents,
  { since: Date }
>().of('/news');
expressionIO.of(news).on('connection', (_err, _session, socket) => {
  expect<Equal<typeof socket.data.since, Date>>();
  socket.sessOn('read', (_err, _session, article) => {
    expect<Equal<typeof article, number>>();
  });
  // @ts-expect-error the namespace's clients send no such event
  socket.sessOn('vote', () => {});
});
// @ts-expect-error a namespace, or its name
expressionIO.of(1);
