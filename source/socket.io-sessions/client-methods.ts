/**
 * @module The methods in which a client of `enable` differs from its prototyped socket: `smessage`,
 * `son`, and `disconnect` listeners whose promises are awaited.
 */

import type { Socket } from 'socket.io';
import { assertListener } from '../assertions.js';
import { callbackMethods } from '../sockets/callback-methods.js';
import { bindListener, type EventName, type Listener } from '../sockets/listener-links.js';
import type { MethodCall, MethodOverride, MethodTable } from '../sockets/socket-proxies.js';
import type { SessionSocket } from '../types.js';

export type { Listener };

/** Makes the listener that is registered in place of the application's own. */
export type WrapListener = (client: Socket, event: string, listener: Listener) => Listener;

/** How the methods wrap listeners. */
export interface ClientMethodDependencies {
  /** Wraps a listener that gets the session with each message; undefined without `per_message`. */
  readonly wrapSessionListener: WrapListener | undefined;
  /** Wraps a listener of `disconnect`; undefined where nothing waits for its promise. */
  readonly wrapDisconnectListener: WrapListener | undefined;
}

const adders = ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'] as const;
const removers = ['off', 'removeListener'] as const;

type Adder = (typeof adders)[number];
/** A call of a client's method: the client is the prototyped socket of a prototyped socket. */
type Call = MethodCall<Socket>;
type Override = MethodOverride<Socket>;

/** The event of `client.send(…)`, as which messages arrive. */
const messageEvent = 'message';

/** Makes the methods in which clients differ. */
export function clientMethods({
  wrapSessionListener,
  wrapDisconnectListener,
}: ClientMethodDependencies): MethodTable<Socket> {
  /** The registered wrappers, by the application's own listeners, so that those can be removed. */
  const wrappers = new WeakMap<Socket, Map<EventName, WeakMap<Listener, Listener>>>();

  function wrapperOf(
    client: Socket,
    event: string,
    { listener, wrap }: { listener: Listener; wrap: WrapListener },
  ): Listener {
    const ofClient = wrappers.get(client) ?? new Map<EventName, WeakMap<Listener, Listener>>();
    wrappers.set(client, ofClient);
    const ofEvent = ofClient.get(event) ?? new WeakMap<Listener, Listener>();
    ofClient.set(event, ofEvent);
    const wrapper = ofEvent.get(listener) ?? wrap(client, event, listener);
    ofEvent.set(listener, wrapper);
    return wrapper;
  }

  function addSessionListener(
    { raw, socket, self }: Call,
    { event, listener, isOnce }: { event: string; listener: Listener; isOnce: boolean },
  ): Socket {
    if (!wrapSessionListener) {
      throw new TypeError(
        `\`${event}\`: expected \`per_message\` to be on, but it is off; use the session of \`sconnection\`, or turn \`per_message\` on`,
      );
    }
    const wrapper = wrapperOf(socket, event, { listener, wrap: wrapSessionListener });
    // The raw socket of a client is a prototyped socket, which has the methods of its type.
    const prototyped = raw as unknown as SessionSocket;
    const name = event === 'smessage' ? messageEvent : event;
    if (isOnce) prototyped.sessOnce(name, wrapper);
    else prototyped.sessOn(name, wrapper);
    return self;
  }

  const adder =
    (name: Adder): Override =>
    (call, args) => {
      const [event, listener] = args as [EventName, Listener];
      assertListener(name, listener);
      // Not registered for `smessage` itself: any client could send one, with a made-up session.
      if (event === 'smessage') {
        return addSessionListener(call, { event, listener, isOnce: /once/i.test(name) });
      }
      const wrap = event === 'disconnect' ? wrapDisconnectListener : undefined;
      const registered = wrap
        ? wrapperOf(call.socket, String(event), { listener, wrap })
        : bindListener(listener, call.socket);
      return Reflect.apply(call.method, call.raw, [event, registered]);
    };

  const remover: Override = (call, args) => {
    const [event, listener] = args as [EventName, Listener];
    const name = event === 'smessage' ? messageEvent : event;
    const wrapper = wrappers.get(call.socket)?.get(event)?.get(listener);
    const isThere = wrapper !== undefined && call.raw.listeners(String(name)).includes(wrapper);
    if (event === 'smessage' && !isThere) return call.self;
    return Reflect.apply(call.method, call.raw, [name, isThere ? wrapper : listener]);
  };

  return {
    overrides: {
      ...callbackMethods(),
      ...Object.fromEntries(adders.map((name) => [name, adder(name)])),
      ...Object.fromEntries(removers.map((name) => [name, remover])),
    },
    additions: {
      son: (call, args) => {
        const [event, listener] = args as [string, Listener];
        assertListener('son', listener);
        return addSessionListener(call, { event, listener, isOnce: false });
      },
    },
  };
}
