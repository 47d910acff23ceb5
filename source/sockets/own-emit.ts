/**
 * @module Runs `emit` on the raw socket if it and the methods that it calls are Socket.IO's own. That
 * is faster, because a `Proxy` then is not in the way of each property that they read.
 */

import { bindListener, type Listener } from './listener-links.js';
import type { MethodCall } from './socket-proxies.js';

/** `emit`, and the methods that it calls on its `this`. */
interface EmitMethods {
  emit?: unknown;
  packet?: unknown;
  notifyOutgoingListeners?: unknown;
  registerAckCallback?: unknown;
}

/** What the source of Socket.IO's own methods contains. A function that wraps one does not. */
const sources: Readonly<Record<keyof EmitMethods, readonly string[]>> = {
  emit: ['is a reserved event name', 'this.registerAckCallback(', 'this.notifyOutgoingListeners('],
  packet: ['this.client._packet('],
  notifyOutgoingListeners: ['this._anyOutgoingListeners.slice('],
  registerAckCallback: ['this.acks.set('],
};

/** Socket.IO's own methods that were found last: all sockets of a server have the same. */
const own: EmitMethods = {};

/** The functions that are not Socket.IO's own, because a tracer or a plugin has put them there. */
const foreign = new WeakSet<object>();

/** The override of `emit`. */
export function emit<Raw extends object>(call: MethodCall<Raw>, args: unknown[]): unknown {
  const { method, raw, self, socket } = call;
  if (self !== socket || !hasOwnMethods(raw, method)) return Reflect.apply(method, self, args);
  const last = args.at(-1);
  // `this` of an acknowledgement is the prototyped socket.
  if (typeof last === 'function') args[args.length - 1] = bindListener(last as Listener, socket);
  return Reflect.apply(method, raw, args);
}

function hasOwnMethods(raw: EmitMethods, emit: unknown): boolean {
  const { packet, notifyOutgoingListeners, registerAckCallback } = raw;
  return (
    (emit === own.emit || isOwn('emit', emit)) &&
    (packet === own.packet || isOwn('packet', packet)) &&
    (notifyOutgoingListeners === own.notifyOutgoingListeners ||
      isOwn('notifyOutgoingListeners', notifyOutgoingListeners)) &&
    (registerAckCallback === own.registerAckCallback ||
      isOwn('registerAckCallback', registerAckCallback))
  );
}

/** Whether a function is the method of Socket.IO's class itself. */
function isOwn(name: keyof EmitMethods, method: unknown): boolean {
  if (typeof method !== 'function' || foreign.has(method)) return false;
  const source = Function.prototype.toString.call(method);
  const isFound =
    source.startsWith(`${name}(`) && sources[name].every((text) => source.includes(text));
  if (isFound) own[name] = method;
  else foreign.add(method);
  return isFound;
}
