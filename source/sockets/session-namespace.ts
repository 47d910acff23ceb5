/**
 * @module A namespace whose connections come with their sessions. Knows when a connection is asked,
 * read and announced; must not know what a session is read from.
 */

import type { Namespace, Socket } from 'socket.io';
import { Deadlines } from '../deadline.js';
import { connectError, describeValue, isStoreTrouble, SessionError } from '../errors.js';
import { authorize, type Refusal } from './authorization.js';
import { holdEvents } from './event-hold.js';
import type { SessionSocket } from './session-socket.js';
import type { SessionSockets } from './session-sockets.js';
import type { EventName, Listener } from './socket-members.js';

/** What the namespaces of one `ExpressionSocket` share. */
export interface NamespaceServices {
  readonly sockets: SessionSockets;
  readonly deadlines: Deadlines;
  readonly autoErrManager: boolean;
  readonly maxPending: number;
}

/** How long a connection waits before it asks again a store that was down, in milliseconds. */
const retryInterval = 1_000;

/** Wraps a namespace: `on`, `emit` and `authorization` with sessions; the rest is the namespace's. */
export class SessionNamespaceWrapper {
  /** Socket.IO's own namespace. */
  readonly namespace: Namespace;
  readonly #services: NamespaceServices;
  readonly #retries = new Deadlines(retryInterval);
  readonly #connectionListeners: Listener[] = [];
  readonly #authorizationListeners: Listener[] = [];
  readonly #announce = (raw: Socket): void => this.#connected(this.#services.sockets.of(raw));
  #isClosed = false;

  constructor(namespace: Namespace, services: NamespaceServices) {
    this.namespace = namespace;
    this.#services = services;
    // One listener and one middleware stand for all of ours: a namespace that Socket.IO makes from a
    // pattern takes over what its parent has, but not under the name of the application's listener.
    namespace.on('connection', this.#announce);
    namespace.use((raw, next) => {
      this.#admit(services.sockets.of(raw)).then(next, () =>
        next(connectError('ERR_SESSION_REFUSED')),
      );
    });
  }

  /** Adds a listener: of connections, with the session; of any other event, as the namespace's own. */
  on(event: EventName, listener: Listener): this {
    assertListener('on', listener);
    if (isConnection(event)) this.#connectionListeners.push(listener);
    else this.#emitter.on(event, listener);
    return this;
  }

  /** Takes a listener away. */
  off(event: EventName, listener: Listener): this {
    assertListener('off', listener);
    if (!isConnection(event)) this.#emitter.off(event, listener);
    else {
      const index = this.#connectionListeners.lastIndexOf(listener);
      if (index >= 0) this.#connectionListeners.splice(index, 1);
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

  /** Gives everything back. A middleware can't be: it refuses where there was an `authorization`. */
  close(): void {
    this.#isClosed = true;
    this.#retries.close();
    for (const namespace of [this.namespace, ...childrenOf(this.namespace)]) {
      namespace.off('connection', this.#announce);
      for (const raw of namespace.sockets.values()) this.#services.sockets.release(raw);
    }
  }

  /** The namespace as the `EventEmitter` that it is, whatever its event maps. */
  get #emitter(): NodeJS.EventEmitter {
    return this.namespace;
  }

  /** Lets a socket in, with the reading for its `connection` listeners, or tells the refusal. */
  async #admit(socket: SessionSocket): Promise<Refusal | undefined> {
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
    return undefined;
  }

  async #authorize(
    socket: SessionSocket,
    listeners: readonly Listener[],
  ): Promise<Refusal | undefined> {
    const event = 'authorization';
    const reading = await socket.read();
    for (const listener of listeners) {
      const leading = socket.leadingArguments(event, reading);
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
    const { first } = socket;
    if (first === undefined || this.#mustWait(socket)) {
      void this.#announceLate(socket);
      return;
    }
    this.#tell(socket);
    // Every wrapper of the namespace is told of the connection in this turn; then it may go, for it
    // may be large.
    queueMicrotask(() => {
      socket.first = undefined;
    });
  }

  /**
   * Announces a connection that no middleware let in, for Socket.IO skips those after connection
   * state recovery; or one for which the store was down. Its events are held back meanwhile.
   */
  async #announceLate(socket: SessionSocket): Promise<void> {
    const { raw } = socket;
    const letGo = holdEvents(raw, this.#services.maxPending);
    try {
      const refusal = socket.first ? undefined : await this.#admit(socket);
      if (refusal) return putOut(raw, refusal);
      if (this.#mustWait(socket)) await this.#waitForStore(socket);
      const hasEnded = raw.recovered && socket.first?.error?.code === 'ERR_SESSION_NOT_FOUND';
      if (hasEnded) return putOut(raw, connectError('ERR_SESSION_NOT_FOUND'));
      if (raw.connected && !this.#isClosed) this.#tell(socket);
    } finally {
      socket.first = undefined;
      letGo();
    }
  }

  /** With `autoErrManager` nobody else would tell the listeners, once the store is back. */
  #mustWait({ first }: SessionSocket): boolean {
    return this.#services.autoErrManager && isStoreTrouble(first?.error?.code);
  }

  async #waitForStore(socket: SessionSocket): Promise<void> {
    if (socket.first?.error) socket.reportTrouble(socket.first.error, 'connection');
    while (this.#mustWait(socket) && socket.raw.connected && !this.#isClosed) {
      await this.#retries.pause();
      socket.first = await socket.read();
    }
  }

  #tell(socket: SessionSocket): void {
    const { first } = socket;
    if (first === undefined) return;
    for (const listener of [...this.#connectionListeners]) {
      socket.deliver('connection', listener, first, [socket.socket]);
    }
  }
}

function isConnection(event: EventName): boolean {
  return event === 'connection' || event === 'connect';
}

function assertListener(method: string, listener: unknown): void {
  if (typeof listener === 'function') return;
  throw new TypeError(
    `\`${method}\`: expected a function as its listener, got ${describeValue(listener)}`,
  );
}

/** Puts out a socket that Socket.IO has let in. Where only the store is down it may come back. */
function putOut(raw: Socket, refusal: Refusal): void {
  const data: unknown = 'data' in refusal ? refusal.data : undefined;
  const code: unknown = typeof data === 'object' && data !== null && 'code' in data && data.code;
  if (isStoreTrouble(code as never)) raw.conn.close();
  else raw.disconnect();
}

/** The namespaces that Socket.IO made from a pattern; the set is private in its types. */
function childrenOf(namespace: Namespace): Iterable<Namespace> {
  return 'children' in namespace ? (namespace.children as Set<Namespace>) : [];
}
