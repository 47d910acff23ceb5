/**
 * @module What a client of `enable` has over the prototyped socket: `smessage`, `son`, and a
 * `disconnect` that is waited for. Knows which listener stands for which; must not know sessions.
 */

import type { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import { assertListener } from '../assertions.js';
import { originalOf } from '../sockets/socket-mirror.js';
import type { SessionSocket } from '../types.js';

/** A listener of the application; the types check what it takes where it is registered. */
export type Listener = (...args: unknown[]) => unknown;

/** The name of an event, as `EventEmitter` takes it. */
type EventName = string | symbol;

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

const forwarded = ['sessOn', 'sessOnce'] as const;

type Adder = (typeof adders)[number];

/** The event of `client.send(…)`, with which messages come. */
const messageEvent = 'message';

/** Makes the members; each is called with the client as `this`. */
export function clientMembers({ exchanging, leaving }: MemberTerms): object {
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
    client: Socket,
    event: string,
    listener: Listener,
    isOnce: boolean,
  ): Socket {
    if (!exchanging) {
      throw new TypeError(
        'Messages with a session: expected `per_message` to be on, and it is off: the session is that of `sconnection`',
      );
    }
    const stand = standFor(client, event, listener, exchanging);
    const socket = prototypedOf(client);
    const name = event === 'smessage' ? messageEvent : event;
    if (isOnce) socket.sessOnce(name, stand);
    else socket.sessOn(name, stand);
    return client;
  }

  const adder = (name: Adder) =>
    function (this: Socket, event: EventName, listener: Listener): Socket {
      assertListener(name, listener);
      // Never a listener of that very event: any client can send one, with a session made up.
      if (event === 'smessage') return addExchanging(this, event, listener, /once/i.test(name));
      const isWaitedFor = leaving && event === 'disconnect';
      const stand = isWaitedFor ? standFor(this, event, listener, leaving) : listener;
      emitterOf(this)[name](event, stand);
      return this;
    };

  const remover = (name: (typeof removers)[number]) =>
    function (this: Socket, event: EventName, listener: Listener): Socket {
      const socket = emitterOf(this);
      const real = event === 'smessage' ? messageEvent : event;
      const stand = stands.get(this)?.get(event)?.get(listener);
      const isThere = stand !== undefined && socket.listeners(real).includes(stand);
      if (isThere || event !== 'smessage') socket[name](real, isThere ? stand : listener);
      return this;
    };

  const forwarder = (name: (typeof forwarded)[number]) =>
    function (this: Socket, event: EventName, listener: Listener): Socket {
      prototypedOf(this)[name](event as string, listener);
      return this;
    };

  return {
    ...Object.fromEntries(adders.map((name) => [name, adder(name)])),
    ...Object.fromEntries(removers.map((name) => [name, remover(name)])),
    // They look for the raw socket behind `this`, and this one is a mirror of a mirror.
    ...Object.fromEntries(forwarded.map((name) => [name, forwarder(name)])),
    son(this: Socket, event: string, listener: Listener): Socket {
      assertListener('son', listener);
      return addExchanging(this, event, listener, false);
    },
  };
}

/** What a client mirrors is the prototyped socket, which has the members of its type. */
function prototypedOf(client: Socket): SessionSocket {
  return originalOf(client) as unknown as SessionSocket;
}

/** The prototyped socket as the `EventEmitter` that it is, whatever its event maps. */
function emitterOf(client: Socket): EventEmitter {
  return originalOf(client);
}
