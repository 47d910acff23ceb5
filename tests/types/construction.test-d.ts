/**
 * @module The constructor: what it takes for a server, a store, a cookie parser and options.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NextHandleFunction } from 'connect';
import cookieParser from 'cookie-parser';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { MemoryStore } from 'express-session';
import { Server, type Socket } from 'socket.io';
import { type CookieParser, ExpressionSocket, type Handshake } from '../../source/index.js';
import { type Equal, expect, store } from './expect.js';

const io = new Server();
const parser = cookieParser(['new secret', 'old secret']);

// Any Connect middleware is a cookie parser.
declare const ofExpress: RequestHandler;
declare const ofConnect: NextHandleFunction;
const parsers: CookieParser[] = [
  parser,
  ofExpress,
  ofConnect,
  (_request: IncomingMessage, _response: ServerResponse, next: (error?: unknown) => void) => next(),
  async (_request: IncomingMessage, _response: ServerResponse, next: (error?: Error) => void) => {
    next();
  },
  (request, _response, next) => {
    expect<Equal<typeof request, IncomingMessage>>();
    next(new Error('bad cookie'));
  },
];
new ExpressionSocket(io, new MemoryStore(), parsers[0] ?? parser);
declare const handlesErrors: ErrorRequestHandler;
// @ts-expect-error it takes four parameters
new ExpressionSocket(io, store, handlesErrors);
// @ts-expect-error the secret is not the parser
new ExpressionSocket(io, store, 'secret');
// @ts-expect-error the third argument is missing
new ExpressionSocket(io, store);
// @ts-expect-error a map is no store
new ExpressionSocket(io, new Map<string, string>(), parser);
// @ts-expect-error a store of express-session, not the class
new ExpressionSocket(io, MemoryStore, parser);
// @ts-expect-error the namespace is not the server
new ExpressionSocket(io.of('/'), store, parser);

// Options.
new ExpressionSocket(io, store, parser, {
  key: 'sid',
  alwaysSession: true,
  autoErrManager: false,
  origins: ['https://app.example.com', /\.example\.org$/],
  storeTimeout: 1_000,
  maxPending: 10,
  sessionId: (handshake) => {
    expect<Equal<typeof handshake, Handshake>>();
    return handshake.headers['x-session-id']?.toString();
  },
  onError: (error, { socket, event }) => {
    expect<Equal<typeof error, unknown>>();
    expect<Equal<typeof socket, Socket | undefined>>();
    expect<Equal<typeof event, string | symbol>>();
  },
});
new ExpressionSocket(io, store, parser, {
  origins: async (origin, handshake) => {
    expect<Equal<typeof origin, string>>();
    expect<Equal<typeof handshake, Handshake>>();
    return false;
  },
});
new ExpressionSocket(io, store, parser, { origins: false });
new ExpressionSocket(io, store, parser, undefined);
new ExpressionSocket(io, store, parser, {});
// @ts-expect-error it is called `autoErrManager`
new ExpressionSocket(io, store, parser, { autoErrorManager: true });
// @ts-expect-error it is called `autoErrManager`
new ExpressionSocket(io, store, parser, { key: 'sid', autoErrorManager: true });
// @ts-expect-error milliseconds are a number
new ExpressionSocket(io, store, parser, { storeTimeout: '5s' });
// @ts-expect-error `true` would name nobody
new ExpressionSocket(io, store, parser, { origins: true });
