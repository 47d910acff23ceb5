/**
 * @module The controller of one raw socket: reads its session for each event, and then has the listener
 * called. It also holds the other parts of the socket: its admission and its membership.
 */

import type { EventEmitter } from 'node:events';
import { notAdmittedError, SessionError } from '../errors.js';
import type { Snapshot } from '../session/snapshot.js';
import { Admission } from './admission.js';
import { ListenerCalls } from './listener-calls.js';
import type { EventName, Listener } from './listener-links.js';
import { Membership } from './membership.js';
import { PendingEvents } from './pending-events.js';
import type { SocketContext } from './socket-context.js';
import { SocketReader } from './socket-reader.js';

/** One raw socket, and the events that wait for its session. */
export class SocketController {
  readonly admission: Admission;
  readonly membership: Membership;
  readonly #context: SocketContext;
  readonly #reader: SocketReader;
  readonly #calls: ListenerCalls;
  /** Made for the first event, so that an idle socket does without. */
  #pending: PendingEvents | undefined;

  constructor(context: SocketContext) {
    const reader = new SocketReader(context);
    const membership = new Membership(context, reader);
    const calls = new ListenerCalls(context, reader, membership);
    this.#context = context;
    this.#reader = reader;
    this.#calls = calls;
    this.membership = membership;
    this.admission = new Admission(context, { reader, membership, calls });
  }

  /** The emitter of `sessionend`. */
  get endEvents(): EventEmitter {
    return this.membership.endEvents;
  }

  /** Reads the session for an event, and then calls the listener. */
  receive(event: EventName, listener: Listener, args: readonly unknown[]): void {
    // Listeners clean up after the client when it has disconnected. Some parsers let a connected client
    // send an event of that name, which is treated as any other.
    const hasLeft = event === 'disconnect' && !this.#context.raw.connected;
    if (this.admission.isPending) {
      if (hasLeft) {
        this.#calls.deliver(event, listener, { error: notAdmittedError() }, args);
        return;
      }
      this.#defer(event, listener, args);
      return;
    }
    const { sessionId } = this.#reader;
    if (sessionId instanceof SessionError) {
      // Without a session id there is nothing to read.
      this.#calls.deliver(event, listener, { error: sessionId }, args);
      return;
    }
    const pending = this.#pendingEvents();
    const bytes = pending.enter(event, listener, args);
    if (bytes === undefined && !hasLeft) {
      this.#calls.deliver(event, listener, { error: pending.overloadError() }, args);
      return;
    }
    // One `then` per event on the shared promise: the listeners are called in the order in which the
    // events arrived, and each in its own asynchronous context.
    void this.#reader.readForEvent().then((result) => {
      if (bytes) pending.leave(bytes);
      if (result.snapshot) this.#use(event, result.snapshot);
      this.#calls.deliver(event, listener, result, args);
    });
  }

  /** Reports what a listener without a session threw or rejected with. */
  reportListener(error: unknown, event: EventName): void {
    this.#context.reportListener(error, { event, hasSession: true });
  }

  /**
   * Receives an event again when the socket is admitted. Events are buffered until then, but a plugin
   * may have replaced the method that buffers them. As there, too many close the transport.
   */
  #defer(event: EventName, listener: Listener, args: readonly unknown[]): void {
    const { raw } = this.#context;
    const pending = this.#pendingEvents();
    const bytes = pending.enter(event, listener, args);
    if (bytes === undefined) {
      raw.conn.close();
      return;
    }
    this.admission.defer(() => {
      pending.leave(bytes);
      if (raw.connected) this.receive(event, listener, args);
    });
  }

  #pendingEvents(): PendingEvents {
    const { options, pendingTotal } = this.#context.shared;
    this.#pending ??= new PendingEvents(options.maxPending, pendingTotal);
    return this.#pending;
  }

  /** Counts a read of the session for an event as activity of the client, which may touch it. */
  #use(event: EventName, snapshot: Snapshot): void {
    if (!snapshot.isNew) this.#reader.newSession?.markNotNew();
    // The store may have been down when the socket was announced.
    if (!this.membership.session) this.membership.join(snapshot);
    const { session } = this.membership;
    if (session === undefined || event === 'disconnect') return;
    const touched = this.#context.shared.engine.countActivity(session, snapshot);
    touched?.catch((error) => this.#context.report(error, event));
  }
}
