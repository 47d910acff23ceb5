/**
 * @module The controller of one raw socket: reads its session for each event, and calls the listeners
 * with it.
 */

import type { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import type { ErrorReporter } from '../error-reporter.js';
import { isStoreUnavailable, notAdmittedError, SessionError } from '../errors.js';
import type { NewSession } from '../handshake/new-session.js';
import type { SessionIdReader } from '../handshake/session-id.js';
import { requestOf } from '../handshake/session-id.js';
import type { ResolvedOptions } from '../options.js';
import type { SessionEngine } from '../session/engine.js';
import type { SessionOwner } from '../session/held-session.js';
import { sessionHashOf } from '../session/session-hash.js';
import type { ReadResult, Snapshot } from '../session/snapshot.js';
import type { SocketSession } from '../types/session.js';
import { Admission, type AdmissionOwner } from './admission.js';
import type { EventName, Listener } from './listener-links.js';
import { Membership, type MembershipDependencies } from './membership.js';
import { PendingEvents, type PendingTotal } from './pending-events.js';

/** What the sockets of one `ExpressionSocket` share. */
export interface ControllerDependencies extends MembershipDependencies {
  readonly options: ResolvedOptions;
  readonly sessionIds: SessionIdReader;
  readonly engine: SessionEngine;
  readonly reporter: ErrorReporter;
  readonly pendingTotal: PendingTotal;
}

/** One call of a listener, which owns the session that it is given. */
class ListenerCall implements SessionOwner {
  readonly event: EventName;
  readonly #controller: SocketController;
  /** Whether the listener is given a session and not an error. */
  hasSession = true;
  /** What the listener returned: a promise, if it is asynchronous. */
  result: unknown;

  constructor(controller: SocketController, event: EventName) {
    this.#controller = controller;
    this.event = event;
  }

  /** Reports why an ignored save or update failed; the function passed to `update` may have thrown. */
  report(error: unknown): void {
    if (error instanceof SessionError) this.#controller.report(error, this.event);
    else this.#controller.listenerFailed(error, this);
  }

  endsSession(): void {
    this.#controller.membership.endingCall = this;
  }
}

/** One raw socket, its session id, and the events that wait for its session. */
export class SocketController implements AdmissionOwner {
  readonly raw: Socket;
  /** The prototyped socket, which the application is given. */
  readonly socket: Socket;
  readonly admission: Admission;
  readonly membership: Membership;
  readonly #dependencies: ControllerDependencies;
  readonly #pending: PendingEvents;
  #sessionId: string | SessionError | undefined;
  /** The session that express-session made for the handshake. */
  #newSession: NewSession | undefined;
  #isRefusalTold = false;
  /** The read for the first event of a socket that was not admitted. */
  #firstRead: Promise<ReadResult> | undefined;

  constructor(raw: Socket, socket: Socket, dependencies: ControllerDependencies) {
    this.raw = raw;
    this.socket = socket;
    this.#dependencies = dependencies;
    const { options, pendingTotal } = dependencies;
    this.#pending = new PendingEvents(options.maxPending, pendingTotal);
    this.membership = new Membership(raw, socket, dependencies);
    this.admission = new Admission(this, options);
  }

  /** The emitter of `sessionend`. */
  get endEvents(): EventEmitter {
    return this.membership.endEvents;
  }

  /** Reads the session as it is now. The session id is read once. */
  async read(): Promise<ReadResult> {
    const { sessionIds, engine } = this.#dependencies;
    if (this.#sessionId === undefined) {
      this.#sessionId = await sessionIds.read(this.raw.handshake, requestOf(this.raw));
    }
    let result: ReadResult =
      typeof this.#sessionId === 'string'
        ? await engine.read(this.#sessionId)
        : { error: this.#sessionId };
    if (result.error?.code === 'ERR_SESSION_NOT_FOUND') result = await this.#readNewSession(result);
    const { error } = result;
    const isAbsent = typeof this.#sessionId !== 'string' || error?.code === 'ERR_SESSION_NOT_FOUND';
    if (error && isAbsent && !this.#isRefusalTold) {
      this.#isRefusalTold = true;
      this.refused(error, 'handshake');
    }
    return result;
  }

  /** Reads the session that express-session made for the handshake, if it did, in place of `result`. */
  async #readNewSession(result: ReadResult): Promise<ReadResult> {
    const { sessionIds, engine } = this.#dependencies;
    const newSession = sessionIds.newSession(this.raw.handshake, requestOf(this.raw));
    if (!newSession?.isNew) return result;
    this.#newSession = newSession;
    this.#sessionId = newSession.sessionId;
    return engine.read(newSession.sessionId, newSession.record());
  }

  /**
   * Stores the session that express-session made for the handshake, if express-session would do so.
   *
   * @throws {SessionError} if the store fails
   */
  async storeNewSession(): Promise<void> {
    await this.#newSession?.storeIfCookieSent();
  }

  /** Whether the socket came with the session of this hash. */
  hasSession(hash: string): boolean {
    return sessionHashOf(String(this.#sessionId)) === hash;
  }

  /** Whether a client that has lost the sessions of these hashes reconnects: after a login, or as a guest. */
  returnsAfter(hashes: readonly string[]): boolean {
    const { engine } = this.#dependencies;
    return this.#newSession !== undefined || hashes.some((hash) => engine.wasRegenerated(hash));
  }

  /**
   * Adds the socket, which is announced now, to the session that was read for it.
   *
   * @returns whether the session is still alive
   */
  join(snapshot: Snapshot): boolean {
    return this.membership.join(String(this.#sessionId), snapshot, this.#newSession);
  }

  /** Reads the session for an event, and then calls the listener. */
  receive(event: EventName, listener: Listener, args: readonly unknown[]): void {
    if (this.admission.isPending) {
      // Listeners clean up after a client that has left, or was refused.
      if (event === 'disconnect' && !this.raw.connected) {
        this.deliver(event, listener, { error: notAdmittedError() }, args);
        return;
      }
      // Events are buffered until then, but a plugin may have replaced the method that buffers them.
      this.admission.defer(() => this.receive(event, listener, args));
      return;
    }
    const sessionId = this.#sessionId;
    if (sessionId instanceof SessionError) {
      // Without a session id there is nothing to read.
      this.deliver(event, listener, { error: sessionId }, args);
      return;
    }
    // Listeners clean up after the client when it has disconnected. Some parsers let a connected client
    // send an event of that name, to which the limits apply.
    const isUnlimited = event === 'disconnect' && !this.raw.connected;
    const bytes = this.#pending.enter(event, listener, { args, isUnlimited });
    if (bytes === undefined) {
      this.deliver(event, listener, { error: this.#pending.overload() }, args);
      return;
    }
    // One `then` per event on the shared promise: the listeners are called in the order in which the
    // events arrived, and each in its own asynchronous context.
    void this.#readForEvent().then((result) => {
      this.#pending.leave(bytes);
      if (result.snapshot) this.#use(event, result.snapshot);
      this.deliver(event, listener, result, args);
    });
  }

  async #readUnadmitted(): Promise<ReadResult> {
    try {
      return await this.read();
    } finally {
      this.#firstRead = undefined;
    }
  }

  #readForEvent(): Promise<ReadResult> {
    const sessionId = this.#sessionId;
    // It settles later than a read by the session id alone, so later events wait for it to keep their order.
    if (this.#firstRead) return this.#firstRead.then(() => this.#readForEvent());
    if (typeof sessionId === 'string') {
      const newRecord = this.#newSession?.isNew ? this.#newSession.record() : undefined;
      return this.#dependencies.engine.read(sessionId, newRecord);
    }
    if (sessionId) return Promise.resolve({ error: sessionId });
    // The socket connected before its namespace was wrapped, so it was not admitted.
    this.#firstRead = this.#readUnadmitted();
    return this.#firstRead;
  }

  /** Calls a listener with its own copy of the session, or handles the error. */
  deliver(
    event: EventName,
    listener: Listener,
    result: ReadResult,
    args: readonly unknown[],
  ): void {
    const call = new ListenerCall(this, event);
    const session = this.#open(call, result);
    const { autoErrManager } = this.#dependencies.options;
    if (!(session instanceof SessionError)) {
      this.#call(call, listener, autoErrManager ? [session, ...args] : [null, session, ...args]);
      return;
    }
    if (!autoErrManager) {
      this.#call(call, listener, [session, null, ...args]);
      return;
    }
    this.#manage(session, event);
    if (event === 'disconnect') this.#call(call, listener, [null, ...args]);
  }

  /**
   * The first arguments of an `authorization` listener: `(err, session)` or, with `autoErrManager`,
   * `(session)`.
   *
   * @returns the arguments, or the error that `autoErrManager` handles instead of the listener
   */
  authorizationArguments(result: ReadResult): readonly unknown[] | SessionError {
    const session = this.#open(new ListenerCall(this, 'authorization'), result);
    const { autoErrManager } = this.#dependencies.options;
    if (session instanceof SessionError) return autoErrManager ? session : [session, null];
    return autoErrManager ? [session] : [null, session];
  }

  /** Reports an error if an operator needs to see it, which is not so if a visitor is not logged in. */
  reportUnlessExpected(error: SessionError, event: EventName): void {
    if (isStoreUnavailable(error.code) || error.cause !== undefined) this.report(error, event);
  }

  /** Reports what a listener threw or rejected with, if its result was awaited elsewhere. */
  listenerFailed(
    error: unknown,
    { event, hasSession }: { readonly event: EventName; readonly hasSession: boolean },
  ): void {
    this.#dependencies.reporter.listenerFailed(error, { ...this.#context(event), hasSession });
  }

  /** Reports why the client has no session, or is refused. */
  refused(error: SessionError, event: EventName): void {
    this.#dependencies.reporter.refused(error, this.#context(event));
  }

  /** Reports a failure that no listener gets. */
  report(error: unknown, event: EventName): void {
    this.#dependencies.reporter.failed(error, this.#context(event));
  }

  /** Counts a read of the session for an event as activity of the client, which may touch it. */
  #use(event: EventName, snapshot: Snapshot): void {
    if (!snapshot.isNew) this.#newSession?.settle();
    // The store may have been down when the socket was announced.
    if (!this.membership.session) this.join(snapshot);
    const { session } = this.membership;
    if (session === undefined || event === 'disconnect') return;
    const touched = this.#dependencies.engine.use(session, snapshot);
    touched?.catch((error) => this.report(error, event));
  }

  #call(call: ListenerCall, listener: Listener, args: unknown[]): void {
    const { event, hasSession } = call;
    const context = { socket: this.socket, event, hasSession };
    call.result = this.#dependencies.reporter.call(listener, args, context);
  }

  /** Opens a session for a call of a listener. */
  #open(call: ListenerCall, { snapshot, error }: ReadResult): SocketSession | SessionError {
    const session =
      error ?? this.#dependencies.engine.open(String(this.#sessionId), snapshot, call);
    call.hasSession = !(session instanceof SessionError);
    return session;
  }

  /** Handles an error with `autoErrManager`: disconnects the client, unless only the store is down. */
  #manage(error: SessionError, event: EventName): void {
    this.reportUnlessExpected(error, event);
    // A socket whose session has ended is disconnected by its end, after which it may reconnect.
    const staysForNow = isStoreUnavailable(error.code) || this.membership.endsWithSession;
    if (!staysForNow) this.raw.disconnect();
  }

  #context(event: EventName): { readonly socket: Socket; readonly event: EventName } {
    return { socket: this.socket, event };
  }
}
