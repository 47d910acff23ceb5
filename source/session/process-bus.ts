/**
 * @module The messages that processes send each other about the sessions of their store.
 */

import type { SessionEndReason } from '../types/session.js';

/** A message between processes about sessions, which are named by their hashes. */
export type SessionMessage =
  | {
      readonly type: 'ending' | 'stayed' | 'ended';
      readonly hash: string;
      readonly reason: SessionEndReason;
    }
  /** Sessions that were written or touched, each with its expiry, in milliseconds since 1970. */
  | { readonly type: 'extended'; readonly expiries: readonly (readonly [string, number])[] }
  /** The store was asked to remove all sessions. */
  | { readonly type: 'cleared' };

/** Connects the processes. */
export interface ProcessBus {
  /** Sends a message to all other processes. */
  publish(message: SessionMessage): void;
  /** Calls `receive` with each message of another process. A further call makes sure that it does. */
  subscribe(receive: (message: SessionMessage) => void): void;
}

/** How long extensions are collected before they are published, in milliseconds. */
const publishInterval = 1_000;

/** Sessions that this process has written or touched, of which others may have sockets. */
export class Extensions {
  readonly #bus: ProcessBus;
  /** Those that were not published yet. */
  #expiries = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(bus: ProcessBus) {
    this.#bus = bus;
  }

  /**
   * Publishes when a session expires, together with all others of the same second.
   *
   * @param expiry in milliseconds since 1970
   */
  add(hash: string, expiry: number): void {
    if (!(Number.isFinite(expiry) && expiry > Date.now())) return;
    this.#expiries.set(hash, expiry);
    this.#timer ??= setTimeout(() => {
      const expiries = [...this.#expiries];
      this.#expiries = new Map();
      this.#timer = undefined;
      this.#bus.publish({ type: 'extended', expiries });
    }, publishInterval).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
