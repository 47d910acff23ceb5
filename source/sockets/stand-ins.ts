/**
 * @module Functions that an application assigns to a prototyped socket in place of a method. The raw
 * socket gets a stand-in for each, which calls it with the prototyped socket as `this`.
 */

import { inheritedMethod, type Method } from './socket-prototypes.js';

/** Makes stand-ins, and knows the function that each one stands for. */
export class StandIns<Raw extends object> {
  readonly #proxyOf: (raw: Raw) => Raw;
  readonly #standIns = new WeakMap<Method, { raw: Raw; assigned: Method }>();
  /** The innermost call of a stand-in on its raw socket. */
  #running: { raw: Raw; key: PropertyKey; first: unknown } | undefined;

  /** @param proxyOf finds the prototyped socket of a raw socket */
  constructor(proxyOf: (raw: Raw) => Raw) {
    this.#proxyOf = proxyOf;
  }

  /** Makes the function that the raw socket gets when `assigned` is assigned to `key`. */
  make(raw: Raw, key: PropertyKey, assigned: Method): Method {
    const standIn = new Proxy(assigned, {
      apply: (_assigned, self, args) => {
        if (self !== raw) return Reflect.apply(assigned, self, args);
        const outer = this.#running;
        this.#running = { raw, key, first: args[0] };
        try {
          const socket = this.#proxyOf(raw);
          const result: unknown = Reflect.apply(assigned, socket, args);
          return result === socket ? raw : result;
        } finally {
          this.#running = outer;
        }
      },
    });
    this.#standIns.set(standIn, { raw, assigned });
    return standIn;
  }

  /** The function that was assigned through the prototyped socket, if `value` stands for one. */
  assignedTo(raw: Raw, value: Method): Method | undefined {
    const standIn = this.#standIns.get(value);
    return standIn?.raw === raw ? standIn.assigned : undefined;
  }

  /** The raw socket's method, even if another function was assigned in its place. */
  methodBeneath(raw: Raw, name: string): Method {
    // It is called with names of methods only.
    const method = Reflect.get(raw, name) as unknown as Method;
    return this.#standIns.has(method) ? (inheritedMethod(raw, name) ?? method) : method;
  }

  /**
   * Whether the raw socket was called and an assigned function passes the call on to the method that
   * it replaced: the method still runs on the raw socket then.
   */
  isPassedOn(raw: Raw, key: PropertyKey, first: unknown): boolean {
    const running = this.#running;
    return running?.raw === raw && running.key === key && running.first === first;
  }
}
