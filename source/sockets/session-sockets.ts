/**
 * @module The sockets of one `ExpressionSocket`: from a raw socket to its session socket and its
 * mirror. Knows that each raw socket has one of either.
 */

import { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import { type ControllerDependencies, SocketController } from './socket-controller.js';
import { SocketMembers } from './socket-members.js';
import { Mirrors } from './socket-mirror.js';

/** Finds the session socket of a raw socket. It goes with the raw one: nothing else holds it. */
export class SessionSockets {
  readonly #services: ControllerDependencies;
  readonly #sockets = new WeakMap<Socket, SocketController>();
  readonly #lifeEvents = new WeakMap<Socket, EventEmitter>();
  readonly #members: SocketMembers;
  readonly #mirrors: Mirrors<Socket>;

  constructor(services: Omit<ControllerDependencies, 'lifeEvents'>) {
    this.#services = { ...services, lifeEvents: (raw) => this.#lifeEventsOf(raw) };
    this.#members = new SocketMembers({
      alwaysSession: services.options.alwaysSession,
      receive: (raw, event, listener, args) => this.of(raw).receive(event, listener, args),
      lifeEvents: (raw) => this.#lifeEventsOf(raw),
    });
    this.#mirrors = new Mirrors(this.#members.members);
  }

  /** The session socket of a raw socket: always the same one. */
  of(raw: Socket): SocketController {
    let socket = this.#sockets.get(raw);
    if (socket === undefined) {
      socket = new SocketController(raw, this.#mirrors.of(raw), this.#services);
      this.#sockets.set(raw, socket);
    }
    return socket;
  }

  /** Takes back what was put on a raw socket. */
  release(raw: Socket): void {
    this.#sockets.get(raw)?.leave();
    this.#members.release(raw);
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
