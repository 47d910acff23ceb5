/**
 * @module The sockets of one `ExpressionSocket`: the one controller and the one prototyped socket of
 * each raw socket.
 */

import { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import { type ControllerDependencies, SocketController } from './socket-controller.js';
import { SocketMethods } from './socket-methods.js';
import { SocketProxies } from './socket-proxies.js';

/** Makes the controllers of raw sockets, and keeps each as long as its raw socket. */
export class SessionSockets {
  readonly #dependencies: ControllerDependencies;
  readonly #controllers = new WeakMap<Socket, SocketController>();
  readonly #lifeEvents = new WeakMap<Socket, EventEmitter>();
  readonly #methods: SocketMethods;
  readonly #proxies: SocketProxies<Socket>;

  constructor(dependencies: Omit<ControllerDependencies, 'lifeEvents'>) {
    this.#dependencies = { ...dependencies, lifeEvents: (raw) => this.#lifeEventsOf(raw) };
    this.#methods = new SocketMethods({
      alwaysSession: dependencies.options.alwaysSession,
      receive: (raw, event, listener, args) => this.of(raw).receive(event, listener, args),
      lifeEvents: (raw) => this.#lifeEventsOf(raw),
    });
    this.#proxies = new SocketProxies(this.#methods);
  }

  /** The controller of a raw socket: always the same one. */
  of(raw: Socket): SocketController {
    let controller = this.#controllers.get(raw);
    if (controller === undefined) {
      controller = new SocketController(raw, this.#proxies.of(raw), this.#dependencies);
      this.#controllers.set(raw, controller);
    }
    return controller;
  }

  /** The prototyped socket of a raw socket; a prototyped socket is returned as it is. */
  prototypedOf(socket: Socket): Socket {
    return this.of(this.#proxies.rawOf(socket)).socket;
  }

  /** Removes everything that was added to a raw socket. */
  release(raw: Socket): void {
    this.#controllers.get(raw)?.leave();
    this.#methods.release(raw);
  }

  #lifeEventsOf(raw: Socket): EventEmitter {
    let events = this.#lifeEvents.get(raw);
    if (events === undefined) {
      events = new EventEmitter();
      this.#lifeEvents.set(raw, events);
    }
    return events;
  }
}
