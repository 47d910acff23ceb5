/**
 * @module Which function of an application each registered listener calls: listeners are bound to
 * their socket, wrapped for the session, and wrapped again by tracers.
 */

import { EventEmitter } from 'node:events';

/** A listener of the application; the types check what it takes where it is registered. */
export type Listener = (...args: unknown[]) => unknown;

/** The name of an event, as `EventEmitter` takes it. */
export type EventName = string | symbol;

/** The key under which a listener of ours has the one that it calls. */
const inner: unique symbol = Symbol('inner listener');
/** The key of the same, where the listener is only bound to its socket. */
const bound: unique symbol = Symbol('bound listener');

/** From listeners that others made to those that they call. */
const links = new WeakMap<Listener, Listener>();

/** A listener that may call another one. */
interface BoundListener extends Listener {
  listener?: unknown;
  [inner]?: Listener;
  [bound]?: Listener;
}

/** No chain of wrappers is longer: one that is, leads back to itself. */
const longestChain = 20;

/** Notes that a listener calls another one, which is found by it from then on. */
export function link(outer: Listener, listener: Listener): void {
  // Somebody may have unwrapped a listener instead.
  if (innerOf(outer) || leadsTo(listener, outer)) return;
  links.set(outer, listener);
}

/**
 * A listener with `socket` as its `this`, whoever emits the event. `EventEmitter` finds it by the
 * application's own, by its property `listener`.
 */
export function bindListener(listener: Listener, socket: object): Listener {
  const bind: BoundListener = (...args) => Reflect.apply(listener, socket, args);
  bind.listener = listenerOf(listener);
  bind[bound] = listener;
  return bind;
}

/** Lets `wrapper` be found by the listener that it calls, on the raw socket as well. */
export function wrapping(wrapper: BoundListener, listener: Listener): Listener {
  wrapper.listener = listenerOf(listener);
  wrapper[inner] = listener;
  return wrapper;
}

/** What was bound, where `bindListener` made the listener; otherwise the listener itself. */
export function unbound(listener: BoundListener): Listener {
  const bare = listener[bound];
  return bare ? unbound(bare) : listener;
}

/** What `listeners` shows of a function that it would list: the application's own, where it is known. */
export function shownFor(listed: Listener): Listener {
  return innerOf(listed) ? listenerOf(listed) : listed;
}

/** The application's own listener behind another one, as `EventEmitter` sees it. */
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

/** Whether `EventEmitter` finds a registered listener by `listener` without our help. */
export function isFoundBy(registered: Listener, listener: unknown): boolean {
  return registered === listener || Reflect.get(registered, 'listener') === listener;
}

/** The listeners of an event as they were registered, whatever was put in place of the method. */
export function registeredOn(emitter: EventEmitter, event: EventName): Listener[] {
  // All of them are functions.
  return EventEmitter.prototype.rawListeners.call(emitter, event) as Listener[];
}

/** A raw socket as the `EventEmitter` that it is, whatever its event maps. */
export function emitterOf(raw: EventEmitter): EventEmitter {
  return raw;
}
