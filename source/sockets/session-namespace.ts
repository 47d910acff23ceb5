/**
 * @module A namespace whose connections come with their sessions. Knows when a connection is asked,
 * read and announced; must not know what a session is read from.
 */

import type { Namespace, Socket } from 'socket.io';
import { assertListener, assertSocket } from '../assertions.js';
import { Deadlines } from '../deadlines.js';
import { connectError, SessionError } from '../errors.js';
import { authorize, type Refusal } from './authorization.js';
import { Delivery } from './delivery.js';
import { type Announcer, announceLate, type LateTerms } from './late-announcement.js';
import type { EventName, Listener } from './listener-links.js';
import type { RoomWatch } from './room-watch.js';
import type { SessionSocket } from './session-socket.js';
import type { SessionSockets } from './session-sockets.js';

/** What the namespaces of one `ExpressionSocket` share. */
export interface NamespaceServices {
  readonly sockets: SessionSockets;
  readonly roomWatch: RoomWatch;
  readonly deadlines: Deadlines;
  readonly maxPending: number;
}

/** How long a connection waits before it asks again a store that was down, in milliseconds. */
const retryInterval = 1_000;

/** Wraps a namespace: `on`, `emit` and `authorization` with sessions; the rest is the namespace's. */
export class SessionNamespaceWrapper implements Announcer {
  /** Socket.IO's own namespace. */
  readonly namespace: Namespace;
  readonly #services: NamespaceServices;
  readonly #late: LateTerms;
  readonly #connectionListeners: Listener[] = [];
  readonly #authorizationListeners: Listener[] = [];
  /** What the application put on the namespace by this wrapper. */
  readonly #others: { readonly event: EventName; readonly listener: Listener }[] = [];
  readonly #announce = (raw: Socket): void => this.#connected(this.#services.sockets.of(raw));
  #isClosed = false;

  constructor(namespace: Namespace, services: NamespaceServices) {
    this.namespace = namespace;
    this.#services = services;
    this.#late = {
      maxPending: services.maxPending,
      retries: new Deadlines(retryInterval),
    };
    // One listener and one middleware stand for all of ours: a namespace that Socket.IO makes from a
    // pattern takes over what its parent has, but not under the name of the application's listener.
    namespace.on('connection', this.#announce);
    namespace.use((raw, next) => {
      this.admit(services.sockets.of(raw)).then(next, () =>
        next(connectError('ERR_SESSION_REFUSED')),
      );
    });
  }

  /** Adds a listener: of connections, with the session; of any other event, as the namespace's own. */
  on(event: EventName, listener: Listener): this {
    assertListener('on', listener);
    if (isConnection(event)) this.#connectionListeners.push(listener);
    else {
      this.#emitter.on(event, listener);
      this.#others.push({ event, listener });
    }
    return this;
  }

  /** Takes a listener away. */
  off(event: EventName, listener: Listener): this {
    assertListener('off', listener);
    if (isConnection(event)) removeLast(this.#connectionListeners, (one) => one === listener);
    else {
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
    this.#authorizationListeners.push(listener);
    return this;
  }

  /** The prototyped socket of a raw one: always the same. */
  socketOf(raw: Socket): Socket {
    assertSocket('socketOf', raw);
    return this.#services.sockets.prototypedOf(raw);
  }

  /** Gives everything back. A middleware can't be: it refuses where there was an `authorization`. */
  close(): void {
    this.#isClosed = true;
    this.#late.retries.close();
    for (const { event, listener } of this.#others) this.#emitter.off(event, listener);
    for (const namespace of [this.namespace, ...childrenOf(this.namespace)]) {
      namespace.off('connection', this.#announce);
      this.#services.roomWatch.close(namespace);
      for (const raw of namespace.sockets.values()) this.#services.sockets.release(raw);
    }
  }

  /** Whether it was given back. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The namespace as the `EventEmitter` that it is, whatever its event maps. */
  get #emitter(): NodeJS.EventEmitter {
    return this.namespace;
  }

  /** Lets a socket in, with the reading for its `connection` listeners, or tells the refusal. */
  async admit(socket: SessionSocket): Promise<Refusal | undefined> {
    const authorizations = [...this.#authorizationListeners];
    if (this.#isClosed) {
      return authorizations.length > 0 ? connectError('ERR_SESSION_REFUSED') : undefined;
    }
    if (authorizations.length > 0) {
      const refusal = await this.#authorize(socket, authorizations);
      if (refusal) return refusal;
      socket.first = undefined;
    }
    socket.first ??= await socket.read();
    return socket.hasLostItsSession ? connectError('ERR_SESSION_NOT_FOUND') : undefined;
  }

  /** Tells the `connection` listeners of a socket that was let in. */
  announce(socket: SessionSocket): void {
    socket.joinItsSession();
    const { first } = socket;
    if (first === undefined) return;
    for (const listener of [...this.#connectionListeners]) {
      socket.deliver('connection', listener, first, [socket.socket]);
    }
  }

  async #authorize(
    socket: SessionSocket,
    listeners: readonly Listener[],
  ): Promise<Refusal | undefined> {
    const event = 'authorization';
    const reading = await socket.read();
    for (const listener of listeners) {
      const leading = socket.leadingArguments(new Delivery(socket, event), reading);
      if (leading instanceof SessionError) {
        socket.reportTrouble(leading, event);
        return connectError(leading.code);
      }
      const refusal = await authorize(
        {
          ask: (answer) => listener(...leading, socket.raw.handshake, answer),
          failed: (error) => socket.listenerFailed(error, event),
          late: (error) => socket.report(error, event),
        },
        this.#services.deadlines,
      );
      if (refusal) return refusal;
    }
    return undefined;
  }

  #connected(socket: SessionSocket): void {
    if (socket.first === undefined || socket.mustWait) {
      announceLate(socket, this, this.#late);
      return;
    }
    this.announce(socket);
    // Every wrapper of the namespace is told of the connection in this turn; then it may go, for it
    // may be large.
    queueMicrotask(() => {
      socket.first = undefined;
    });
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
