/**
 * @module One call of a listener, and the session that it was given. Knows which event it was for,
 * and whether it is still at work.
 */

import { SessionError } from '../errors.js';
import type { SessionOwner } from '../session/session-request.js';
import type { EventName } from './listener-links.js';

/** The socket whose listener is called. */
export interface Recipient {
  report(error: unknown, event: EventName): void;
  listenerFailed(error: unknown, event: EventName): void;
  readonly membership: { leaving: Delivery | undefined };
}

/** Owns the session of one listener, for one event. */
export class Delivery implements SessionOwner {
  readonly event: EventName;
  readonly #socket: Recipient;
  /** What the listener returned: a promise, where it is asynchronous. */
  result: unknown;

  constructor(socket: Recipient, event: EventName) {
    this.#socket = socket;
    this.event = event;
  }

  /** Of an ignored update, it may be the mistake of the listener's own function. */
  report(error: unknown): void {
    if (error instanceof SessionError) this.#socket.report(error, this.event);
    else this.#socket.listenerFailed(error, this.event);
  }

  leaves(): void {
    this.#socket.membership.leaving = this;
  }
}
