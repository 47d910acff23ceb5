/**
 * @module The methods of a prototyped socket that take functions which are not listeners of one
 * event: those that hear any event, and acknowledgements. Their `this` is the prototyped socket.
 */

import { bindListener, type Listener, leadsTo, unbound } from './listener-links.js';
import type { MethodCall, MethodOverride } from './socket-proxies.js';

/** A method of Socket.IO that lists listeners, in its own array. */
type Lister = 'listenersAny' | 'listenersAnyOutgoing';

/** For each list of listeners, the methods that add to it, take from it, and show it. */
const anyMethods = [
  { adders: ['onAny', 'prependAny'], remover: 'offAny', lister: 'listenersAny' },
  {
    adders: ['onAnyOutgoing', 'prependAnyOutgoing'],
    remover: 'offAnyOutgoing',
    lister: 'listenersAnyOutgoing',
  },
] as const;

/** Arrays of listeners as they are shown, by Socket.IO's own. */
const views = new WeakMap<Listener[], Listener[]>();

/** The overrides for a kind of prototyped socket. */
export function callbackMethods<Raw extends object>(): Record<string, MethodOverride<Raw>> {
  const overrides: Record<string, MethodOverride<Raw>> = {
    // All methods that send come by here with their acknowledgement; private, and as old as
    // `timeout`. Without it, the raw socket would be `this` of an acknowledgement.
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

function run<Raw extends object>({ method, self }: MethodCall<Raw>, args: unknown[]): unknown {
  return Reflect.apply(method, self, args);
}

/** What is no function is Socket.IO's to refuse. */
function boundTo<Raw extends object>({ socket }: MethodCall<Raw>, listener: unknown): unknown {
  return typeof listener === 'function' ? bindListener(listener as Listener, socket) : listener;
}

function listed<Raw extends object>(
  { raw, methodOf }: MethodCall<Raw>,
  lister: Lister,
): Listener[] {
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
