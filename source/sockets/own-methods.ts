/**
 * @module Runs methods that read and assign many properties on the raw socket, as long as they are
 * Socket.IO's own: on the prototyped socket, each property would be read through the `Proxy`.
 */

import type { Socket } from 'socket.io';
import { bindListener, type Listener } from './listener-links.js';
import type { MethodOverride } from './socket-proxies.js';

/** Methods of Socket.IO: those that run on the raw socket, and those that `emit` calls on `this`. */
interface OwnMethods {
  emit?: unknown;
  newBroadcastOperator?: unknown;
  notifyOutgoingListeners?: unknown;
  packet?: unknown;
  registerAckCallback?: unknown;
}

/** What the source of Socket.IO's own methods contains. A function that wraps one does not. */
const sources: Readonly<Record<keyof OwnMethods, readonly string[]>> = {
  emit: ['is a reserved event name', 'this.registerAckCallback(', 'this.notifyOutgoingListeners('],
  newBroadcastOperator: ['this.adapter', 'this.id', 'this.flags'],
  notifyOutgoingListeners: ['this._anyOutgoingListeners.slice('],
  packet: ['this.client._packet('],
  registerAckCallback: ['this.acks.set('],
};

/** Socket.IO's own methods as they were found last: all sockets of a server have the same. */
const own: OwnMethods = {};

/** The functions that are not Socket.IO's own: tracers and plugins have put them there. */
const foreign = new WeakSet<object>();

/** The overrides of these methods. */
export const ownMethods: Readonly<Record<string, MethodOverride<Socket>>> = {
  emit({ method, raw, self, socket }, args) {
    if (self !== socket) return Reflect.apply(method, self, args);
    const last = args.at(-1);
    // `this` of an acknowledgement is the prototyped socket, also if a plugin emits on the raw socket.
    if (typeof last === 'function') args[args.length - 1] = bindListener(last as Listener, socket);
    const isOnRaw = isOwn('emit', method) && callsOwnMethods(raw);
    return Reflect.apply(method, isOnRaw ? raw : self, args);
  },
  newBroadcastOperator({ method, raw, self, socket }, args) {
    const isOnRaw = self === socket && isOwn('newBroadcastOperator', method);
    return Reflect.apply(method, isOnRaw ? raw : self, args);
  },
};

/** Whether `emit` calls only methods of Socket.IO on a raw socket. */
function callsOwnMethods(raw: object): boolean {
  const { notifyOutgoingListeners, packet, registerAckCallback }: OwnMethods = raw;
  return (
    isOwn('notifyOutgoingListeners', notifyOutgoingListeners) &&
    isOwn('packet', packet) &&
    isOwn('registerAckCallback', registerAckCallback)
  );
}

/** Whether a function is the method of Socket.IO's class itself. */
function isOwn(name: keyof OwnMethods, method: unknown): boolean {
  return typeof method === 'function' && (method === own[name] || hasOwnSource(name, method));
}

function hasOwnSource(name: keyof OwnMethods, method: object): boolean {
  if (foreign.has(method)) return false;
  const source = Function.prototype.toString.call(method);
  const isFound =
    source.startsWith(`${name}(`) && sources[name].every((text) => source.includes(text));
  if (isFound) own[name] = method;
  else foreign.add(method);
  return isFound;
}
