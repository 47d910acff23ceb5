/**
 * @module The emitter of `sconnection` and `sinvalid`, on which the application registers listeners.
 */

import { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import { assertListener } from '../assertions.js';
import type { Diagnostics } from '../diagnostics.js';
import type { Listener } from './client-methods.js';

const events = ['sconnection', 'sinvalid'] as const;

/** The events that `enable` emits. */
export type SessionsEvent = (typeof events)[number];

/** Emits `sconnection` and `sinvalid`. */
export class SessionsEmitter {
  readonly #listeners = new EventEmitter();
  readonly #diagnostics: Diagnostics;

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics;
  }

  on(event: string, listener: Listener): void {
    assertEvent('on', event);
    assertListener('on', listener);
    this.#listeners.on(event, listener);
  }

  once(event: string, listener: Listener): void {
    assertEvent('once', event);
    assertListener('once', listener);
    this.#listeners.once(event, listener);
  }

  off(event: string, listener: Listener): void {
    assertEvent('off', event);
    this.#listeners.off(event, listener);
  }

  clear(): void {
    this.#listeners.removeAllListeners();
  }

  /**
   * Calls the listeners of an event. One that throws or rejects does not stop the others.
   *
   * @param args the client first
   * @returns whether the event has listeners
   */
  emit(event: SessionsEvent, ...args: [client: Socket, ...rest: unknown[]]): boolean {
    // Only functions are added. The raw listeners of `once` remove themselves.
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

function assertEvent(method: string, event: unknown): void {
  if (events.some((known) => known === event)) return;
  throw new TypeError(
    `\`${method}\`: expected the event 'sconnection' or 'sinvalid', got ${JSON.stringify(String(event))}; listen to other events on the client, or on the Socket.IO server`,
  );
}
