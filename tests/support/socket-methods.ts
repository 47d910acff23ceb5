/**
 * @module One use of each public method of a socket: what is called with what. What comes of it is
 * for the tests to find out.
 */

import type { Socket } from 'socket.io';
import { type Method, methodOf } from './patches.js';

/** What a use of a method has at hand. */
export interface Use {
  /** What the method is called on. */
  readonly subject: Socket;
  /** The socket, for what comes before. */
  readonly socket: Socket;
  /** A listener that notes its calls, for what is registered. */
  readonly listener: Method;
}

type Arguments = (use: Use) => unknown[];

const listened: Arguments = ({ listener }) => ['vote', listener];
const removed: Arguments = ({ socket, listener }) => {
  socket.on('vote', listener);
  return ['vote', listener];
};
const heardAny: Arguments = ({ listener }) => [listener];
const middleware = (_event: unknown, next: () => void): void => next();

const table: Readonly<Record<string, Arguments>> = {
  addListener: listened,
  compress: () => [true],
  disconnect: () => [],
  emit: ({ listener }) => ['question', 1, listener],
  emitWithAck: () => ['question', 1],
  eventNames: removed,
  except: () => ['a room'],
  getMaxListeners: () => [],
  in: () => ['a room'],
  join: () => ['a room'],
  leave: () => ['a room'],
  listenerCount: removed,
  listeners: removed,
  listenersAny: () => [],
  listenersAnyOutgoing: () => [],
  off: removed,
  offAny: ({ socket, listener }) => {
    socket.onAny(listener);
    return [listener];
  },
  offAnyOutgoing: ({ socket, listener }) => {
    socket.onAnyOutgoing(listener);
    return [listener];
  },
  on: listened,
  onAny: heardAny,
  onAnyOutgoing: heardAny,
  once: listened,
  prependAny: heardAny,
  prependAnyOutgoing: heardAny,
  prependListener: listened,
  prependOnceListener: listened,
  rawListeners: removed,
  removeAllListeners: (use) => removed(use).slice(0, 1),
  removeListener: removed,
  send: () => ['hello'],
  setMaxListeners: () => [77],
  timeout: () => [9],
  to: () => ['a room'],
  use: () => [middleware],
  write: () => ['hello'],
};

/** The names of the methods. */
export const publicMethods: readonly string[] = Object.keys(table);

/** Calls a method as an application would. */
export function exerciseMethod(name: string, use: Use): unknown {
  const args = table[name]?.(use) ?? [];
  return Reflect.apply(methodOf(use.subject, name), use.subject, args);
}
