/**
 * @module The members that a prototyped socket has of its own: `sessOn`, `sessOnce`, and the
 * `EventEmitter` methods in which it differs from the raw one. Knows events by their names; must not
 * know what a session is.
 */

import type { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import { assertListener } from '../assertions.js';
import { originalOf } from './socket-mirror.js';

/** A listener of the application; the types check what it takes where it is registered. */
export type Listener = (...args: unknown[]) => unknown;

/** The name of an event, as `EventEmitter` takes it. */
export type EventName = string | symbol;

/** What the members need to be told about sockets. */
export interface MemberServices {
  readonly alwaysSession: boolean;
  /** Hears that an event came for a listener that wants a session. */
  readonly receive: (raw: Socket, event: EventName, listener: Listener, args: unknown[]) => void;
  /** The emitter of `sessionend`, which is not the raw socket: a client could fake it there. */
  readonly lifeEvents: (raw: Socket) => EventEmitter;
}

/** The methods that add a listener: where it goes among the others, and whether it stays. */
const adders = {
  on: { place: 'on', isOnce: false },
  addListener: { place: 'on', isOnce: false },
  once: { place: 'on', isOnce: true },
  prependListener: { place: 'prependListener', isOnce: false },
  prependOnceListener: { place: 'prependListener', isOnce: true },
} as const;
const inquiries = ['off', 'removeListener', 'listeners', 'rawListeners', 'listenerCount'] as const;

/** They are about the socket itself, and nothing may be awaited while they are told. */
const eventsWithoutSession: ReadonlySet<EventName> = new Set([
  'disconnecting',
  'error',
  'newListener',
  'removeListener',
  'sessionend',
]);

type Adder = keyof typeof adders;

/** The members, and how to take back what they put on raw sockets. */
export class SocketMembers {
  /** What a mirror has of its own; each is called with the mirror as `this`. */
  readonly members: Readonly<Record<string, (this: Socket, ...args: never[]) => unknown>>;
  readonly #services: MemberServices;
  readonly #sessionListeners = new WeakSet<Listener>();

  constructor(services: MemberServices) {
    this.#services = services;
    this.members = {
      // The keys of the table, which TypeScript takes for any strings.
      ...Object.fromEntries(
        (Object.keys(adders) as Adder[]).map((name) => [name, this.#adder(name)]),
      ),
      ...Object.fromEntries(inquiries.map((name) => [name, this.#inquiry(name)])),
      ...this.#wholesale(),
      sessOn: this.#sessionAdder('sessOn', 'on'),
      sessOnce: this.#sessionAdder('sessOnce', 'once'),
    };
  }

  /** Takes the listeners that want a session off a raw socket. */
  release(raw: EventEmitter): void {
    for (const event of raw.eventNames()) {
      // `rawListeners` is the only list that has the wrappers, and all of them are functions.
      for (const listener of raw.rawListeners(event) as Listener[]) {
        if (this.#sessionListeners.has(listener)) raw.removeListener(event, listener);
      }
    }
  }

  #adder(name: Adder) {
    const { alwaysSession } = this.#services;
    const add = this.#sessionAdder(name, name);
    const emitterOf = this.#emitterOf.bind(this);
    return function (this: Socket, event: EventName, listener: Listener): Socket {
      // Called by what somebody put in place of the raw socket's own method: that is what it wants.
      if (originalOf(this) === this)
        return Reflect.apply(ownMethod(this, name), this, [event, listener]);
      if (alwaysSession && !eventsWithoutSession.has(event)) return add.call(this, event, listener);
      emitterOf(this, event)[name](event, listener);
      return this;
    };
  }

  /** @param calledAs the name in an error; `adder` says where the listener goes, and how long it stays */
  #sessionAdder(calledAs: string, adder: Adder) {
    const { place, isOnce } = adders[adder];
    const wrap = this.#wrap.bind(this);
    const emitterOf = this.#emitterOf.bind(this);
    return function (this: Socket, event: EventName, listener: Listener): Socket {
      assertListener(calledAs, listener);
      const emitter = emitterOf(this, event);
      if (eventsWithoutSession.has(event)) emitter[adder](event, listener);
      else {
        emitter[place](event, wrap(originalOf(this), event, { listener, isOnce }));
      }
      return this;
    };
  }

  /**
   * The listener that goes on the raw socket. `EventEmitter` finds it by the application's own, by
   * its property `listener`; `once` of Node.js would wrap it once more and hide that.
   */
  #wrap(
    raw: Socket,
    event: EventName,
    { listener, isOnce }: { listener: Listener; isOnce: boolean },
  ): Listener {
    const { receive } = this.#services;
    const wrapper = (...args: unknown[]): void => {
      if (isOnce) raw.removeListener(event, wrapper);
      receive(raw, event, listener, args);
    };
    this.#sessionListeners.add(wrapper);
    return Object.assign(wrapper, { listener });
  }

  #inquiry(name: (typeof inquiries)[number]) {
    const emitterOf = this.#emitterOf.bind(this);
    return function (this: Socket, event: EventName, listener: Listener): unknown {
      const emitter = emitterOf(this, event);
      const result: unknown = emitter[name](event, listener);
      return result === emitter ? this : result;
    };
  }

  /** The methods that are about all events at once. */
  #wholesale() {
    const { lifeEvents } = this.#services;
    return {
      eventNames(this: Socket): EventName[] {
        const raw: EventEmitter = originalOf(this);
        return [...raw.eventNames(), ...lifeEvents(originalOf(this)).eventNames()];
      },
      removeAllListeners(this: Socket, ...events: [event?: EventName]): Socket {
        const raw: EventEmitter = originalOf(this);
        if (events[0] !== 'sessionend') raw.removeAllListeners(...events);
        lifeEvents(originalOf(this)).removeAllListeners(...events);
        return this;
      },
    };
  }

  #emitterOf(socket: Socket, event: EventName): EventEmitter {
    const raw = originalOf(socket);
    return event === 'sessionend' ? this.#services.lifeEvents(raw) : raw;
  }
}

function ownMethod(raw: Socket, name: Adder): Socket[Adder] {
  return Reflect.get(Object.getPrototypeOf(raw), name);
}
