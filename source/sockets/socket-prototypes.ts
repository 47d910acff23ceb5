/**
 * @module The prototype that a prototyped socket shows: that of its raw socket, with the methods in
 * which it differs. Mocks of `node:test` and stubs of sinon take from there what they call through to.
 */

// biome-ignore lint/complexity/noBannedTypes: any function at all may be a method
export type Method = Function;

/** In what a prototype is shown otherwise. */
export interface PrototypeTerms {
  /** Whether the method of this name is not the prototype's own. */
  readonly isShown: (key: PropertyKey) => boolean;
  /** What is shown of a method; of one that the prototype does not have, `method` is undefined. */
  readonly shown: (key: PropertyKey, method: Method | undefined) => Method | undefined;
  /** What the prototype gets where something is put on it. */
  readonly stored: (key: PropertyKey, value: unknown) => unknown;
}

/** A view of a prototype. What is put on it is put on the prototype, and so on the class. */
export function prototypeView(prototype: object, terms: PrototypeTerms): object {
  const describe = (key: PropertyKey): PropertyDescriptor | undefined => {
    const own = inheritedProperty(prototype, key);
    if (own && typeof own.value !== 'function') return own;
    const value = terms.shown(key, own?.value);
    return { writable: true, enumerable: false, ...own, value, configurable: true };
  };
  const view: object = new Proxy(prototype, {
    get: (_prototype, key, receiver) =>
      terms.isShown(key) ? describe(key)?.value : Reflect.get(prototype, key, receiver),
    set: (_prototype, key, value, receiver) =>
      receiver === view
        ? Reflect.set(prototype, key, terms.stored(key, value))
        : Reflect.set(prototype, key, value, receiver),
    has: (_prototype, key) => terms.isShown(key) || key in prototype,
    // The class of the raw socket is still found by `instanceof`.
    getPrototypeOf: () => prototype,
    getOwnPropertyDescriptor: (_prototype, key) =>
      terms.isShown(key) ? describe(key) : Reflect.getOwnPropertyDescriptor(prototype, key),
    defineProperty: (_prototype, key, descriptor) => {
      const value = terms.stored(key, descriptor.value);
      const isSame = value === descriptor.value;
      return Reflect.defineProperty(prototype, key, isSame ? descriptor : { ...descriptor, value });
    },
  });
  return view;
}

/** The method that an object inherits under a name; no getter is run to find it. */
export function inheritedMethod(object: object, key: PropertyKey): Method | undefined {
  const { value } = inheritedProperty(Object.getPrototypeOf(object), key) ?? {};
  return typeof value === 'function' ? value : undefined;
}

/** Whether a `Proxy` must show a property just as its target has it. */
export function isFixed(
  target: object,
  key: PropertyKey,
  change: PropertyDescriptor = {},
): boolean {
  const own = { ...Reflect.getOwnPropertyDescriptor(target, key), ...change };
  return !(own.configurable || own.writable);
}

/** Whether an object has a property of its own that is no accessor. */
export function isDataProperty(object: object, key: PropertyKey): boolean {
  const own = Reflect.getOwnPropertyDescriptor(object, key);
  return own !== undefined && 'value' in own;
}

function inheritedProperty(
  prototype: object | null,
  key: PropertyKey,
): PropertyDescriptor | undefined {
  for (let link = prototype; link; link = Object.getPrototypeOf(link)) {
    const own = Reflect.getOwnPropertyDescriptor(link, key);
    if (own) return own;
  }
  return undefined;
}
