/**
 * @module The mirror of a raw socket: looks like it, is an instance of its class, and has members of
 * its own besides. Knows Socket.IO's habit of returning itself; must not know sessions.
 */

// biome-ignore lint/complexity/noBannedTypes: any function at all may be a method
type Method = Function;

/** The raw socket behind each mirror, and each method as a function that runs on the raw socket. */
const originals = new WeakMap<object, object>();
const mirroredMethods = new WeakMap<Method, Method>();

/**
 * Makes mirrors: every read, write and call goes through to the original, so that state lives in
 * one place only; where the original would return itself, the mirror does.
 *
 * `Object.create(original)` would not do: `derived.volatile` sets its flag on the original, and what
 * a method then writes lands on the copy.
 */
export class Mirrors<Original extends object> {
  readonly #mirrors = new WeakMap<Original, Original>();
  readonly #handler: ProxyHandler<Original>;

  /** @param additions members that the mirrors have of their own, called with the mirror as `this` */
  constructor(additions: object) {
    this.#handler = {
      get: (original, key) => {
        if (Object.hasOwn(additions, key)) return Reflect.get(additions, key);
        const value: unknown = Reflect.get(original, key, original);
        return value === original ? this.of(original) : this.#show(original, key, value);
      },
      set: (original, key, value) => Reflect.set(original, key, value, original),
      has: (original, key) => Object.hasOwn(additions, key) || key in original,
    };
  }

  /** The mirror of an original: always the same one. The original is not changed by it. */
  of(original: Original): Original {
    let reflection = this.#mirrors.get(original);
    if (reflection === undefined) {
      reflection = new Proxy(original, this.#handler);
      this.#mirrors.set(original, reflection);
      originals.set(reflection, original);
    }
    return reflection;
  }

  /** A function that is no method of the class is a value like any other: the application's own. */
  #show(original: Original, key: string | symbol, value: unknown): unknown {
    if (typeof value !== 'function' || key === 'constructor') return value;
    return key in Object.getPrototypeOf(original) ? mirrored(value) : value;
  }
}

/** What a mirror reflects, or an object derived from one; anything else is its own original. */
export function originalOf<Value extends object>(value: Value): Value {
  for (let link: object | null = value; link; link = Object.getPrototypeOf(link)) {
    const original = originals.get(link);
    // A mirror has the type of its original.
    if (original) return original as Value;
  }
  return value;
}

function mirrored(method: Method): Method {
  const known = mirroredMethods.get(method);
  if (known) return known;
  const onOriginal = function (this: object, ...args: unknown[]): unknown {
    const original = originalOf(this);
    const result: unknown = Reflect.apply(method, original, args);
    return result === original ? this : result;
  };
  Object.defineProperty(onOriginal, 'name', { value: method.name, configurable: true });
  Object.defineProperty(onOriginal, 'length', { value: method.length, configurable: true });
  mirroredMethods.set(method, onOriginal);
  return onOriginal;
}
