/**
 * @module Functions that stand in for others. A prototyped socket shows one for each method that it runs
 * in another way than its raw socket; the raw socket has one for each function that an application
 * assigned to the prototyped socket in place of a method.
 */

import type { Socket } from 'socket.io';
import { type AnyMethod, inheritedMethod } from './socket-prototypes.js';

/** Calls `method` through a prototyped socket: `self`, or the one that `self` derives from. */
type CallMethod = (key: PropertyKey, method: AnyMethod, self: Socket, args: unknown[]) => unknown;

/** The functions that a prototyped socket shows for its raw socket's methods. */
export class ShownMethods {
  readonly #call: CallMethod;
  /** The shown functions, by the names of the methods and by the methods. */
  readonly #shown = new Map<PropertyKey, WeakMap<AnyMethod, AnyMethod>>();
  readonly #methods = new WeakMap<AnyMethod, { key: PropertyKey; method: AnyMethod }>();

  constructor(call: CallMethod) {
    this.#call = call;
  }

  /** The function that is shown for a method; always the same one. */
  functionFor(key: PropertyKey, method: AnyMethod): AnyMethod {
    let ofKey = this.#shown.get(key);
    if (ofKey === undefined) {
      ofKey = new WeakMap();
      this.#shown.set(key, ofKey);
    }
    let shown = ofKey.get(method);
    if (shown === undefined) {
      shown = new Proxy(method, {
        apply: (_method, self, args) => this.#call(key, method, self, args),
      });
      ofKey.set(method, shown);
      this.#methods.set(shown, { key, method });
    }
    return shown;
  }

  /** The method for which `value` is shown under this key, or `value` itself if it is shown for none. */
  methodBehind(key: PropertyKey, value: unknown): unknown {
    // Any value may be looked up in a `WeakMap`.
    const known = this.#methods.get(value as AnyMethod);
    return known?.key === key ? known.method : value;
  }
}

/**
 * Functions that an application assigns to a prototyped socket in place of a method. The raw socket
 * gets a stand-in for each, which calls it with the prototyped socket as `this`.
 */
export class StandIns {
  readonly #proxyOf: (raw: Socket) => Socket;
  readonly #standIns = new WeakMap<AnyMethod, { raw: Socket; assigned: AnyMethod }>();
  /** The innermost call of a stand-in on its raw socket. */
  #running: { raw: Socket; key: PropertyKey; first: unknown } | undefined;

  /** @param proxyOf finds the prototyped socket of a raw socket */
  constructor(proxyOf: (raw: Socket) => Socket) {
    this.#proxyOf = proxyOf;
  }

  /** Makes the function that the raw socket gets when `assigned` is assigned to `key`. */
  make(raw: Socket, key: PropertyKey, assigned: AnyMethod): AnyMethod {
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
  assignedTo(raw: Socket, value: AnyMethod): AnyMethod | undefined {
    const standIn = this.#standIns.get(value);
    return standIn?.raw === raw ? standIn.assigned : undefined;
  }

  /** The raw socket's method, even if another function was assigned in its place. */
  rawMethod(raw: Socket, name: string): AnyMethod {
    // It is called with names of methods only.
    const method = Reflect.get(raw, name) as unknown as AnyMethod;
    return this.#standIns.has(method) ? (inheritedMethod(raw, name) ?? method) : method;
  }

  /**
   * Whether the raw socket was called and an assigned function passes the call on to the method that
   * it replaced: the method still runs on the raw socket then.
   */
  isPassedOn(raw: Socket, key: PropertyKey, first: unknown): boolean {
    const running = this.#running;
    return running?.raw === raw && running.key === key && running.first === first;
  }
}
