/**
 * @module What is given for an argument: whether it can be what it should be, and what is said where
 * it is not. Must not know what is done with it.
 */

import type { Namespace, Server } from 'socket.io';
import { describeValue } from './errors.js';

/** @throws {TypeError} where it is none */
export function assertServer(io: unknown, name = 'io'): void {
  if (isServer(io)) return;
  throw new TypeError(
    `\`${name}\`: expected a Socket.IO 4 server, as \`new Server(httpServer)\` makes it, got ${describeValue(io)}`,
  );
}

/** @throws {TypeError} where it is none */
export function assertStore(store: unknown): void {
  if (hasMethods(store, ['get', 'set', 'destroy', 'createSession'])) return;
  throw new TypeError(
    `\`store\`: expected a session store of express-session (the very one that \`session({ store })\` was given), got ${describeValue(store)}`,
  );
}

/** @throws {TypeError} where it is none */
export function assertCookieParser(cookieParser: unknown, name = 'cookieParser'): void {
  if (typeof cookieParser === 'function') return;
  throw new TypeError(
    `\`${name}\`: expected a middleware such as \`cookieParser(secret)\`, got ${describeValue(cookieParser)}`,
  );
}

/**
 * @param calledAs the method it was given to
 * @throws {TypeError} where it is none
 */
export function assertSessionId(calledAs: string, sessionId: unknown): void {
  if (typeof sessionId === 'string' && sessionId !== '') return;
  const given = sessionId === '' ? 'an empty string' : describeValue(sessionId);
  throw new TypeError(
    `\`${calledAs}\`: expected a session id, such as \`req.sessionID\`, got ${given}`,
  );
}

/** @throws {TypeError} where it is none */
export function assertNamespace(name: unknown, io: Server): asserts name is Namespace {
  if (!hasMethods(name, ['use', 'on', 'emit', 'fetchSockets'])) {
    throw new TypeError(
      `\`of\`: expected a namespace, or its name as a string, regular expression or function, got ${describeValue(name)}`,
    );
  }
  if ('server' in name && name.server === io) return;
  throw new TypeError('`of`: expected a namespace of this server, got one of another');
}

/**
 * @param calledAs the method it was given to
 * @throws {TypeError} where it is none
 */
export function assertSocket(calledAs: string, socket: unknown): void {
  if (hasMethods(socket, ['emit', 'join', 'disconnect']) && 'handshake' in socket) return;
  throw new TypeError(
    `\`${calledAs}\`: expected a socket of the server, as \`io.use\` gives it, got ${describeValue(socket)}`,
  );
}

/** Whether a value is a server of Socket.IO. */
export function isServer(io: unknown): boolean {
  return hasMethods(io, ['of', 'use', 'attach']);
}

function hasMethods(value: unknown, names: readonly string[]): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}

/**
 * @param method the method that takes the listener, for the message
 * @throws {TypeError} where it is no function
 */
export function assertListener(method: string, listener: unknown): void {
  if (typeof listener === 'function') return;
  throw new TypeError(
    `\`${method}\`: expected a function as its listener, got ${describeValue(listener)}`,
  );
}
