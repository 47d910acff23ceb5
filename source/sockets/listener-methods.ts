/**
 * @module The methods of a prototyped socket that take listeners of any event or acknowledgements, and
 * those that remove, list and count listeners: by the functions that the application passed.
 */

import type { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import {
  bindListener,
  type EventName,
  emitterOf,
  isFoundBy,
  type Listener,
  leadsTo,
  registeredOn,
  shownFor,
  unbound,
} from './listener-links.js';
import { runMethod, type SocketCall, type SocketMethod } from './socket-proxies.js';

/** For each list of listeners, the methods that add to it, remove from it, and return it. */
const anyMethods = [
  { adders: ['onAny', 'prependAny'], remover: 'offAny', lister: 'listenersAny' },
  {
    adders: ['onAnyOutgoing', 'prependAnyOutgoing'],
    remover: 'offAnyOutgoing',
    lister: 'listenersAnyOutgoing',
  },
] as const;

/** The views of Socket.IO's arrays of listeners. */
const views = new WeakMap<Listener[], Listener[]>();

/**
 * Binds a listener or an acknowledgement to the socket of the call that takes it.
 *
 * @param event undefined for a listener of any event, whose first argument it is
 */
type Bind = (listener: Listener, call: SocketCall, event?: EventName) => Listener;

/** The overrides of the methods that take listeners of any event, or acknowledgements. */
export function callbackMethods(
  bind: Bind = (listener, { socket }) => bindListener(listener, socket),
): Record<string, SocketMethod> {
  const overrides: Record<string, SocketMethod> = {
    // `this` of an acknowledgement is the prototyped socket. Both methods bind it: a function that a plugin
    // put in place of `emit` may call it on the raw socket, and one that an application put there may call
    // that of the class.
    emit: (call, args) => {
      const acknowledge = args.at(-1);
      if (typeof acknowledge !== 'function') return runMethod(call, args);
      const bound = bind(acknowledge as Listener, call, args[0] as EventName);
      return runMethod(call, [...args.slice(0, -1), bound]);
    },
    // Private, and as old as `timeout`: every method that sends passes its acknowledgement to it.
    registerAckCallback: (call, [id, acknowledge]) =>
      runMethod(call, [id, boundTo(call, acknowledge)]),
  };
  const add: SocketMethod = (call, args) => {
    const [listener] = args;
    // Socket.IO itself accepts anything.
    if (typeof listener !== 'function') return runMethod(call, args);
    return runMethod(call, [bind(listener as Listener, call), ...args.slice(1)]);
  };
  for (const { adders, remover, lister } of anyMethods) {
    for (const adder of adders) overrides[adder] = add;
    overrides[remover] = (call, args) => {
      const [listener] = args;
      const registered = listed(call, lister).find((one) => leadsTo(one, listener));
      return runMethod(call, registered ? [registered] : args);
    };
    overrides[lister] = (call, args) => {
      const list = runMethod(call, args);
      return Array.isArray(list) ? viewOf(list, call.socket) : list;
    };
  }
  return overrides;
}

/** Socket.IO itself refuses anything that is not a function. */
function boundTo({ socket }: SocketCall, listener: unknown): unknown {
  return typeof listener === 'function' ? bindListener(listener as Listener, socket) : listener;
}

function listed({ raw, methodOf }: SocketCall, lister: string): Listener[] {
  return Reflect.apply(methodOf(lister), raw, []);
}

/**
 * Socket.IO's array, which "can be manipulated, e.g. to remove listeners": with the functions that
 * the application passed in place of the bound ones.
 */
function viewOf(list: Listener[], socket: object): Listener[] {
  let view = views.get(list);
  if (view === undefined) {
    view = new Proxy(list, {
      get: (target, key, receiver) => {
        const value: unknown = Reflect.get(target, key, receiver);
        return isItem(key, value) ? unbound(value) : value;
      },
      set: (target, key, value) => {
        if (!isItem(key, value)) return Reflect.set(target, key, value);
        const known = target.find((one) => unbound(one) === value);
        return Reflect.set(target, key, known ?? bindListener(value, socket));
      },
    });
    views.set(list, view);
  }
  return view;
}

function isItem(key: PropertyKey, value: unknown): value is Listener {
  return typeof value === 'function' && typeof key === 'string' && /^\d+$/.test(key);
}

/** Finds the emitter of the `sessionend` listeners of a raw socket, which is not the raw socket. */
type EndEventsOf = (raw: Socket) => EventEmitter;

/** The overrides of the methods that remove, list and count listeners, including those of `sessionend`. */
export function lookupMethods(endEventsOf: EndEventsOf): Record<string, SocketMethod> {
  const emitterFor: EmitterFor = (raw, event) =>
    event === 'sessionend' ? endEventsOf(raw) : emitterOf(raw);
  return {
    off: makeRemover('off', emitterFor),
    removeListener: makeRemover('removeListener', emitterFor),
    listeners: makeLister('listeners', shownFor, emitterFor),
    rawListeners: makeLister('rawListeners', unbound, emitterFor),
    listenerCount: makeCounter(emitterFor),
    eventNames: (call, args) => {
      const names = runMethod(call, args);
      return Array.isArray(names) ? [...names, ...endEventsOf(call.raw).eventNames()] : names;
    },
    removeAllListeners: (call, args) => {
      const events = args as [event?: EventName];
      endEventsOf(call.raw).removeAllListeners(...events);
      return events[0] === 'sessionend' ? call.self : runMethod(call, args);
    },
  };
}

/** Finds the emitter that has the listeners of an event: the raw socket, or that of `sessionend`. */
type EmitterFor = (raw: Socket, event: EventName) => EventEmitter;

function makeRemover(name: 'off' | 'removeListener', emitterFor: EmitterFor): SocketMethod {
  return (call, args) => {
    const [event, listener, ...rest] = args as [EventName, Listener];
    const emitter = emitterFor(call.raw, event);
    const found = registeredOn(emitter, event).findLast((one) => leadsTo(one, listener));
    if (emitter !== call.raw) {
      emitter[name](event, found ?? listener);
      return call.self;
    }
    const isLeft = found === undefined || isFoundBy(found, listener);
    return runMethod(call, isLeft ? args : [event, found, ...rest]);
  };
}

function makeLister(
  name: 'listeners' | 'rawListeners',
  show: (listener: Listener) => Listener,
  emitterFor: EmitterFor,
): SocketMethod {
  return (call, args) => {
    const [event] = args as [EventName];
    const emitter = emitterFor(call.raw, event);
    const listed = emitter === call.raw ? runMethod(call, args) : emitter[name](event);
    return Array.isArray(listed) ? listed.map(show) : listed;
  };
}

function makeCounter(emitterFor: EmitterFor): SocketMethod {
  return (call, args) => {
    const [event, listener] = args as [EventName, Listener?];
    const emitter = emitterFor(call.raw, event);
    const counted =
      emitter === call.raw ? runMethod(call, args) : emitter.listenerCount(event, listener);
    if (typeof listener !== 'function' || typeof counted !== 'number') return counted;
    const isMissed = (one: Listener): boolean =>
      leadsTo(one, listener) && !isFoundBy(one, listener);
    return counted + registeredOn(emitter, event).filter(isMissed).length;
  };
}
