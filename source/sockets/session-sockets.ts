/**
 * @module The sockets of one `ExpressionSocket`: from a raw socket to its session socket and its
 * prototyped socket, of which it has one each.
 */

import { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import { SessionSocket, type SocketServices } from './session-socket.js';
import { SocketMethods } from './socket-methods.js';
import { SocketProxies } from './socket-proxies.js';

/** Finds the session socket of a raw socket. It goes with the raw one: nothing else holds it. */
export class SessionSockets {
  readonly #services: SocketServices;
  readonly #sockets = new WeakMap<Socket, SessionSocket>();
  readonly #lifeEvents = new WeakMap<Socket, EventEmitter>();
  readonly #methods: SocketMethods;
  readonly #proxies: SocketProxies<Socket>;

  constructor(services: Omit<SocketServices, 'lifeEvents'>) {
    this.#services = { ...services, lifeEvents: (raw) => this.#lifeEventsOf(raw) };
    this.#methods = new SocketMethods({
      alwaysSession: services.options.alwaysSession,
      receive: (raw, event, listener, args) => this.of(raw).receive(event, listener, args),
      lifeEvents: (raw) => this.#lifeEventsOf(raw),
    });
    this.#proxies = new SocketProxies(this.#methods);
  }

  /** The session socket of a raw socket: always the same one. */
  of(raw: Socket): SessionSocket {
    let socket = this.#sockets.get(raw);
    if (socket === undefined) {
      socket = new SessionSocket(raw, this.#proxies.of(raw), this.#services);
      this.#sockets.set(raw, socket);
    }
    return socket;
  }

  /** The prototyped socket of a raw one; a prototyped one is its own. */
  prototypedOf(socket: Socket): Socket {
    return this.of(this.#proxies.rawOf(socket)).socket;
  }

  /** Takes back what was put on a raw socket. */
  release(raw: Socket): void {
    this.#sockets.get(raw)?.membership.leave();
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
