/**
 * @module The wrapper of a namespace: its `on`, `emit` and `authorization`, with sessions.
 */

import type { BroadcastOperator, DefaultEventsMap, Namespace, Socket } from 'socket.io';
import { assertListener, assertSessionId, assertSocket } from '../assertions.js';
import { connectError } from '../errors.js';
import { sessionHashOf } from '../session/session-hash.js';
import type { NamespaceListeners } from './admission.js';
import { type EventName, emitterOf, type Listener, OwnListener } from './listener-links.js';
import type { SessionSockets } from './session-sockets.js';

/** The sockets of a room, on all nodes. */
type Broadcast = BroadcastOperator<DefaultEventsMap, unknown>;

/** Wraps a namespace. */
export class SessionNamespaceWrapper {
  /** Socket.IO's own namespace. */
  readonly namespace: Namespace;
  readonly #sockets: SessionSockets;
  readonly #listeners: NamespaceListeners = {
    authorizations: [],
    connectionListeners: [],
    isClosed: false,
  };
  /** The listeners that the application added to the namespace itself through this wrapper. */
  readonly #others: { readonly event: EventName; readonly listener: Listener }[] = [];
  readonly #connected: (raw: Socket) => void;
  readonly #connectionListener: OwnListener;

  constructor(namespace: Namespace, sockets: SessionSockets) {
    this.namespace = namespace;
    this.#sockets = sockets;
    this.#connected = (raw) => sockets.of(raw).admission.connected(this.#listeners);
    // One listener and one middleware call all listeners of the wrapper: a namespace that Socket.IO
    // makes from a pattern copies those of its parent, and would keep any that the parent removes.
    this.#connectionListener = new OwnListener(
      namespace,
      'connection',
      this.#connected as Listener,
    );
    this.#connectionListener.add();
    namespace.use((raw, next) => {
      // Without it, the socket would not end with its session.
      if (raw.nsp === namespace) this.#listen();
      sockets
        .of(raw)
        .admission.admit(this.#listeners)
        .then(next, () => next(connectError('ERR_SESSION_REFUSED')));
    });
  }

  /** Adds a listener: of connections, with the session, or of any other event of the namespace. */
  on(event: EventName, listener: Listener): this {
    assertListener('on', listener);
    if (isConnection(event)) {
      this.#listen();
      this.#listeners.connectionListeners.push(listener);
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
      removeLast(this.#listeners.connectionListeners, (one) => one === listener);
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
    this.#listeners.authorizations.push(listener);
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
   * Removes all listeners; only the facade calls it. The middleware cannot be removed: it refuses
   * all clients if there was an `authorization` listener.
   */
  static close(wrapper: SessionNamespaceWrapper): void {
    wrapper.#close();
  }

  /** Listens to the namespace again, if the application has removed all its listeners: these as well. */
  #listen(): void {
    if (this.#listeners.isClosed) return;
    if (this.#connectionListener.add()) this.#listeners.connectionListeners.length = 0;
  }

  #close(): void {
    this.#listeners.isClosed = true;
    for (const { event, listener } of this.#others) emitterOf(this.namespace).off(event, listener);
    for (const namespace of [this.namespace, ...childrenOf(this.namespace)]) {
      namespace.off('connection', this.#connected);
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

/** The namespaces that Socket.IO made from a pattern; the set is private in its types. */
function childrenOf(namespace: Namespace): Iterable<Namespace> {
  return 'children' in namespace ? (namespace.children as Set<Namespace>) : [];
}
