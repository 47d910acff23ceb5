/**
 * @module The methods in which a client of `enable` differs from its prototyped socket: `smessage`,
 * `son`, and `disconnect` listeners whose promises are awaited.
 */

import type { Socket } from 'socket.io';
import { assertListener } from '../assertions.js';
import { bindListener, type EventName, type Listener } from '../sockets/listener-links.js';
import { callbackMethods } from '../sockets/listener-methods.js';
import type { MethodTable, SocketCall, SocketMethod } from '../sockets/socket-proxies.js';
import type { SessionSocket } from '../types/session-socket.js';

export type { Listener };

/** Makes the listener that is registered in place of the application's own. */
type WrapListener = (client: Socket, event: string, listener: Listener) => Listener;

/** How the methods wrap listeners. */
interface ClientMethodsDependencies {
  /** Wraps a listener that gets the session with each message; undefined without `per_message`. */
  readonly wrapSessionListener?: WrapListener;
  /** Wraps a listener of `disconnect`; undefined if nothing waits for its promise. */
  readonly wrapDisconnectListener?: WrapListener;
}

const adders = ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'] as const;
const removers = ['off', 'removeListener'] as const;

/** Makes the methods in which clients differ. */
export function clientMethods({
  wrapSessionListener,
  wrapDisconnectListener,
}: ClientMethodsDependencies): MethodTable {
  /** What the application added for each registered wrapper, so that it can be removed again. */
  const added = new WeakMap<Listener, { event: EventName; listener: Listener }>();

  function addSessionListener(
    { raw, socket, self }: SocketCall,
    { event, listener, isOnce }: { event: string; listener: Listener; isOnce: boolean },
  ): Socket {
    if (!wrapSessionListener) {
      throw new TypeError(
        `\`${event}\`: expected \`per_message\` to be on, but it is off; use the session of \`sconnection\`, or turn \`per_message\` on`,
      );
    }
    const wrapper = wrapSessionListener(socket, event, listener);
    added.set(wrapper, { event, listener });
    // The raw socket of a client is a prototyped socket, which has the methods of its type.
    const prototyped = raw as unknown as SessionSocket;
    if (isOnce) prototyped.sessOnce(arrivingAs(event), wrapper);
    else prototyped.sessOn(arrivingAs(event), wrapper);
    return self;
  }

  const adder =
    (name: (typeof adders)[number]): SocketMethod =>
    (call, args) => {
      const [event, listener] = args as [EventName, Listener];
      assertListener(name, listener);
      // Not registered for `smessage` itself: any client could send one, with a made-up session.
      if (event === 'smessage') {
        return addSessionListener(call, { event, listener, isOnce: /once/i.test(name) });
      }
      const wrap = event === 'disconnect' ? wrapDisconnectListener : undefined;
      const registered =
        wrap?.(call.socket, 'disconnect', listener) ?? bindListener(listener, call.socket);
      if (wrap) added.set(registered, { event, listener });
      return Reflect.apply(call.method, call.raw, [event, registered]);
    };

  const remover: SocketMethod = (call, args) => {
    const [event, listener] = args as [EventName, Listener];
    const registered = call.raw.listeners(arrivingAs(String(event))).findLast((one) => {
      const given = added.get(one);
      return given?.event === event && given.listener === listener;
    });
    if (event === 'smessage' && !registered) return call.self;
    return Reflect.apply(call.method, call.raw, [arrivingAs(event), registered ?? listener]);
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

/** The event of the packets of an event: `smessage` listens to `message`, which `client.send(…)` emits. */
function arrivingAs<Event extends EventName>(event: Event): Event | 'message' {
  return event === 'smessage' ? 'message' : event;
}
