/**
 * @module What `enable` returns: who listens to `sconnection` and `sinvalid`. Knows those two events;
 * must not know when they happen.
 */

import { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import { assertListener } from '../assertions.js';
import type { Diagnostics } from '../diagnostics.js';
import type { Listener } from './client-members.js';

/** The events of a listener object. */
export type SessionsEvent = 'sconnection' | 'sinvalid';

const events: readonly string[] = ['sconnection', 'sinvalid'] satisfies SessionsEvent[];

/** Those who listen to sessions. */
export class SessionListener {
  readonly #listeners = new EventEmitter();
  readonly #diagnostics: Diagnostics;

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics;
  }

  on(event: string, listener: Listener): void {
    assertEvent(event);
    assertListener('on', listener);
    this.#listeners.on(event, listener);
  }

  once(event: string, listener: Listener): void {
    assertEvent(event);
    assertListener('once', listener);
    this.#listeners.once(event, listener);
  }

  off(event: string, listener: Listener): void {
    assertEvent(event);
    this.#listeners.off(event, listener);
  }

  clear(): void {
    this.#listeners.removeAllListeners();
  }

  /**
   * Tells the listeners of an event, whose mistakes stay their own.
   *
   * @param args the first of them is the client
   * @returns whether anybody listens
   */
  tell(event: SessionsEvent, ...args: [client: Socket, ...rest: unknown[]]): boolean {
    // Only functions are added; as they were added, so that `once` takes its own away.
    const listeners = this.#listeners.rawListeners(event) as Listener[];
    for (const listener of listeners) {
      this.#diagnostics.call(listener, args, {
        socket: args[0],
        event,
        hasSession: event === 'sconnection',
      });
    }
    return listeners.length > 0;
  }
}

function assertEvent(event: unknown): void {
  if (typeof event === 'string' && events.includes(event)) return;
  throw new TypeError(
    `\`on\`: expected the event 'sconnection' or 'sinvalid', got ${JSON.stringify(String(event))}; listen to others on the client, or on the Socket.IO server`,
  );
}
