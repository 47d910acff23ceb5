/**
 * @module The methods of a prototyped socket that take listeners of any event, or acknowledgements:
 * `this` of these functions is the prototyped socket.
 */

import type { Socket } from 'socket.io';
import { bindListener, type Listener, leadsTo, unbound } from './listener-links.js';
import type { MethodCall, MethodOverride } from './socket-proxies.js';

type Call = MethodCall<Socket>;
type Override = MethodOverride<Socket>;

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

/** The overrides of these methods. */
export function callbackMethods(): Record<string, Override> {
  const overrides: Record<string, Override> = {
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
export function run({ name, method, raw, self }: Call, args: unknown[]): unknown {
  const base: object | null = Object.getPrototypeOf(Object.getPrototypeOf(raw));
  const isInherited = base !== null && !onSelf.has(name) && Reflect.get(base, name) === method;
  return Reflect.apply(method, isInherited ? raw : self, args);
}

/** Socket.IO itself refuses anything that is not a function. */
function boundTo({ socket }: Call, listener: unknown): unknown {
  return typeof listener === 'function' ? bindListener(listener as Listener, socket) : listener;
}

function listed({ raw, methodOf }: Call, lister: Lister): Listener[] {
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
