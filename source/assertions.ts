/**
 * @module Checks arguments and values. Each `assert…` throws a `TypeError` that says what was expected and
 * what came; `name` is the argument and `method` the method that takes it, for the message.
 */

import { Server as NetServer } from 'node:net';
import type { Namespace, Server } from 'socket.io';
import { describeValue } from './errors.js';

/** Asserts that a value is a Socket.IO server. */
export function assertServer(io: unknown, name = 'io'): void {
  if (isServer(io)) return;
  const given =
    io instanceof NetServer
      ? 'an `http.Server`; pass the Socket.IO `Server` that is attached to it'
      : describeValue(io);
  throw new TypeError(
    `\`${name}\`: expected a Socket.IO 4 server, such as \`new Server(httpServer)\`, got ${given}`,
  );
}

/** Asserts that a value is a session store. */
export function assertStore(store: unknown): void {
  if (hasMethods(store, ['get', 'set', 'destroy', 'createSession'])) return;
  throw new TypeError(
    `\`store\`: expected a session store of express-session (the same object that \`session({ store })\` is given), got ${describeValue(store)}`,
  );
}

/** Asserts that a value may be a cookie parser. */
export function assertCookieParser(cookieParser: unknown, name = 'cookieParser'): void {
  if (typeof cookieParser !== 'function') {
    throw new TypeError(
      `\`${name}\`: expected a middleware such as \`cookieParser(secret)\`, got ${describeValue(cookieParser)}`,
    );
  }
  // `cookieParser` itself, which has `signedCookies` as a static method.
  if ('signedCookies' in cookieParser && 'JSONCookies' in cookieParser) {
    throw new TypeError(
      `\`${name}\`: expected what \`cookieParser(secret)\` returns, got \`cookieParser\` itself; call it with the secret of express-session`,
    );
  }
}

/** Asserts that a value may be a session id. */
export function assertSessionId(method: string, sessionId: unknown): void {
  if (typeof sessionId === 'string' && sessionId !== '') return;
  const given = sessionId === '' ? 'an empty string' : describeValue(sessionId);
  throw new TypeError(
    `\`${method}\`: expected a session id, such as \`req.sessionID\`, got ${given}`,
  );
}

/** Asserts that a value is a namespace of a server. */
export function assertNamespace(name: unknown, io: Server): asserts name is Namespace {
  if (!hasMethods(name, ['use', 'on', 'emit', 'fetchSockets'])) {
    throw new TypeError(
      `\`of\`: expected a namespace, or its name as a string, regular expression or function, got ${describeValue(name)}`,
    );
  }
  if ('server' in name && name.server === io) return;
  const given = isServer(name) ? 'a server; pass a name, such as `/chat`' : 'one of another server';
  throw new TypeError(`\`of\`: expected a namespace of this server, got ${given}`);
}

/** Asserts that a value is an HTTP request of Node.js: a `Request` of `fetch` has no socket. */
export function assertRequest(request: unknown): void {
  const { headers, socket } = Object(request) as { headers?: unknown; socket?: unknown };
  if ([headers, socket].every((part) => typeof part === 'object' && part !== null)) return;
  throw new TypeError(
    `\`ticketFor\`: expected an HTTP request of Node.js, got ${describeValue(request)}; with a session id, use \`ticket\``,
  );
}

/** Asserts that a value is a socket of this process. */
export function assertSocket(method: string, socket: unknown): void {
  // `fetchSockets` gives sockets of other nodes, which have all of these but `on`.
  if (hasMethods(socket, ['emit', 'join', 'disconnect', 'on']) && 'handshake' in socket) return;
  throw new TypeError(
    `\`${method}\`: expected a socket of the server, as \`io.use\` gives it, got ${describeValue(socket)}`,
  );
}

/** Whether a value is a Socket.IO server. */
export function isServer(io: unknown): boolean {
  return hasMethods(io, ['of', 'use', 'attach']);
}

function hasMethods(value: unknown, names: readonly string[]): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}

/** Asserts that a value may be a listener. */
export function assertListener(method: string, listener: unknown): void {
  if (typeof listener === 'function') return;
  throw new TypeError(
    `\`${method}\`: expected a function as its listener, got ${describeValue(listener)}`,
  );
}

/** Asserts that a value may be the function of an update. */
export function assertChange(change: unknown): void {
  if (typeof change === 'function') return;
  throw new TypeError(`\`update\`: expected a function, got ${describeValue(change)}`);
}

/** The longest delay of a timer of Node.js, in milliseconds: https://nodejs.org/api/timers.html */
export const longestDelay = 2_147_483_647;

/** Whether a value is a number of milliseconds that a timer can count. */
export function isDelay(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= longestDelay;
}

/** Whether a value is a promise of any implementation, by its `then`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

/** Whether an object has no class. Works for objects of other realms, too. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
