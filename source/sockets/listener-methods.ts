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
import type { SocketCall, SocketMethod } from './socket-proxies.js';

/** A method of Socket.IO that returns its own array of listeners. */
type Lister = 'listenersAny' | 'listenersAnyOutgoing';

/** For each list of listeners, the methods that add to it, remove from it, and return it. */
const anyMethods = [
  { adders: ['onAny', 'prependAny'], remover: 'offAny', lister: 'listenersAny' },
  {
    adders: ['onAnyOutgoing', 'prependAnyOutgoing'],
    remover: 'offAnyOutgoing',
    lister: 'listenersAnyOutgoing',
  },
] as const;

/** Node.js binds the listener to the object on which these are called. */
const onSelf: ReadonlySet<PropertyKey> = new Set(['once', 'prependOnceListener']);

/** The views of Socket.IO's arrays of listeners. */
const views = new WeakMap<Listener[], Listener[]>();

/** The overrides of the methods that take listeners of any event, or acknowledgements. */
export function callbackMethods(): Record<string, SocketMethod> {
  const overrides: Record<string, SocketMethod> = {
    // Private, and as old as `timeout`: every method that sends passes its acknowledgement to it.
    // Without the override, `this` of an acknowledgement would be the raw socket.
    registerAckCallback: (call, [id, acknowledge]) =>
      run(call, [id, bindListener(acknowledge as Listener, call.socket)]),
  };
  for (const { adders, remover, lister } of anyMethods) {
    for (const adder of adders) {
      overrides[adder] = (call, args) => run(call, [boundTo(call, args[0]), ...args.slice(1)]);
    }
    overrides[remover] = (call, args) => {
      const [listener] = args;
      const registered = listed(call, lister).find((one) => leadsTo(one, listener));
      return run(call, registered ? [registered] : args);
    };
    overrides[lister] = (call, args) => {
      const list = run(call, args);
      return Array.isArray(list) ? viewOf(list, call.socket) : list;
    };
  }
  return overrides;
}

/**
 * Runs the called method. A method that Socket.IO's class inherits, and so has not been replaced, is
 * run on the raw socket, which is faster.
 */
export function run({ name, method, raw, self }: SocketCall, args: unknown[]): unknown {
  const base: object | null = Object.getPrototypeOf(Object.getPrototypeOf(raw));
  const isInherited = base !== null && !onSelf.has(name) && Reflect.get(base, name) === method;
  return Reflect.apply(method, isInherited ? raw : self, args);
}

/** Socket.IO itself refuses anything that is not a function. */
function boundTo({ socket }: SocketCall, listener: unknown): unknown {
  return typeof listener === 'function' ? bindListener(listener as Listener, socket) : listener;
}

function listed({ raw, methodOf }: SocketCall, lister: Lister): Listener[] {
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

/**
 * The overrides of the methods that remove, list and count listeners, including those of `sessionend`.
 *
 * @param endEvents the emitter of `sessionend`, which is not the raw socket
 */
export function lookupMethods(
  endEvents: (raw: Socket) => EventEmitter,
): Record<string, SocketMethod> {
  const emitterFor = (raw: Socket, event: EventName): EventEmitter =>
    event === 'sessionend' ? endEvents(raw) : emitterOf(raw);

  const remover =
    (name: 'off' | 'removeListener'): SocketMethod =>
    (call, args) => {
      const [event, listener, ...rest] = args as [EventName, Listener];
      const emitter = emitterFor(call.raw, event);
      const found = registeredOn(emitter, event).findLast((one) => leadsTo(one, listener));
      if (emitter !== call.raw) {
        emitter[name](event, found ?? listener);
        return call.self;
      }
      const isLeft = found === undefined || isFoundBy(found, listener);
      return run(call, isLeft ? args : [event, found, ...rest]);
    };

  const lister =
    (name: 'listeners' | 'rawListeners', show: (listener: Listener) => Listener): SocketMethod =>
    (call, args) => {
      const [event] = args as [EventName];
      const emitter = emitterFor(call.raw, event);
      const listed = emitter === call.raw ? run(call, args) : emitter[name](event);
      return Array.isArray(listed) ? listed.map(show) : listed;
    };

  return {
    off: remover('off'),
    removeListener: remover('removeListener'),
    listeners: lister('listeners', shownFor),
    rawListeners: lister('rawListeners', unbound),
    listenerCount: (call, args) => {
      const [event, listener] = args as [EventName, Listener?];
      const emitter = emitterFor(call.raw, event);
      const counted =
        emitter === call.raw ? run(call, args) : emitter.listenerCount(event, listener);
      if (typeof listener !== 'function' || typeof counted !== 'number') return counted;
      const isMissed = (one: Listener): boolean =>
        leadsTo(one, listener) && !isFoundBy(one, listener);
      return counted + registeredOn(emitter, event).filter(isMissed).length;
    },
    eventNames: (call, args) => {
      const names = run(call, args);
      return Array.isArray(names) ? [...names, ...endEvents(call.raw).eventNames()] : names;
    },
    removeAllListeners: (call, args) => {
      const events = args as [event?: EventName];
      endEvents(call.raw).removeAllListeners(...events);
      return events[0] === 'sessionend' ? call.self : run(call, args);
    },
  };
}
