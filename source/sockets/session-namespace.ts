/**
 * @module The wrapper of a namespace: its `on`, `emit` and `authorization`, with sessions.
 */

import type { BroadcastOperator, DefaultEventsMap, Namespace, Socket } from 'socket.io';
import { assertListener, assertSessionId, assertSocket } from '../assertions.js';
import { connectError } from '../errors.js';
import { sessionHashOf } from '../session/session-hash.js';
import type { NamespaceListeners } from './admission.js';
import {
  type EventName,
  emitterOf,
  type Listener,
  register,
  registeredOn,
} from './listener-links.js';
import type { SessionSockets } from './session-sockets.js';
import { inheritedMethod } from './socket-prototypes.js';

/** The sockets of a room, on all nodes. */
type Broadcast = BroadcastOperator<DefaultEventsMap, unknown>;

/** Wraps a namespace. */
export class SessionNamespaceWrapper {
  /** Socket.IO's own namespace. */
  readonly namespace: Namespace;
  readonly #sockets: SessionSockets;
  readonly #authorizations: Listener[] = [];
  /** The `connection` listeners, by the functions on the namespace that call them. */
  readonly #connectionListeners: Listener[][] = [];
  /** These functions, or what other libraries wrapped them in. */
  readonly #registered = new WeakSet<Listener>();
  /** The listeners that the application added to the namespace itself through this wrapper. */
  readonly #others: { readonly event: EventName; readonly listener: Listener }[] = [];
  #isClosed = false;

  constructor(namespace: Namespace, sockets: SessionSockets) {
    this.namespace = namespace;
    this.#sockets = sockets;
    this.#listen(namespace);
    namespace.use((raw, next) => {
      // Without a listener, the socket would not end with its session.
      if (!this.#isClosed) this.#listen(raw.nsp);
      keepWhileConnecting(raw.nsp);
      sockets
        .of(raw)
        .admission.admit(this.#listenersWith([]))
        .then(next, () => next(connectError('ERR_SESSION_REFUSED')));
    });
  }

  /** Adds a listener: of connections, with the session, or of any other event of the namespace. */
  on(event: EventName, listener: Listener): this {
    assertListener('on', listener);
    if (isConnection(event)) {
      if (!this.#isClosed) this.#listen(this.namespace);
      this.#connectionListeners.at(-1)?.push(listener);
    } else {
      emitterOf(this.namespace).on(event, listener);
      this.#others.push({ event, listener });
    }
    return this;
  }

  /** Removes a listener. */
  off(event: EventName, listener: Listener): this {
    assertListener('off', listener);
    if (isConnection(event)) {
      const list = this.#connectionListeners.findLast((one) => one.includes(listener));
      if (list) removeLast(list, (one) => one === listener);
    } else {
      emitterOf(this.namespace).off(event, listener);
      removeLast(this.#others, (one) => one.event === event && one.listener === listener);
    }
    return this;
  }

  /** Emits to all clients of the namespace. */
  emit(event: string, ...args: unknown[]): boolean {
    return this.namespace.emit(event, ...args);
  }

  /** Adds a listener that must accept every later connection. */
  authorization(listener: Listener): this {
    assertListener('authorization', listener);
    this.#authorizations.push(listener);
    return this;
  }

  /** The prototyped socket of a raw one: always the same. */
  socketOf(raw: Socket): Socket {
    assertSocket('socketOf', raw);
    return this.#sockets.prototypedOf(raw);
  }

  /** The sockets of a session in this namespace, on all nodes: as `to(room)` of Socket.IO returns them. */
  to(sessionId: string): Broadcast {
    assertSessionId('to', sessionId);
    return this.namespace.to(sessionHashOf(sessionId)) as Broadcast;
  }

  /** The same as `to`. */
  in(sessionId: string): Broadcast {
    assertSessionId('in', sessionId);
    return this.to(sessionId);
  }

  /**
   * Removes all listeners; only the registry calls it. The middleware cannot be removed: it refuses
   * all clients if there was an `authorization` listener.
   */
  static close(wrapper: SessionNamespaceWrapper): void {
    wrapper.#close();
  }

  /**
   * Listens to the connections of the namespace, or of a child of it, unless it does so already. An
   * application may have removed all listeners of a namespace, and with them those of the wrapper.
   *
   * One function calls all listeners: a namespace that Socket.IO makes from a pattern copies those of
   * its parent, and would keep any that the parent removes.
   */
  #listen(namespace: Namespace): void {
    const isKnown = (one: Listener): boolean => this.#registered.has(one);
    if (registeredOn(namespace, 'connection').some(isKnown)) return;
    const connectionListeners: Listener[] = [];
    const listeners = this.#listenersWith(connectionListeners);
    const connected = (raw: Socket): void => this.#sockets.of(raw).admission.connected(listeners);
    const registered = register(namespace, 'connection', connected as Listener);
    if (registered) this.#registered.add(registered);
    if (namespace === this.namespace) this.#connectionListeners.push(connectionListeners);
  }

  #listenersWith(connectionListeners: Listener[]): NamespaceListeners {
    const wrapper = this;
    return {
      authorizations: this.#authorizations,
      connectionListeners,
      get isClosed() {
        return wrapper.#isClosed;
      },
    };
  }

  #close(): void {
    this.#isClosed = true;
    for (const { event, listener } of this.#others) emitterOf(this.namespace).off(event, listener);
    for (const namespace of [this.namespace, ...childrenOf(this.namespace)]) {
      for (const listener of registeredOn(namespace, 'connection')) {
        if (this.#registered.has(listener)) emitterOf(namespace).off('connection', listener);
      }
      this.#sockets.release(namespace);
    }
  }
}

function isConnection(event: EventName): boolean {
  return event === 'connection' || event === 'connect';
}

/** Removes the last match, as `EventEmitter` does for a listener that was added twice. */
function removeLast<Item>(list: Item[], isIt: (item: Item) => boolean): void {
  const index = list.findLastIndex(isIt);
  if (index >= 0) list.splice(index, 1);
}

/** The child namespaces that are kept while clients are connecting to them. */
const kept = new WeakSet<Namespace>();

/**
 * Keeps a child namespace while a client is connecting to it. With `cleanupEmptyChildNamespaces`,
 * Socket.IO removes one that has no sockets also then, for example when it refuses another client, and
 * nothing that is sent to the namespace would reach the client.
 */
function keepWhileConnecting(namespace: Namespace): void {
  // Private in the types of Socket.IO; older versions do not have it.
  const connecting: unknown = Reflect.get(namespace, '_preConnectSockets');
  const removeSocket = inheritedMethod(namespace, '_remove');
  const isRemovable = Object.hasOwn(namespace, '_remove') && !kept.has(namespace);
  if (!isRemovable || !removeSocket || !(connecting instanceof Map)) return;
  kept.add(namespace);
  const removeBoth = namespace._remove;
  namespace._remove = (raw) => {
    const isAnotherConnecting = connecting.size > Number(connecting.has(raw.id));
    Reflect.apply(isAnotherConnecting ? removeSocket : removeBoth, namespace, [raw]);
  };
}

/** The namespaces that Socket.IO made from a pattern; the set is private in its types. */
function childrenOf(namespace: Namespace): Iterable<Namespace> {
  return 'children' in namespace ? (namespace.children as Set<Namespace>) : [];
}
