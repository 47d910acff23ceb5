/**
 * @module What `require('expression.socket.io')` returns: the class itself. The build adds a namespace
 * with all other exports of `index.ts`.
 */

import type * as index from './index.js';

declare class ExpressionSocket<
  ListenEvents extends index.EventsMap = index.DefaultEventsMap,
  EmitEvents extends index.EventsMap = ListenEvents,
  ServerSideEvents extends index.EventsMap = index.DefaultEventsMap,
  SocketData = unknown,
  const Options extends index.ExpressionSocketOptions = Record<never, never>,
> extends index.ExpressionSocket<ListenEvents, EmitEvents, ServerSideEvents, SocketData, Options> {}

export = ExpressionSocket;
