/**
 * @module The methods in which a prototyped socket differs from its raw socket: `sessOn`, `sessOnce`,
 * and those that add, call, look up or remove listeners.
 */

import { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import { assertListener } from '../assertions.js';
import { SessionError } from '../errors.js';
import {
  bindListener,
  type EventName,
  emitterOf,
  isFoundBy,
  type Listener,
  link,
  registeredOn,
  standingFor,
  wrapping,
} from './listener-links.js';
import { callbackMethods, lookupMethods } from './listener-methods.js';
import { visibleRooms } from './session-rooms.js';
import type { SocketController } from './socket-controller.js';
import { inheritedMethod } from './socket-prototypes.js';
import {
  type MethodTable,
  runMethod,
  type SocketCall,
  type SocketMethod,
} from './socket-proxies.js';

/** Finds the controller of a raw socket, which receives the events for listeners with a session. */
type ControllerOf = (
  raw: Socket,
) => Pick<SocketController, 'receive' | 'reportListener' | 'endEvents'>;

/** The methods that add a listener, and those of them that add it for one event only. */
const adders = ['on', 'addListener', 'prependListener', 'once', 'prependOnceListener'] as const;
type Adder = (typeof adders)[number];
const onceAdders: ReadonlySet<Adder> = new Set(['once', 'prependOnceListener']);

/** Events about the socket itself, whose listeners must be called at once. */
const eventsWithoutSession: ReadonlySet<EventName> = new Set([
  'disconnecting',
  'error',
  'newListener',
  'removeListener',
  'sessionend',
]);

/** Methods of Socket.IO that call listeners: they run on the raw socket, which is then `this`. */
const deliveringMethods = [
  '_onclose',
  'dispatch',
  'emitReserved',
  'emitUntyped',
  'notifyOutgoingListeners',
  'onack',
  'onevent',
] as const;

/** A listener that is being registered, possibly through methods that another library replaced. */
interface Registration {
  readonly raw: Socket;
  readonly event: EventName;
  /** The listener to register; another library may wrap it once more. */
  readonly listener: Listener;
  /** The function that is on the raw socket in the end. */
  registered: Listener;
  /** Whether the listener is bound in the call of `on` within this registration. */
  readonly isBoundLater?: boolean;
}

/** The methods; `release` removes the listeners that they have registered. */
export class SocketMethods implements MethodTable {
  readonly overrides: Readonly<Record<string, SocketMethod>>;
  readonly additions: Readonly<Record<string, SocketMethod>>;
  readonly views: Readonly<Record<string, (value: unknown) => unknown>> = {
    rooms: visibleRooms,
  };
  readonly #alwaysSession: boolean;
  readonly #controllerOf: ControllerOf;
  readonly #sessionListeners = new WeakSet<Listener>();
  #isReleased = false;
  #registration: Registration | undefined;

  constructor(alwaysSession: boolean, controllerOf: ControllerOf) {
    this.#alwaysSession = alwaysSession;
    this.#controllerOf = controllerOf;
    this.overrides = {
      ...callbackMethods((listener, call, event) => this.#reporting(listener, call, event)),
      ...lookupMethods((raw) => controllerOf(raw).endEvents),
      ...named(deliveringMethods, () => (call, args) => Reflect.apply(call.method, call.raw, args)),
      ...named(adders, (name) => (call, args) => this.#add(name, call, args)),
    };
    this.additions = {
      sessOn: (call, args) => this.#addForSession('sessOn', call, args),
      sessOnce: (call, args) => this.#addForSession('sessOnce', call, args),
    };
  }

  /**
   * Removes the listeners that get a session from a raw socket. From then on, those that remain on any
   * socket do nothing.
   */
  release(raw: Socket): void {
    this.#isReleased = true;
    for (const event of EventEmitter.prototype.eventNames.call(raw)) {
      for (const listener of registeredOn(raw, event)) {
        if (!this.#sessionListeners.has(listener)) continue;
        try {
          EventEmitter.prototype.removeListener.call(raw, event, listener);
        } catch {
          // The listener is removed; what throws is Socket.IO, which refuses to emit `removeListener`.
        }
      }
    }
  }

  #add(name: Adder, call: SocketCall, args: unknown[]): unknown {
    const [event, listener] = args as [EventName, unknown];
    if (event === 'sessionend') return this.#addToEndEvents(name, call, listener);
    const begun = this.#registration;
    if (begun?.raw === call.raw && begun.event === event) return this.#addNested(begun, call, args);
    if (this.#alwaysSession && !eventsWithoutSession.has(event)) {
      assertListener(name, listener);
      return this.#register(this.#forSession(call, args, onceAdders.has(name)), call, args);
    }
    if (typeof listener !== 'function') return runMethod(call, args);
    const given = listener as Listener;
    // `once` of Node.js calls `on` with a listener of its own, which is bound then. A function that another
    // library put in its place may call it on the raw socket.
    const isBoundLater = onceAdders.has(name) && inheritedMethod(call.raw, name) === call.method;
    const registered = isBoundLater ? given : this.#reporting(given, call, event);
    const registration = { raw: call.raw, event, listener: registered, registered, isBoundLater };
    return this.#register(registration, call, args);
  }

  /**
   * Binds a listener without a session, or an acknowledgement, and reports each `SessionError` that it
   * throws or rejects with, such as that of a save of another listener's session after a logout: no
   * visitor can end the process by it. All other errors are left to Node.js.
   */
  #reporting(listener: Listener, { raw, socket }: SocketCall, event?: EventName): Listener {
    const report = (error: unknown, [first]: readonly unknown[]): void => {
      if (!(error instanceof SessionError)) throw error;
      this.#controllerOf(raw).reportListener(error, event ?? (first as EventName));
    };
    const run: Listener = (...args) => {
      try {
        const result: unknown = Reflect.apply(listener, socket, args);
        // Of another thenable, `then` may have effects.
        if (!(result instanceof Promise)) return result;
        return result.then(undefined, (error) => report(error, args));
      } catch (error) {
        return report(error, args);
      }
    };
    return standingFor(run, listener);
  }

  #addForSession(name: 'sessOn' | 'sessOnce', call: SocketCall, args: unknown[]): unknown {
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
   * Wraps a listener that gets a session. A listener of `once` removes the function that was really
   * registered, and is called only once even if that cannot be found.
   */
  #forSession({ raw }: SocketCall, args: unknown[], isOnce: boolean): Registration {
    // The caller has checked the listener.
    const [event, listener] = args as [EventName, Listener];
    const controller = this.#controllerOf(raw);
    let isOver = false;
    const wrapper = wrapping((...given) => {
      if (isOver || this.#isReleased) return;
      if (isOnce) {
        isOver = true;
        emitterOf(raw).removeListener(event, registration.registered);
      }
      controller.receive(event, listener, given);
    }, listener);
    const registration: Registration = { raw, event, listener: wrapper, registered: wrapper };
    this.#sessionListeners.add(wrapper);
    return registration;
  }

  /** Registers a listener, and finds what is on the raw socket then, because tracers wrap listeners. */
  #register(registration: Registration, call: SocketCall, args: unknown[]): unknown {
    const { raw, event, listener } = registration;
    const outer = this.#registration;
    const before = registeredOn(raw, event);
    this.#registration = registration;
    try {
      return runMethod(call, [event, listener, ...args.slice(2)]);
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

  /** A call within a registration: `once` of Node.js calls `on`, and so may a replaced method. */
  #addNested(
    { raw, event, listener, isBoundLater }: Registration,
    call: SocketCall,
    args: unknown[],
  ): unknown {
    const [, inner] = args as [EventName, unknown];
    if (typeof inner !== 'function') return runMethod(call, args);
    const given = isBoundLater
      ? this.#reporting(inner as Listener, call, event)
      : (inner as Listener);
    // A session listener removes itself, and `off` finds it only if it is not wrapped once more.
    const isSessionListener = this.#sessionListeners.has(listener) && isFoundBy(given, listener);
    const passed = isSessionListener ? listener : given;
    const before = registeredOn(raw, event);
    const result = runMethod(call, [event, passed, ...args.slice(2)]);
    const added = addedSince(before, raw, { event, listener: passed });
    if (added) link(added, passed);
    return result;
  }

  #addToEndEvents(name: Adder, call: SocketCall, listener: unknown): Socket {
    const bound =
      typeof listener === 'function' ? bindListener(listener as Listener, call.socket) : listener;
    const { endEvents } = this.#controllerOf(call.raw);
    endEvents.setMaxListeners(call.raw.getMaxListeners());
    // Node.js refuses anything that is not a function.
    endEvents[name]('sessionend', bound as Listener);
    return call.self;
  }
}

/** The function that was registered in place of a listener, if another one was. */
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
  make: (name: Name) => SocketMethod,
): Record<string, SocketMethod> {
  return Object.fromEntries(names.map((name) => [name, make(name)]));
}
