/**
 * @module Calls the listeners of one socket with its session, or with the error that says why there is
 * none. With `autoErrManager` it handles the error itself.
 */

import { isStoreUnavailable, SessionError } from '../errors.js';
import type { SessionOwner } from '../session/held-session.js';
import type { ReadResult } from '../session/snapshot.js';
import type { EventName, Listener } from './listener-links.js';
import type { Membership } from './membership.js';
import type { SocketContext } from './socket-context.js';
import type { SocketReader } from './socket-reader.js';

/** The calls of the listeners of one socket. */
export class ListenerCalls {
  readonly #context: SocketContext;
  readonly #reader: SocketReader;
  readonly #membership: Membership;

  constructor(context: SocketContext, reader: SocketReader, membership: Membership) {
    this.#context = context;
    this.#reader = reader;
    this.#membership = membership;
  }

  /** Calls a listener with its own copy of the session, or handles the error. */
  deliver(
    event: EventName,
    listener: Listener,
    result: ReadResult,
    args: readonly unknown[],
  ): void {
    const call = this.#begin(event);
    const session = this.#reader.open(result, call);
    const { autoErrManager } = this.#context.options;
    if (!(session instanceof SessionError)) {
      this.#call(call, listener, autoErrManager ? [session, ...args] : [null, session, ...args]);
      return;
    }
    call.hasSession = false;
    if (!autoErrManager) {
      this.#call(call, listener, [session, null, ...args]);
      return;
    }
    this.#handleError(session, event);
    if (event === 'disconnect') this.#call(call, listener, [null, ...args]);
  }

  /**
   * The first arguments of an `authorization` listener: `(err, session)` or, with `autoErrManager`,
   * `(session)`.
   *
   * @returns the arguments, or the error that `autoErrManager` handles instead of the listener
   */
  authorizationArguments(result: ReadResult): readonly unknown[] | SessionError {
    const session = this.#reader.open(result, this.#begin('authorization'));
    const { autoErrManager } = this.#context.options;
    if (session instanceof SessionError) return autoErrManager ? session : [session, null];
    return autoErrManager ? [session] : [null, session];
  }

  #begin(event: EventName): ListenerCall {
    return new ListenerCall(event, this.#context, this.#membership);
  }

  #call(call: ListenerCall, listener: Listener, args: unknown[]): void {
    call.result = this.#context.call(listener, args, call);
  }

  /** Handles an error with `autoErrManager`: disconnects the client, unless only the store is down. */
  #handleError(error: SessionError, event: EventName): void {
    this.#context.reportUnlessExpected(error, event);
    // A socket whose session has ended is disconnected by its end, after which it may reconnect.
    const staysForNow = isStoreUnavailable(error.code) || this.#membership.endsWithSession;
    if (!staysForNow) this.#context.raw.disconnect();
  }
}

/** One call of a listener, which owns the session that it is given. */
class ListenerCall implements SessionOwner {
  readonly event: EventName;
  readonly #context: SocketContext;
  readonly #membership: Membership;
  /** Whether the listener is given a session and not an error. */
  hasSession = true;
  /** What the listener returned: a promise, if it is asynchronous. */
  result: unknown;

  constructor(event: EventName, context: SocketContext, membership: Membership) {
    this.event = event;
    this.#context = context;
    this.#membership = membership;
  }

  /** Reports why an ignored save or update failed; the function passed to `update` may have thrown. */
  report(error: unknown): void {
    this.#context.reportListener(error, this);
  }

  endsSession(): void {
    this.#membership.endingCall = this;
  }
}
