/**
 * @module The wrappers of the namespaces: finds the namespace that a name means, and makes one wrapper
 * for each.
 */

import type { Namespace, Server } from 'socket.io';
import { assertNamespace } from '../assertions.js';
import { SessionNamespaceWrapper } from './session-namespace.js';
import type { SessionSockets } from './session-sockets.js';

/** The wrappers of the namespaces of a server. */
export class NamespaceRegistry {
  readonly #io: Server;
  readonly #sockets: SessionSockets;
  /** The wrapper of each namespace, kept as long as Socket.IO keeps the namespace. */
  readonly #wrappers = new WeakMap<Namespace, SessionNamespaceWrapper>();
  /** The parent namespaces of patterns and functions, which Socket.IO does not list publicly. */
  readonly #parents = new Set<Namespace>();
  #isClosed = false;

  constructor(io: Server, sockets: SessionSockets) {
    this.#io = io;
    this.#sockets = sockets;
  }

  /**
   * Returns the wrapper of a namespace: always the same one.
   *
   * @param name a name, regular expression or function, as `io.of` takes it, or a namespace
   * @throws {TypeError} if it is none of these, or a namespace of another server
   * @throws {Error} after `close()`
   */
  of(name: unknown): SessionNamespaceWrapper {
    if (this.#isClosed) throw new Error('`of`: this `ExpressionSocket` is closed; make a new one');
    const namespace = this.#namespaceOf(name);
    return remember(this.#wrappers, namespace, () => {
      if ('children' in namespace) this.#parents.add(namespace);
      return new SessionNamespaceWrapper(namespace, this.#sockets);
    });
  }

  /** Closes all wrappers. Further calls do nothing. */
  close(): void {
    this.#isClosed = true;
    for (const namespace of [...this.#io._nsps.values(), ...this.#parents]) {
      const wrapper = this.#wrappers.get(namespace);
      if (wrapper) SessionNamespaceWrapper.close(wrapper);
    }
  }

  #namespaceOf(name: unknown): Namespace {
    if (typeof name === 'string') return this.#io.of(name);
    if (isPattern(name)) return parentOf(this.#io, name) ?? this.#io.of(name);
    assertNamespace(name, this.#io);
    return name;
  }
}

/** Returns the known value, or makes and stores one. */
function remember<Key extends object, Value>(
  known: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  make: () => Value,
): Value {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

/** A regular expression or function with which `io.of` makes namespaces on demand. */
type Pattern = Exclude<Parameters<Server['of']>[0], string>;

function isPattern(name: unknown): name is Pattern {
  return name instanceof RegExp || typeof name === 'function';
}

/**
 * The parent namespace that was already made from a pattern, by whomever. `io.of` would make another
 * one, and only one of them gets the connections. The lists are private in the types of Socket.IO.
 */
function parentOf(io: Server, pattern: Pattern): Namespace | undefined {
  if (typeof pattern === 'function') return parents(io, 'parentNsps').get(pattern);
  const ofPatterns = [...parents(io, 'parentNamespacesFromRegExp')];
  return ofPatterns.find(([one]) => String(one) === String(pattern))?.[1];
}

function parents(io: Server, list: string): ReadonlyMap<unknown, Namespace> {
  return Reflect.get(io, list);
}
