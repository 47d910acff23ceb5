/**
 * @module The methods in which a client of `enable` differs from its prototyped socket: `smessage`,
 * `son`, and a `disconnect` that is waited for.
 */

import type { Socket } from 'socket.io';
import { assertListener } from '../assertions.js';
import { callbackMethods } from '../sockets/callback-methods.js';
import { bindListener, type EventName, type Listener } from '../sockets/listener-links.js';
import type { MethodCall, MethodOverride, MethodTable } from '../sockets/socket-proxies.js';
import type { SessionSocket } from '../types.js';

export type { Listener };

/** Makes the listener that goes on the socket in place of the application's own. */
export type Wrap = (client: Socket, event: string, listener: Listener) => Listener;

/** What the members need to be told. */
export interface MemberTerms {
  /** Wraps a listener whose session is read before, and saved after it; none where there is none. */
  readonly exchanging: Wrap | undefined;
  /** Wraps a listener of `disconnect` that is waited for; none where nobody waits. */
  readonly leaving: Wrap | undefined;
}

const adders = ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'] as const;
const removers = ['off', 'removeListener'] as const;

type Adder = (typeof adders)[number];
/** A call of a client's method: the client is the prototyped socket of a prototyped socket. */
type Call = MethodCall<Socket>;
type Override = MethodOverride<Socket>;

/** The event of `client.send(…)`, with which messages come. */
const messageEvent = 'message';

/** Makes the methods in which clients differ. */
export function clientMembers({ exchanging, leaving }: MemberTerms): MethodTable<Socket> {
  /** The listeners that stand for the application's own, so that those can be removed again. */
  const stands = new WeakMap<Socket, Map<EventName, WeakMap<Listener, Listener>>>();

  function standFor(client: Socket, event: string, listener: Listener, wrap: Wrap): Listener {
    const ofClient = stands.get(client) ?? new Map<EventName, WeakMap<Listener, Listener>>();
    stands.set(client, ofClient);
    const ofEvent = ofClient.get(event) ?? new WeakMap<Listener, Listener>();
    ofClient.set(event, ofEvent);
    const stand = ofEvent.get(listener) ?? wrap(client, event, listener);
    ofEvent.set(listener, stand);
    return stand;
  }

  function addExchanging(
    { raw, socket, self }: Call,
    { event, listener, isOnce }: { event: string; listener: Listener; isOnce: boolean },
  ): Socket {
    if (!exchanging) {
      throw new TypeError(
        'Messages with a session: expected `per_message` to be on, and it is off: the session is that of `sconnection`',
      );
    }
    const stand = standFor(socket, event, listener, exchanging);
    // What stands behind a client is a prototyped socket, which has the methods of its type.
    const prototyped = raw as unknown as SessionSocket;
    const name = event === 'smessage' ? messageEvent : event;
    if (isOnce) prototyped.sessOnce(name, stand);
    else prototyped.sessOn(name, stand);
    return self;
  }

  const adder =
    (name: Adder): Override =>
    (call, args) => {
      const [event, listener] = args as [EventName, Listener];
      assertListener(name, listener);
      // Never a listener of that very event: any client can send one, with a session made up.
      if (event === 'smessage') {
        return addExchanging(call, { event, listener, isOnce: /once/i.test(name) });
      }
      const isWaitedFor = leaving && event === 'disconnect';
      const stand = isWaitedFor
        ? standFor(call.socket, event, listener, leaving)
        : bindListener(listener, call.socket);
      return Reflect.apply(call.method, call.raw, [event, stand]);
    };

  const remover: Override = (call, args) => {
    const [event, listener] = args as [EventName, Listener];
    const real = event === 'smessage' ? messageEvent : event;
    const stand = stands.get(call.socket)?.get(event)?.get(listener);
    const isThere = stand !== undefined && call.raw.listeners(String(real)).includes(stand);
    if (event === 'smessage' && !isThere) return call.self;
    return Reflect.apply(call.method, call.raw, [real, isThere ? stand : listener]);
  };

  return {
    overrides: {
      ...callbackMethods<Socket>(),
      ...Object.fromEntries(adders.map((name) => [name, adder(name)])),
      ...Object.fromEntries(removers.map((name) => [name, remover])),
    },
    additions: {
      son: (call, args) => {
        const [event, listener] = args as [string, Listener];
        assertListener('son', listener);
        return addExchanging(call, { event, listener, isOnce: false });
      },
    },
  };
}
