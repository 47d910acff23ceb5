/**
 * @module The session object that a listener gets: a `Proxy` that looks like a session of
 * `express-session`, and copies a value when it is first used.
 */

import { inspect } from 'node:util';
import type { HeldSession } from './held-session.js';

/** Makes the session that a listener is given. */
export type MakeSession = (held: HeldSession) => object;

/** The properties of a session that are no data, and are not enumerable. */
export const fixedKeys: readonly (string | symbol)[] = ['req', 'id'];

/**
 * Makes session objects with a prototype. The target of each `Proxy` is empty until the values are
 * listed or one is changed; from then on it holds all of them.
 */
export function sessionMaker(prototype: object): MakeSession {
  class Target {
    readonly #held: HeldSession;

    constructor(held: HeldSession) {
      this.#held = held;
    }

    static heldBy(target: Target): HeldSession {
      return target.#held;
    }
  }
  Reflect.deleteProperty(Target.prototype, 'constructor');
  Object.setPrototypeOf(Target.prototype, prototype);
  Object.defineProperty(Target.prototype, inspect.custom, {
    value(this: object): object {
      // `inspect` shows the target of a proxy, so it gets a plain session instead.
      const held: HeldSession = Reflect.get(this, 'req');
      held.get('cookie');
      const values = Object.getOwnPropertyDescriptors(held.values);
      return Object.create(Object.getPrototypeOf(prototype), values);
    },
    configurable: true,
    writable: true,
  });
  const handler = sessionHandler(prototype, Target.heldBy);
  return (held) => {
    const target = new Target(held);
    // The own properties of a target are values only.
    held.fillLater(target as unknown as Record<string, unknown>);
    return new Proxy(target, handler);
  };
}

function sessionHandler<Target extends object>(
  prototype: object,
  heldBy: (target: Target) => HeldSession,
): ProxyHandler<Target> {
  const isReserved = (key: string | symbol): boolean => key in prototype || fixedKeys.includes(key);
  const fixedValue = (target: Target, key: string | symbol): unknown =>
    key === 'req' ? heldBy(target) : heldBy(target).sessionID;
  return {
    get(target, key, receiver) {
      if (typeof key !== 'string') return Reflect.get(target, key, receiver);
      if (key === 'req' || key === 'id') return fixedValue(target, key);
      const held = heldBy(target);
      const isInPlace = held.isListed || key in prototype;
      return isInPlace ? Reflect.get(target, key, receiver) : held.get(key);
    },
    set(target, key, value, receiver) {
      const held = heldBy(target);
      if (receiver !== held.session || typeof key !== 'string') {
        return Reflect.set(target, key, value, receiver);
      }
      if (!isReserved(key)) return setValue(held.values, key, { value, receiver });
      // A function is no data: it replaces the method, as mocks do.
      const isMethod = typeof value === 'function' || Object.hasOwn(target, key);
      if (isMethod && !fixedKeys.includes(key)) {
        return setValue(held.values, key, { value, receiver });
      }
      held.hide(key, value);
      return true;
    },
    has(target, key) {
      return (
        (typeof key === 'string' && heldBy(target).has(key)) || isReserved(key) || key in target
      );
    },
    deleteProperty(target, key) {
      const { values } = heldBy(target);
      if (typeof key === 'string' && isReserved(key) && !Object.hasOwn(target, key)) {
        heldBy(target).hide(key, undefined);
      }
      return Reflect.deleteProperty(typeof key === 'string' ? values : target, key);
    },
    defineProperty(target, key, descriptor) {
      // They cannot be changed, except by freezing the session.
      if (fixedKeys.includes(key) && !Object.hasOwn(target, key)) return false;
      if (typeof key === 'string') {
        // A descriptor without a value keeps the present one.
        heldBy(target).get(key);
        void heldBy(target).values;
      }
      return Reflect.defineProperty(target, key, descriptor);
    },
    ownKeys(target) {
      heldBy(target).list();
      const keys = Reflect.ownKeys(target);
      for (const key of fixedKeys) if (!Object.hasOwn(target, key)) keys.push(key);
      return keys;
    },
    getOwnPropertyDescriptor(target, key) {
      const held = heldBy(target);
      if (typeof key === 'string' && !held.isListed) {
        // Objects are copied before they are shown.
        if (held.has(key)) held.get(key);
        void held.values;
      }
      const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
      if (descriptor || !fixedKeys.includes(key)) return descriptor;
      const value = fixedValue(target, key);
      return { value, configurable: true, enumerable: false, writable: false };
    },
    preventExtensions(target) {
      heldBy(target).list();
      for (const key of fixedKeys) {
        Reflect.defineProperty(target, key, { value: fixedValue(target, key) });
      }
      return Reflect.preventExtensions(target);
    },
  };
}

/** Sets a value of a session. */
function setValue(
  values: Record<string, unknown>,
  key: string,
  { value, receiver }: { readonly value: unknown; readonly receiver: unknown },
): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(values, key);
  if (descriptor?.set) {
    Reflect.apply(descriptor.set, receiver, [value]);
    return true;
  }
  return Reflect.set(values, key, value);
}
