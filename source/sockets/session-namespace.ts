/**
 * @module The wrapper of a namespace: its `on`, `emit` and `authorization`, with sessions.
 */

import type { BroadcastOperator, DefaultEventsMap, Namespace, Socket } from 'socket.io';
import { assertListener, assertSessionId, assertSocket } from '../assertions.js';
import { connectError } from '../errors.js';
import { sessionHashOf } from '../session/session-hash.js';
import type { Entrance } from './admission.js';
import type { LeaveRoomListener } from './leave-room-listener.js';
import type { EventName, Listener } from './listener-links.js';
import type { SessionSockets } from './session-sockets.js';

/** What the namespaces of one `ExpressionSocket` share. */
export interface NamespaceDependencies {
  readonly sockets: SessionSockets;
  readonly leaveRoomListener: LeaveRoomListener;
}

/** The sockets of a room, on all nodes. */
type Broadcast = BroadcastOperator<DefaultEventsMap, unknown>;

/** Wraps a namespace. */
export class SessionNamespaceWrapper {
  /** Socket.IO's own namespace. */
  readonly namespace: Namespace;
  readonly #dependencies: NamespaceDependencies;
  readonly #entrance: Entrance = {
    authorizations: [],
    connectionListeners: [],
    isClosed: false,
  };
  /** What the application put on the namespace by this wrapper. */
  readonly #others: { readonly event: EventName; readonly listener: Listener }[] = [];
  readonly #connected: (raw: Socket) => void;

  constructor(namespace: Namespace, dependencies: NamespaceDependencies) {
    this.namespace = namespace;
    this.#dependencies = dependencies;
    const { sockets } = dependencies;
    this.#connected = (raw) => sockets.of(raw).admission.connected(this.#entrance);
    // One listener and one middleware stand for all of ours: a namespace that Socket.IO makes from a
    // pattern takes over what its parent has, but not under the name of the application's listener.
    namespace.on('connection', this.#connected);
    namespace.use((raw, next) => {
      sockets
        .of(raw)
        .admission.admit(this.#entrance)
        .then(next, () => next(connectError('ERR_SESSION_REFUSED')));
    });
  }

  /** Adds a listener: of connections, with the session; of any other event, as the namespace's own. */
  on(event: EventName, listener: Listener): this {
    assertListener('on', listener);
    if (isConnection(event)) this.#entrance.connectionListeners.push(listener);
    else {
      this.#emitter.on(event, listener);
      this.#others.push({ event, listener });
    }
    return this;
  }

  /** Removes a listener. */
  off(event: EventName, listener: Listener): this {
    assertListener('off', listener);
    if (isConnection(event)) {
      removeLast(this.#entrance.connectionListeners, (one) => one === listener);
    } else {
      this.#emitter.off(event, listener);
      removeLast(this.#others, (one) => one.event === event && one.listener === listener);
    }
    return this;
  }

  /** Emits to all clients of the namespace. */
  emit(event: string, ...args: unknown[]): boolean {
    return this.namespace.emit(event, ...args);
  }

  /** Adds a listener that every later connection must be accepted by. */
  authorization(listener: Listener): this {
    assertListener('authorization', listener);
    this.#entrance.authorizations.push(listener);
    return this;
  }

  /** The prototyped socket of a raw one: always the same. */
  socketOf(raw: Socket): Socket {
    assertSocket('socketOf', raw);
    return this.#dependencies.sockets.prototypedOf(raw);
  }

  /** The sockets of a session in this namespace, on all nodes: what `to(room)` of Socket.IO returns. */
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
   * Gives everything back, for the facade alone. A middleware can't be removed: it refuses where
   * there was an `authorization`.
   */
  static close(wrapper: SessionNamespaceWrapper): void {
    wrapper.#close();
  }

  #close(): void {
    this.#entrance.isClosed = true;
    for (const { event, listener } of this.#others) this.#emitter.off(event, listener);
    for (const namespace of [this.namespace, ...childrenOf(this.namespace)]) {
      namespace.off('connection', this.#connected);
      this.#dependencies.leaveRoomListener.close(namespace);
      for (const raw of namespace.sockets.values()) this.#dependencies.sockets.release(raw);
    }
  }

  /** The namespace as the `EventEmitter` that it is, whatever its event maps. */
  get #emitter(): NodeJS.EventEmitter {
    return this.namespace;
  }
}

function isConnection(event: EventName): boolean {
  return event === 'connection' || event === 'connect';
}

/** As `EventEmitter` does: of a listener that was added twice, the later one goes. */
function removeLast<Item>(list: Item[], isIt: (item: Item) => boolean): void {
  const index = list.findLastIndex(isIt);
  if (index >= 0) list.splice(index, 1);
}

/** The namespaces that Socket.IO made from a pattern; the set is private in its types. */
function childrenOf(namespace: Namespace): Iterable<Namespace> {
  return 'children' in namespace ? (namespace.children as Set<Namespace>) : [];
}
