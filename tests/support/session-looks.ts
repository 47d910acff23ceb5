/**
 * @module What may be done with a session object, to compare it with one of express-session.
 */

import { inspect } from 'node:util';
import { Cookie, Session } from 'express-session';

/** A session with any data. */
export type AnySession = Record<string, unknown> &
  Record<'save' | 'touch' | 'reload', () => unknown>;

/** What may be done with a session: it looks the same as with one of express-session. */
export const looks: Readonly<Record<string, (session: AnySession) => unknown>> = {
  'Object.keys': (session) => Object.keys(session),
  'Object.entries': (session) => Object.entries(session).map(([key]) => key),
  'Object.values': (session) => JSON.stringify(Object.values(session)),
  'Object.getOwnPropertyNames': (session) => Object.getOwnPropertyNames(session).sort(),
  'Reflect.ownKeys': (session) => Reflect.ownKeys(session).map(String).sort(),
  'for-in': (session) => {
    const keys: string[] = [];
    for (const key in session) keys.push(key);
    return keys;
  },
  'a spread': (session) => ({ ...session }),
  'rest properties': ({ cart, ...rest }) => [JSON.stringify(cart), Object.keys(rest)],
  'JSON.stringify': (session) => JSON.stringify(session),
  'util.inspect': (session) => inspect(session),
  'util.inspect, nested': (session) => inspect({ session }, { depth: 9 }),
  'util.inspect, after a change': (session) => {
    session.more = { a: 1 };
    delete session.text;
    return inspect(session);
  },
  'String()': (session) => String(session),
  'Object.prototype.toString': (session) => Object.prototype.toString.call(session),
  'the name of its class': (session) => (session.constructor as { name?: string }).name,
  instanceof: (session) => [session instanceof Session, session.cookie instanceof Cookie],
  in: (session) => ['cart', 'text', 'save', 'id', 'req', 'none'].map((key) => key in session),
  'Object.hasOwn': (session) =>
    ['cart', 'text', 'save', 'id', 'req', 'none', 'toString'].map((key) =>
      Object.hasOwn(session, key),
    ),
  'its own hasOwnProperty': (session) => Reflect.apply({}.hasOwnProperty, session, ['cart']),
  'a descriptor': (session) => Object.getOwnPropertyDescriptor(session, 'text'),
  'all descriptors': (session) => Object.keys(Object.getOwnPropertyDescriptors(session)).sort(),
  delete: (session) => [
    delete session.cart,
    delete session.none,
    'cart' in session,
    Object.keys(session),
  ],
  'Object.assign': (session) => ({ ...Object.assign(session, { a: 1, cart: 2 }) }),
  'a value of undefined': (session) => {
    session.text = undefined;
    return ['text' in session, Object.keys(session), JSON.stringify(session)];
  },
  'the order of keys': (session) => {
    delete session.text;
    session.text = 1;
    return Object.keys(session);
  },
  'defineProperty, hidden': (session) => {
    const descriptor = { value: 1, enumerable: false, configurable: true };
    Object.defineProperty(session, 'hidden', descriptor);
    return [session.hidden, Object.keys(session), JSON.stringify(session)];
  },
  'defineProperty, read-only': (session) => {
    Object.defineProperty(session, 'fixed', { value: 1 });
    return [session.fixed, Reflect.set(session, 'fixed', 2), session.fixed, Object.keys(session)];
  },
  'defineProperty, of what there is': (session) => {
    Object.defineProperty(session, 'cart', { enumerable: false });
    return [JSON.stringify(session.cart), Object.keys(session)];
  },
  'defineProperty, for good': (session) => {
    Object.defineProperty(session, 'cart', { configurable: false, writable: false });
    return [JSON.stringify(session.cart), Reflect.deleteProperty(session, 'cart')];
  },
  'a getter and a setter': (session) => {
    const heard: unknown[] = [];
    Object.defineProperty(session, 'double', {
      get() {
        return this === session && heard.length;
      },
      set(value) {
        heard.push(this === session, value);
      },
      enumerable: true,
      configurable: true,
    });
    session.double = 5;
    return [session.double, heard];
  },
  'Object.freeze': (session) => {
    Object.freeze(session);
    return [
      Object.isFrozen(session),
      Reflect.set(session, 'text', 3),
      Reflect.set(session, 'more', 3),
      Reflect.deleteProperty(session, 'text'),
      JSON.stringify(session),
      Object.getOwnPropertyNames(session).sort(),
    ];
  },
  'Object.seal': (session) => {
    Object.seal(session);
    session.text = 'new';
    return [Object.isSealed(session), Reflect.set(session, 'more', 3), JSON.stringify(session)];
  },
  'Object.preventExtensions': (session) => {
    Object.preventExtensions(session);
    session.text = 'new';
    return [Object.isExtensible(session), Reflect.set(session, 'more', 3), Object.keys(session)];
  },
  'Object.isFrozen': (session) => [Object.isFrozen(session), Object.isSealed(session)],
  'a method that is replaced': (session) => {
    const mine = (): string => 'mine';
    session.touch = mine;
    const seen = [session.touch === mine, Object.hasOwn(session, 'touch')];
    return [seen, Reflect.deleteProperty(session, 'touch'), session.touch === mine];
  },
  symbols: (session) => {
    const symbol = Symbol('of the application');
    Reflect.set(session, symbol, 1);
    Reflect.set(session, symbol, 2);
    return [
      Reflect.get(session, symbol),
      symbol in session,
      Object.getOwnPropertySymbols(session).length,
      Reflect.deleteProperty(session, symbol),
      symbol in session,
    ];
  },
  'an object derived from it': (session) => {
    const derived = Object.create(session);
    derived.own = 1;
    derived.text = 'derived';
    return [Object.keys(derived), derived.cart, session.text, 'own' in session];
  },
  'a proxy around it': (session) => {
    const proxy = new Proxy(session, {});
    proxy.more = 1;
    return [session.more, Object.keys(proxy), JSON.stringify(proxy)];
  },
  'another prototype': (session) => {
    Object.setPrototypeOf(session, Object.prototype);
    return typeof session.save;
  },
  'a WeakMap and a WeakSet': (session) => [
    new WeakMap([[session, 1]]).get(session),
    new WeakSet([session]).has(session),
  ],
  'structuredClone of a spread': (session) => JSON.stringify(structuredClone({ ...session })),
  'a value asked for twice': (session) => {
    const { cart, cookie } = session;
    const values = Object.values(session);
    return [session.cart === cart, session.cookie === cookie, values.includes(cart)];
  },
  'chaining of methods': (session) => session.touch() === session,
  'the cookie': ({ cookie }) => [Object.keys(Object(cookie)), JSON.stringify(cookie)],
};
