/**
 * @module The context of one raw socket: its prototyped socket, and what it shares with the other
 * sockets of its `ExpressionSocket`. Listeners are called and errors are reported with it.
 */

import type { Socket } from 'socket.io';
import type { ErrorReporter, ListenerContext } from '../error-reporter.js';
import { isStoreUnavailable, type SessionError } from '../errors.js';
import type { SessionIdReader } from '../handshake/session-id.js';
import type { ResolvedOptions } from '../options.js';
import type { SessionEngine } from '../session/engine.js';
import type { EventName, Listener } from './listener-links.js';
import type { PendingTotal } from './pending-events.js';
import type { LeaveRoomListener } from './session-rooms.js';

/** What the sockets of one `ExpressionSocket` share. */
export interface SharedDependencies {
  readonly options: ResolvedOptions;
  readonly sessionIds: SessionIdReader;
  readonly engine: SessionEngine;
  readonly reporter: ErrorReporter;
  readonly pendingTotal: PendingTotal;
  readonly leaveRoomListener: LeaveRoomListener;
}

/** The event that a listener is called for, and whether it got a session. */
type EventContext = Pick<ListenerContext, 'event' | 'hasSession'>;

/** The context of one raw socket. */
export class SocketContext {
  readonly raw: Socket;
  /** The prototyped socket, which the application is given. */
  readonly socket: Socket;
  readonly shared: SharedDependencies;

  constructor(raw: Socket, socket: Socket, shared: SharedDependencies) {
    this.raw = raw;
    this.socket = socket;
    this.shared = shared;
  }

  get options(): ResolvedOptions {
    return this.shared.options;
  }

  /**
   * Calls a listener of the application, and reports what it throws or rejects with.
   *
   * @returns what the listener returned
   */
  call(listener: Listener, args: unknown[], { event, hasSession = true }: EventContext): unknown {
    return this.shared.reporter.call(listener, args, { socket: this.socket, event, hasSession });
  }

  /** Reports a failure that no listener gets. */
  report(error: unknown, event: EventName): void {
    this.shared.reporter.report(error, { socket: this.socket, event });
  }

  /** Reports an error if an operator needs to see it, which is not so if a visitor is not logged in. */
  reportUnlessExpected(error: SessionError, event: EventName): void {
    if (isStoreUnavailable(error.code) || error.cause !== undefined) this.report(error, event);
  }

  /** Reports why the client has no session, or is refused. */
  reportRefusal(error: SessionError, event: EventName): void {
    this.shared.reporter.reportRefusal(error, { socket: this.socket, event });
  }

  /** Reports what a listener threw or rejected with, if `call` did not call it. */
  reportListener(error: unknown, { event, hasSession }: Required<EventContext>): void {
    this.shared.reporter.reportListener(error, { socket: this.socket, event, hasSession });
  }
}
