/**
 * @module Prototyped sockets: each is a `Proxy` of its raw socket, which keeps all state. This module
 * defines reading, assigning and calling; the methods in which the sockets differ are passed to it.
 */

import type { Socket } from 'socket.io';
import {
  type AnyMethod,
  inheritedMethod,
  isDataProperty,
  isFixed,
  prototypeView,
} from './socket-prototypes.js';
import { ShownMethods, StandIns } from './stand-ins.js';

/** One call of a method through a prototyped socket. */
export interface SocketCall {
  readonly raw: Socket;
  /** The prototyped socket: `this` of the listeners that the call registers. */
  readonly socket: Socket;
  /** The object that the method was called on: the prototyped socket, or a `Proxy` of it. */
  readonly self: Socket;
  /** The raw socket's method of this name; for an addition, the addition itself. */
  readonly method: AnyMethod;
  readonly name: PropertyKey;
  /** The raw socket's method of another name, without what was assigned through the proxy. */
  readonly methodOf: (name: string) => AnyMethod;
}

/** What a prototyped socket does when one of its methods is called. */
export type SocketMethod = (call: SocketCall, args: unknown[]) => unknown;

/** How prototyped sockets differ from their raw sockets, by the names of the methods. */
export interface MethodTable {
  /** Methods that the raw socket has, too. */
  readonly overrides: Readonly<Record<string, SocketMethod>>;
  /** Methods that the raw socket does not have. */
  readonly additions: Readonly<Record<string, SocketMethod>>;
  /** How some properties are shown. */
  readonly views?: Readonly<Record<string, (value: unknown) => unknown>>;
}

/**
 * Methods of Socket.IO that assign to properties of `this`. Called on an object derived from a
 * prototyped socket, they would leave state on it that belongs on the raw socket.
 */
const assigningMethods = ['emit', 'newBroadcastOperator'] as const;

/**
 * The key under which a proxy, and any object that derives from or wraps one, has its raw socket. All
 * instances share it, so that each finds the raw socket of another one's prototyped socket.
 */
const rawKey = Symbol('raw socket');

/** The method that Node.js calls if a listener rejects. No class has it. */
const rejectionHandler = Symbol.for('nodejs.rejection');

/**
 * Makes prototyped sockets. Methods and getters run with the prototyped socket as `this`; what they
 * assign is assigned to the raw socket. A function that is assigned in place of a method gets the
 * prototyped socket as `this` even if Socket.IO calls it: the raw socket gets a stand-in of the
 * function, and the prototyped socket shows the function itself.
 *
 * `Object.create(raw)` is not enough: what a method assigns would stay on the derived object.
 */
