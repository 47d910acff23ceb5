/**
 * @module Which function of an application each registered listener calls: listeners are bound to
 * their socket, wrapped for the session, and wrapped again by tracers.
 */

import { EventEmitter } from 'node:events';

/** A listener of the application; the types check what it takes where it is registered. */
export type Listener = (...args: unknown[]) => unknown;

/** The name of an event, as `EventEmitter` takes it. */
export type EventName = string | symbol;

/** From a listener to the one that it calls. */
const inner = new WeakMap<Listener, Listener>();
const bound = new WeakSet<Listener>();

/** No chain of wrappers is longer: one that is, leads back to itself. */
const longestChain = 20;

/** Notes that a listener calls another one, which is found by it from then on. */
export function link(outer: Listener, listener: Listener): void {
  // Somebody may have unwrapped a listener instead.
  if (!(inner.has(outer) || leadsTo(listener, outer))) inner.set(outer, listener);
}

/**
 * A listener with `socket` as its `this`, whoever emits the event. `EventEmitter` finds it by the
 * application's own, by its property `listener`.
 */
export function bindListener(listener: Listener, socket: object): Listener {
  const bind: Listener = (...args) => Reflect.apply(listener, socket, args);
  bound.add(bind);
  return wrapping(bind, listener);
}

/** Lets `wrapper` be found by the listener that it calls, on the raw socket as well. */
export function wrapping(wrapper: Listener, listener: Listener): Listener {
  inner.set(wrapper, listener);
  return Object.assign(wrapper, { listener: listenerOf(listener) });
}

/** What was bound, where `bindListener` made the listener; otherwise the listener itself. */
export function unbound(listener: Listener): Listener {
  const bare = bound.has(listener) ? inner.get(listener) : undefined;
  return bare ? unbound(bare) : listener;
}

/** What `listeners` shows of a function that it would list: the application's own, where it is known. */
export function shownFor(listed: Listener): Listener {
  return inner.has(listed) ? listenerOf(listed) : listed;
}

/** The application's own listener behind another one, as `EventEmitter` sees it. */
function listenerOf(listener: Listener): Listener {
  let last = listener;
  for (let next = inner.get(last); next; next = inner.get(last)) last = next;
  const own: unknown = Reflect.get(last, 'listener');
  return typeof own === 'function' ? (own as Listener) : last;
}

/** Whether a listener is another one, or calls it. */
export function leadsTo(outer: Listener, listener: unknown): boolean {
  let next: unknown = outer;
  for (let length = 0; typeof next === 'function' && length < longestChain; length++) {
    if (next === listener) return true;
    next = inner.get(next as Listener) ?? Reflect.get(next, 'listener');
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
