/**
 * @module The sockets of one `ExpressionSocket`: the one controller and the one prototyped socket of
 * each raw socket.
 */

import type { Namespace, Socket } from 'socket.io';
import { LeaveRoomListener } from './session-rooms.js';
import { type SharedDependencies, SocketContext } from './socket-context.js';
import { SocketController } from './socket-controller.js';
import { SocketMethods } from './socket-methods.js';
import { SocketProxies } from './socket-proxies.js';

/** Makes the controllers of raw sockets, and keeps each as long as its raw socket. */
export class SessionSockets {
  readonly #shared: SharedDependencies;
  readonly #controllers = new WeakMap<Socket, SocketController>();
  readonly #methods: SocketMethods;
  readonly #proxies: SocketProxies;

  constructor(dependencies: Omit<SharedDependencies, 'pendingTotal' | 'leaveRoomListener'>) {
    this.#shared = {
      ...dependencies,
      pendingTotal: { bytes: 0 },
      leaveRoomListener: new LeaveRoomListener((raw) => this.#controllers.get(raw)?.membership),
    };
    const { alwaysSession } = dependencies.options;
    this.#methods = new SocketMethods(alwaysSession, (raw) => this.of(raw));
    this.#proxies = new SocketProxies(this.#methods);
  }

  /** The controller of a raw socket: always the same one. */
  of(raw: Socket): SocketController {
    let controller = this.#controllers.get(raw);
    if (controller === undefined) {
      controller = new SocketController(
        new SocketContext(raw, this.#proxies.of(raw), this.#shared),
      );
      this.#controllers.set(raw, controller);
    }
    return controller;
  }

  /** The prototyped socket of a raw socket; a prototyped socket is returned as it is. */
  prototypedOf(socket: Socket): Socket {
    return this.#proxies.of(this.#proxies.rawOf(socket));
  }

  /** Removes everything that was added to the raw sockets of a namespace, and to its adapter. */
  release(namespace: Namespace): void {
    this.#shared.leaveRoomListener.close(namespace);
    for (const raw of namespace.sockets.values()) {
      this.#controllers.get(raw)?.membership.leave();
      this.#methods.release(raw);
    }
  }
}