export class SocketProxies {
  readonly #overrides: ReadonlyMap<PropertyKey, SocketMethod>;
  readonly #additions: ReadonlyMap<PropertyKey, AnyMethod>;
  readonly #views: ReadonlyMap<PropertyKey, (value: unknown) => unknown>;
  readonly #proxies = new WeakMap<Socket, Socket>();
  readonly #raws = new WeakMap<Socket, Socket>();
  readonly #prototypes = new WeakMap<object, object>();
  readonly #shownMethods = new ShownMethods((key, method, self, args) =>
    this.#call(key, method, self, args),
  );
  readonly #standIns = new StandIns((raw) => this.of(raw));
  readonly #handler: ProxyHandler<Socket>;

  constructor({ overrides, additions, views = {} }: MethodTable) {
    this.#views = new Map(Object.entries(views));
    this.#overrides = new Map([
      ...assigningMethods.map((name) => [name, runMethod] as const),
      ...Object.entries(overrides),
    ]);
    this.#additions = new Map(
      Object.entries(additions).map(([name, addition]) => [name, this.#added(name, addition)]),
    );
    this.#handler = {
      get: (raw, key, receiver) => this.#get(raw, key, receiver),
      set: (raw, key, value, receiver) => this.#set(raw, key, value, receiver),
      has: (raw, key) => key in raw || this.#additions.has(key),
      getPrototypeOf: (raw) => this.#prototypeOf(raw),
      getOwnPropertyDescriptor: (raw, key) => this.#describe(raw, key),
      defineProperty: (raw, key, descriptor) =>
        Reflect.defineProperty(raw, key, this.#stored(raw, key, descriptor)),
    };
  }

  /** The prototyped socket of a raw socket: always the same. The raw socket is not changed. */
  of(raw: Socket): Socket {
    let proxy = this.#proxies.get(raw);
    if (proxy === undefined) {
      proxy = new Proxy(raw, this.#handler);
      this.#proxies.set(raw, proxy);
      this.#raws.set(proxy, raw);
    }
    return proxy;
  }

  /**
   * The raw socket of a prototyped socket, or of an object that derives from or wraps one; any other
   * value is returned as it is.
   */
  rawOf(value: Socket): Socket {
    // Only raw sockets are found under this key.
    const raw: unknown = this.#raws.get(value) ?? Reflect.get(value, rawKey);
    return (raw as Socket | undefined) ?? value;
  }

  #get(raw: Socket, key: PropertyKey, receiver: unknown): unknown {
    const value: unknown = Reflect.get(raw, key, receiver);
    if (typeof value === 'function') return this.#shown(raw, key, value);
    if (value === undefined) return this.#absent(raw, key);
    if (value === raw && !isFixed(raw, key)) return this.of(raw);
    const view = this.#views.get(key);
    return view ? view(value) : value;
  }

  #set(raw: Socket, key: PropertyKey, value: unknown, receiver: unknown): boolean {
    // A shortcut for what Socket.IO's methods assign; `defineProperty` does everything else.
    const isPlain = typeof value !== 'function' && receiver === this.#proxies.get(raw);
    if (isPlain && isDataProperty(raw, key)) return Reflect.set(raw, key, value);
    return Reflect.set(raw, key, value, receiver);
  }

  #describe(raw: Socket, key: PropertyKey): PropertyDescriptor | undefined {
    const own = Reflect.getOwnPropertyDescriptor(raw, key);
    if (typeof own?.value !== 'function') return own;
    return { ...own, value: this.#shown(raw, key, own.value) };
  }

  /** A property that the raw socket does not have, or that is undefined. */
  #absent(raw: Socket, key: PropertyKey): unknown {
    if (key === rawKey) return raw;
    return key in raw ? undefined : this.#additions.get(key);
  }

  /** How a function of the raw socket is shown. */
  #shown(raw: Socket, key: PropertyKey, value: AnyMethod): AnyMethod {
    const isOverridden = this.#overrides.has(key);
    if (!Object.hasOwn(raw, key))
      return isOverridden ? this.#shownMethods.functionFor(key, value) : value;
    const assigned = this.#standIns.assignedTo(raw, value);
    if (assigned) return assigned;
    if (isFixed(raw, key) || !isDataProperty(raw, key)) return value;
    // Another library may have replaced a method by one that returns the raw socket.
    const inherited = inheritedMethod(raw, key);
    const isReplaced = inherited !== undefined && inherited !== value;
    return isOverridden || isReplaced ? this.#shownMethods.functionFor(key, value) : value;
  }

  /** The descriptor for the raw socket when a property is defined through its proxy. */
  #stored(raw: Socket, key: PropertyKey, descriptor: PropertyDescriptor): PropertyDescriptor {
    const assigned: unknown = descriptor.value;
    if (typeof assigned !== 'function' || isFixed(raw, key, descriptor)) return descriptor;
    const value = this.#shownMethods.methodBehind(key, assigned);
    if (value !== assigned) return { ...descriptor, value };
    const inherited = inheritedMethod(raw, key);
    const isMethod = inherited !== undefined || key === rejectionHandler;
    if (!isMethod || inherited === assigned) return descriptor;
    return { ...descriptor, value: this.#standIns.make(raw, key, assigned) };
  }

  #call(key: PropertyKey, method: AnyMethod, self: Socket, args: unknown[]): unknown {
    // Called on a raw socket, or on no object, it is the raw socket's method.
    const raw = typeof self === 'object' && self !== null ? this.rawOf(self) : self;
    if (raw === self) return Reflect.apply(method, self, args);
    if (this.#standIns.isPassedOn(raw, key, args[0])) {
      const result: unknown = Reflect.apply(method, raw, args);
      return result === raw ? self : result;
    }
    const call = this.#callOn(raw, self, key, method);
    const run = this.#overrides.get(key) ?? runMethod;
    const result = run(call, args);
    return result === call.self || result === raw ? self : result;
  }

  #callOn(raw: Socket, self: Socket, name: PropertyKey, method: AnyMethod): SocketCall {
    const socket = this.of(raw);
    return {
      raw,
      socket,
      self: this.#isDerived(raw, self) ? socket : self,
      name,
      method,
      methodOf: (other) => this.#standIns.rawMethod(raw, other),
    };
  }

  #added(name: string, addition: SocketMethod): AnyMethod {
    const proxies = this;
    const { [name]: added } = {
      [name](this: Socket, ...args: unknown[]): unknown {
        const call = proxies.#callOn(proxies.rawOf(this), this, name, addition);
        const result = addition(call, args);
        return result === call.self ? this : result;
      },
    };
    return added as AnyMethod; // the only member of the object
  }

  #isDerived(raw: Socket, value: Socket): boolean {
    const proxy = this.#proxies.get(raw);
    for (let link: object | null = value; link; link = Object.getPrototypeOf(link)) {
      if (link === proxy) return true;
    }
    return false;
  }

  #prototypeOf(raw: Socket): object | null {
    const prototype = Reflect.getPrototypeOf(raw);
    if (prototype === null || !Object.isExtensible(raw)) return prototype;
    let view = this.#prototypes.get(prototype);
    if (view === undefined) {
      view = prototypeView(prototype, {
        isDifferent: (key) => this.#overrides.has(key) || this.#additions.has(key),
        methodFor: (key, method) =>
          method ? this.#shownMethods.functionFor(key, method) : this.#additions.get(key),
        stored: (key, value) => this.#shownMethods.methodBehind(key, value),
      });
      this.#prototypes.set(prototype, view);
    }
    return view;
  }
}

/** Runs the method of the raw socket, with the prototyped socket as `this`. */
export function runMethod({ method, self }: SocketCall, args: unknown[]): unknown {
  return Reflect.apply(method, self, args);
}
