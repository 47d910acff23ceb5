/**
 * @module The prototype of a prototyped socket: that of its raw socket, with the methods in which the
 * two differ. Mocks of `node:test` and stubs of sinon look there for the method that they call through.
 */

// biome-ignore lint/complexity/noBannedTypes: a method may be any function
export type AnyMethod = Function;

/** How a view differs from its prototype. */
export interface PrototypeDifferences {
  /** Whether the view shows another method of this name than the prototype. */
  readonly isDifferent: (key: PropertyKey) => boolean;
  /** The method that the view shows; `method` is undefined if the prototype has none. */
  readonly methodFor: (key: PropertyKey, method: AnyMethod | undefined) => AnyMethod | undefined;
  /** The value that the prototype gets when one is assigned through the view. */
  readonly stored: (key: PropertyKey, value: unknown) => unknown;
}

/** A view of a prototype. What is assigned through it is assigned to the prototype. */
export function prototypeView(prototype: object, differences: PrototypeDifferences): object {
  const describe = (key: PropertyKey): PropertyDescriptor | undefined => {
    const own = inheritedProperty(prototype, key);
    if (own && typeof own.value !== 'function') return own;
    const value = differences.methodFor(key, own?.value);
    return { writable: true, ...own, value, configurable: true };
  };
  const view: object = new Proxy(prototype, {
    get: (_prototype, key, receiver) =>
      differences.isDifferent(key) ? describe(key)?.value : Reflect.get(prototype, key, receiver),
    set: (_prototype, key, value, receiver) =>
      receiver === view
        ? Reflect.set(prototype, key, differences.stored(key, value))
        : Reflect.set(prototype, key, value, receiver),
    has: (_prototype, key) => differences.isDifferent(key) || key in prototype,
    // Keeps `instanceof` working for the class of the raw socket.
    getPrototypeOf: () => prototype,
    getOwnPropertyDescriptor: (_prototype, key) =>
      differences.isDifferent(key)
        ? describe(key)
        : Reflect.getOwnPropertyDescriptor(prototype, key),
    defineProperty: (_prototype, key, descriptor) => {
      const value = differences.stored(key, descriptor.value);
      const isSame = value === descriptor.value;
      return Reflect.defineProperty(prototype, key, isSame ? descriptor : { ...descriptor, value });
    },
  });
  return view;
}

/** The method that an object inherits under a name. Runs no getters. */
export function inheritedMethod(object: object, key: PropertyKey): AnyMethod | undefined {
  const { value } = inheritedProperty(Object.getPrototypeOf(object), key) ?? {};
  return typeof value === 'function' ? value : undefined;
}

/** Whether a `Proxy` has to return a property as its target has it. */
export function isFixed(
  target: object,
  key: PropertyKey,
  change: PropertyDescriptor = {},
): boolean {
  const own = { ...Reflect.getOwnPropertyDescriptor(target, key), ...change };
  return !(own.configurable || own.writable);
}

/** Whether an object has an own data property of this name. */
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
