/**
 * @module The methods in which a prototyped socket differs from its raw one: `sessOn`, `sessOnce`,
 * and those that add listeners, call them, look them up or take them away.
 */

import { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import { assertListener } from '../assertions.js';
import { isSessionHash } from '../session/session-hash.js';
import { callbackMethods } from './callback-methods.js';
import {
  bindListener,
  type EventName,
  emitterOf,
  isFoundBy,
  type Listener,
  link,
  registeredOn,
  wrapping,
} from './listener-links.js';
import { lookupMethods, run } from './listener-lookups.js';
import type { MethodCall, MethodOverride, MethodTable } from './socket-proxies.js';

/** What the methods need to be told about sockets. */
export interface MethodServices {
  readonly alwaysSession: boolean;
  /** Hears that an event came for a listener that wants a session. */
  readonly receive: (raw: Socket, event: EventName, listener: Listener, args: unknown[]) => void;
  /** The emitter of `sessionend`, which is not the raw socket: a client could fake it there. */
  readonly lifeEvents: (raw: Socket) => EventEmitter;
}

type Call = MethodCall<Socket>;
type Override = MethodOverride<Socket>;

/** The methods that add a listener, and those of them that add it for one event only. */
const adders = ['on', 'addListener', 'prependListener', 'once', 'prependOnceListener'] as const;
type Adder = (typeof adders)[number];
const onceAdders: ReadonlySet<Adder> = new Set(['once', 'prependOnceListener']);

/** They are about the socket itself, and nothing may be awaited while they are told. */
const eventsWithoutSession: ReadonlySet<EventName> = new Set([
  'disconnecting',
  'error',
  'newListener',
  'removeListener',
  'sessionend',
]);

/** Where Socket.IO calls listeners: those that were registered on the raw socket have it as `this`. */
const deliveringMethods = [
  '_onclose',
  '_onerror',
  '_onpacket',
  'dispatch',
  'emitReserved',
  'emitUntyped',
  'notifyOutgoingListeners',
  'onack',
  'ondisconnect',
  'onevent',
] as const;

/** A listener that is being registered, while the methods of others may be at work on it. */
interface Registration {
  readonly raw: Socket;
  readonly event: EventName;
  /** What is registered; others may wrap it once more. */
  readonly listener: Listener;
  /** What is on the raw socket in the end. */
  registered: Listener;
}

/** The methods, and how to take back what they put on raw sockets. */
export class SocketMethods implements MethodTable<Socket> {
  readonly overrides: Readonly<Record<string, Override>>;
  readonly additions: Readonly<Record<string, Override>>;
  readonly views: Readonly<Record<string, (value: unknown) => unknown>> = {
    rooms: withoutSessionRoom,
  };
  readonly #services: MethodServices;
  readonly #sessionListeners = new WeakSet<Listener>();
  readonly #released = new WeakSet<Socket>();
  #registration: Registration | undefined;

  constructor(services: MethodServices) {
    this.#services = services;
    this.overrides = {
      ...callbackMethods<Socket>(),
      ...named(deliveringMethods, () => (call, args) => Reflect.apply(call.method, call.raw, args)),
      ...named(adders, (name) => (call, args) => this.#add(name, call, args)),
      ...lookupMethods(services.lifeEvents),
    };
    this.additions = {
      sessOn: (call, args) => this.#addForSession('sessOn', call, args),
      sessOnce: (call, args) => this.#addForSession('sessOnce', call, args),
    };
  }

  /** Takes the listeners that want a session off a raw socket; one that is left does nothing. */
  release(raw: Socket): void {
    this.#released.add(raw);
    for (const event of EventEmitter.prototype.eventNames.call(raw)) {
      for (const listener of registeredOn(raw, event)) {
        if (!this.#sessionListeners.has(listener)) continue;
        try {
          EventEmitter.prototype.removeListener.call(raw, event, listener);
        } catch {
          // It is gone: only the event `removeListener` can't be emitted on a socket of Socket.IO.
        }
      }
    }
  }

  #add(name: Adder, call: Call, args: unknown[]): unknown {
    const [event, listener] = args as [EventName, unknown];
    if (event === 'sessionend') return this.#addToLifeEvents(name, call, listener);
    const begun = this.#registration;
    if (begun?.raw === call.raw && begun.event === event) return this.#goOn(begun, call, args);
    if (this.#services.alwaysSession && !eventsWithoutSession.has(event)) {
      assertListener(name, listener);
      return this.#register(this.#forSession(call, args, onceAdders.has(name)), call, args);
    }
    if (typeof listener !== 'function') return run(call, args);
    const given = listener as Listener;
    // Those of `once` are bound by Node.js, to what it is called on.
    const registered = onceAdders.has(name) ? given : bindListener(given, call.socket);
    return this.#register({ raw: call.raw, event, listener: registered, registered }, call, args);
  }

  #addForSession(name: 'sessOn' | 'sessOnce', call: Call, args: unknown[]): unknown {
    const [event, listener] = args as [EventName, unknown];
    assertListener(name, listener);
    const isOnce = name === 'sessOnce';
    if (eventsWithoutSession.has(event)) {
      const plain = isOnce ? 'once' : 'on';
      return this.#add(plain, { ...call, name: plain, method: call.methodOf(plain) }, args);
    }
    const adding = { ...call, name: 'on', method: call.methodOf('on') };
    this.#register(this.#forSession(call, args, isOnce), adding, args);
    return call.self;
  }

  /**
   * A listener that wants a session goes on the raw socket. It takes itself away by what was really
   * registered, and is called once whether or not that can be found.
   */
  #forSession({ raw }: Call, args: unknown[], isOnce: boolean): Registration {
    // The caller has asserted it.
    const [event, listener] = args as [EventName, Listener];
    let isOver = false;
    const wrapper = wrapping((...given) => {
      if (isOver || this.#released.has(raw)) return;
      if (isOnce) {
        isOver = true;
        emitterOf(raw).removeListener(event, registration.registered);
      }
      this.#services.receive(raw, event, listener, given);
    }, listener);
    const registration: Registration = { raw, event, listener: wrapper, registered: wrapper };
    this.#sessionListeners.add(wrapper);
    return registration;
  }

  /** Registers a listener, and finds out what is on the raw socket then: tracers wrap listeners. */
  #register(registration: Registration, call: Call, args: unknown[]): unknown {
    const { raw, event, listener } = registration;
    const outer = this.#registration;
    const before = registeredOn(raw, event);
    this.#registration = registration;
    try {
      return run(call, [event, listener, ...args.slice(2)]);
    } finally {
      this.#registration = outer;
      const added = addedSince(before, raw, registration);
      if (added) {
        registration.registered = added;
        link(added, listener);
        if (this.#sessionListeners.has(listener)) this.#sessionListeners.add(added);
      }
    }
  }

  /** `once` of Node.js calls `on`, and so may what others put in place of a method. */
  #goOn({ raw, event, listener }: Registration, call: Call, args: unknown[]): unknown {
    const [, given] = args as [EventName, unknown];
    if (typeof given !== 'function') return run(call, args);
    // Ours runs once by itself; and it is found by the application's own only if not wrapped.
    const isOurs = this.#sessionListeners.has(listener) && isFoundBy(given as Listener, listener);
    const passed = isOurs ? listener : (given as Listener);
    const before = registeredOn(raw, event);
    const result = run(call, [event, passed, ...args.slice(2)]);
    const added = addedSince(before, raw, { event, listener: passed });
    if (added) link(added, passed);
    return result;
  }

  #addToLifeEvents(name: Adder, call: Call, listener: unknown): Socket {
    const bound =
      typeof listener === 'function' ? bindListener(listener as Listener, call.socket) : listener;
    // What is no function is for Node.js to refuse.
    this.#services.lifeEvents(call.raw)[name]('sessionend', bound as Listener);
    return call.self;
  }
}

/** An application that sends to all rooms of a socket does not mean the other tabs of its visitor. */
function withoutSessionRoom(rooms: unknown): unknown {
  if (!(rooms instanceof Set)) return rooms;
  const visible = [...rooms].filter((room) => !isSessionHash(room));
  return visible.length === rooms.size ? rooms : new Set(visible);
}

/** What is on a raw socket in place of the listener that was to be registered. */
function addedSince(
  before: readonly Listener[],
  raw: Socket,
  { event, listener }: Pick<Registration, 'event' | 'listener'>,
): Listener | undefined {
  const after = registeredOn(raw, event);
  return after.includes(listener) ? undefined : after.find((one) => !before.includes(one));
}

function named<Name extends string>(
  names: readonly Name[],
  make: (name: Name) => Override,
): Record<string, Override> {
  return Object.fromEntries(names.map((name) => [name, make(name)]));
}
