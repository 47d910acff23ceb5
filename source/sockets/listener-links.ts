/**
 * @module Finds the function of the application that a registered listener calls in the end: listeners
 * are bound to their socket, wrapped for the session, and wrapped again by tracers.
 */

import { EventEmitter } from 'node:events';

/** A listener of the application; the types check what it takes where it is registered. */
export type Listener = (...args: unknown[]) => unknown;

/** The name of an event, as `EventEmitter` takes it. */
export type EventName = string | symbol;

/** The key under which a wrapper of the library has the listener that it calls. */
const inner: unique symbol = Symbol('inner listener');
/** The same for a wrapper that only binds the listener to its socket. */
const bound: unique symbol = Symbol('bound listener');

/** The listeners that wrappers of other libraries call. */
const links = new WeakMap<Listener, Listener>();

/** A listener that may call another one. */
interface BoundListener extends Listener {
  listener?: unknown;
  [inner]?: Listener;
  [bound]?: Listener;
}

/** The longest chain of wrappers that is followed: a longer one is a cycle. */
const longestChain = 20;

/** Records that a listener calls another one, so that it can be found by that. */
export function link(outer: Listener, listener: Listener): void {
  // Another library may have unwrapped the listener instead.
  if (innerOf(outer) || leadsTo(listener, outer)) return;
  links.set(outer, listener);
}

/** Binds a listener to `socket` as its `this`. */
export function bindListener(listener: Listener, socket: object): Listener {
  // Unlike a function that passes its arguments on, it needs no room on the stack for a second copy.
  return standingFor(Function.prototype.bind.call(listener, socket), listener);
}

/**
 * Makes `bind`, which only calls a listener, stand for it. `EventEmitter` finds the function by the
 * application's listener, which it has as its property `listener`.
 */
export function standingFor(bind: BoundListener, listener: Listener): Listener {
  bind.listener = listenerOf(listener);
  bind[bound] = listener;
  return bind;
}

/** Makes `wrapper` findable by the listener that it calls, also on the raw socket. */
export function wrapping(wrapper: BoundListener, listener: Listener): Listener {
  wrapper.listener = listenerOf(listener);
  wrapper[inner] = listener;
  return wrapper;
}

/** The function that a bound one stands for, or the listener itself if it is not bound. */
export function unbound(listener: BoundListener): Listener {
  const bare = listener[bound];
  return bare ? unbound(bare) : listener;
}

/** What `listeners` returns for a registered function: the application's listener, if it is known. */
export function shownFor(listed: Listener): Listener {
  return innerOf(listed) ? listenerOf(listed) : listed;
}

/** The application's listener behind a wrapper. */
function listenerOf(listener: Listener): Listener {
  let last: BoundListener = listener;
  for (let next = innerOf(last); next; next = innerOf(last)) last = next;
  return typeof last.listener === 'function' ? (last.listener as Listener) : last;
}

function innerOf(listener: BoundListener): Listener | undefined {
  return listener[bound] ?? listener[inner] ?? links.get(listener);
}

/** Whether a listener is another one, or calls it. */
export function leadsTo(outer: Listener, listener: unknown): boolean {
  let next: unknown = outer;
  for (let length = 0; typeof next === 'function' && length < longestChain; length++) {
    if (next === listener) return true;
    // Any function may have these properties.
    const one = next as BoundListener;
    next = innerOf(one) ?? one.listener;
  }
  return false;
}

/** Whether `EventEmitter` itself finds a registered listener by `listener`. */
export function isFoundBy(registered: Listener, listener: unknown): boolean {
  return registered === listener || Reflect.get(registered, 'listener') === listener;
}

/** The listeners of an event as they were registered, even if `rawListeners` has been replaced. */
export function registeredOn(emitter: EventEmitter, event: EventName): Listener[] {
  // All of them are functions.
  return EventEmitter.prototype.rawListeners.call(emitter, event) as Listener[];
}

/** A raw socket or a namespace as an `EventEmitter`, without its event maps. */
export function emitterOf(emitter: EventEmitter): EventEmitter {
  return emitter;
}

/**
 * Adds a listener.
 *
 * @returns the function that is on the emitter then: the listener, or what another library wrapped it in
 */
export function register(
  emitter: EventEmitter,
  event: EventName,
  listener: Listener,
): Listener | undefined {
  const before = registeredOn(emitter, event);
  emitter.on(event, listener);
  return registeredOn(emitter, event).find((one) => !before.includes(one));
}
