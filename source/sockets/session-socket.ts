/**
 * @module A raw socket and the session that it came with. Knows which listener is called with which
 * session, and when; must not know how a session id is found or a session read.
 */

import type { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import type { Diagnostics } from '../diagnostics.js';
import { isStoreTrouble, SessionError } from '../errors.js';
import type { SessionIdReader } from '../handshake/session-id.js';
import type { ResolvedOptions } from '../options.js';
import type { Use } from '../session/activity.js';
import type { SessionReader } from '../session/reader.js';
import type { SessionGuard } from '../session/session-guard.js';
import { markOf } from '../session/session-mark.js';
import { notFound, type Reading } from '../session/store-calls.js';
import type { ErrorContext } from '../types/options.js';
import type { SessionEndReason, SocketSession } from '../types.js';
import { Backlog } from './backlog.js';
import { Delivery, type Recipient } from './delivery.js';
import type { EventName, Listener } from './listener-links.js';
import { Membership, type MembershipServices, type Teller } from './membership.js';
import { sessionRoomOf } from './session-room.js';

/** What the sockets of one `ExpressionSocket` share. */
export interface SocketServices {
  readonly options: Pick<ResolvedOptions, 'alwaysSession' | 'autoErrManager' | 'maxPending'>;
  readonly sessionIds: Pick<SessionIdReader, 'read'>;
  readonly reader: Pick<SessionReader, 'read'>;
  readonly guard: Pick<SessionGuard, 'open'>;
  readonly memberships: MembershipServices;
  readonly diagnostics: Diagnostics;
  /** The emitter of `sessionend`: where the application listens to it. */
  readonly lifeEvents: (raw: Socket) => EventEmitter;
}

/** One raw socket, its session id, and the events that wait for its session. */
export class SessionSocket implements Recipient, Teller {
  readonly raw: Socket;
  /** The prototyped socket: what the application is given in place of the raw one. */
  readonly socket: Socket;
  /** What the `connection` listeners will be given, from the middleware until they are called. */
  first: Reading | undefined;
  readonly membership: Membership;
  readonly #services: SocketServices;
  #sessionId: string | SessionError | undefined;
  /** When the read of `first` was asked for. */
  #firstSince = 0;
  readonly #backlog: Backlog;

  constructor(raw: Socket, socket: Socket, services: SocketServices) {
    this.raw = raw;
    this.socket = socket;
    this.#services = services;
    this.#backlog = new Backlog(services.options.maxPending);
    this.membership = new Membership(raw, services.memberships, this);
  }

  /** Reads the session as it is now. The session id is found out once. */
  async read(): Promise<Reading> {
    this.#sessionId ??= await this.#services.sessionIds.read(this.raw.handshake, this.raw.request);
    if (typeof this.#sessionId !== 'string') return { error: this.#sessionId };
    this.#firstSince = performance.now();
    return this.#services.reader.read(this.#sessionId);
  }

  /** Whether a connection that Socket.IO recovered came back without the session that it had. */
  get hasLostItsSession(): boolean {
    const before = this.#roomBefore;
    if (before === undefined) return false;
    if (before !== markOf(String(this.#sessionId))) return true;
    return this.first?.record === undefined && !isStoreTrouble(this.first?.error?.code);
  }

  /** Whether nobody may be told of the connection yet, for the store is down. */
  get mustWait(): boolean {
    if (!isStoreTrouble(this.first?.error?.code)) return false;
    // With `autoErrManager` nobody else would tell the listeners, once the store is back; and of a
    // recovered connection nobody else would find out whether its session has ended meanwhile.
    return this.#services.options.autoErrManager || this.#roomBefore !== undefined;
  }

  get #roomBefore(): string | undefined {
    return this.raw.recovered ? sessionRoomOf(this.raw) : undefined;
  }

  /** The socket, which is announced now, goes with the session that was read for it. */
  joinItsSession(): void {
    if (!this.first?.record) return;
    const sessionId = String(this.#sessionId);
    const { record } = this.first;
    const isAlive = this.membership.join(sessionId, { record, since: this.#firstSince });
    // It ended while other middlewares were at work.
    if (!isAlive) this.first = { error: notFound() };
  }

  /** An event came for a listener, which is called once its session was read. */
  receive(event: EventName, listener: Listener, args: readonly unknown[]): void {
    const sessionId = this.#sessionId;
    if (typeof sessionId !== 'string') {
      // Nothing to read, and so nobody whose turn comes first.
      if (sessionId) this.deliver(event, listener, { error: sessionId }, args);
      return;
    }
    const place = this.#backlog.enter(event, listener, this.#isFarewell(event));
    if (place === undefined) {
      this.deliver(event, listener, { error: this.#overload() }, args);
      return;
    }
    const since = performance.now();
    // One `then` for each event, on a promise that they share: they are called in the order in which
    // they came, and each in its own asynchronous context.
    void this.#services.reader.read(sessionId).then((reading) => {
      if (place === 'first') this.#backlog.leave();
      if (reading.record) this.#use(event, { record: reading.record, since });
      this.deliver(event, listener, reading, args);
    });
  }

  /** Calls a listener with a session of its own, or deals with the lack of one. */
  deliver(event: EventName, listener: Listener, reading: Reading, args: readonly unknown[]): void {
    const delivery = new Delivery(this, event);
    const leading = this.leadingArguments(delivery, reading);
    if (leading instanceof SessionError) {
      this.#manage(leading, event);
      if (event === 'disconnect') this.#call(delivery, listener, [null, ...args]);
      return;
    }
    this.#call(delivery, listener, [...leading, ...args]);
  }

  /**
   * What a listener is given ahead of its own arguments: `(err, session)`, or, with
   * `autoErrManager`, `(session)`.
   *
   * @returns the arguments, or the error that `autoErrManager` keeps from the listener
   */
  leadingArguments(delivery: Delivery, reading: Reading): readonly unknown[] | SessionError {
    const session = this.#open(delivery, reading);
    if (session instanceof SessionError) {
      return this.#services.options.autoErrManager ? session : [session, null];
    }
    return this.#services.options.autoErrManager ? [session] : [null, session];
  }

  /** Tells of what an operator would want to know: not of every visitor who is not logged in. */
  reportTrouble(error: SessionError, event: EventName): void {
    if (isStoreTrouble(error.code) || error.cause !== undefined) this.report(error, event);
  }

  /** Tells of a mistake of a listener that is waited for elsewhere. */
  listenerFailed(error: unknown, event: EventName): void {
    this.#services.diagnostics.listenerFailed(error, this.#context(event));
  }

  /** Tells of a failure that no listener is told of. */
  report(error: unknown, event: EventName): void {
    this.#services.diagnostics.failed(error, this.#context(event));
  }

  /** Tells the application that the session has ended. */
  tellEnd(reason: SessionEndReason): void {
    const event = 'sessionend';
    const lifeEvents = this.#services.lifeEvents(this.raw);
    // Those of `once` take themselves away; all of them are functions.
    for (const listener of lifeEvents.rawListeners(event) as Listener[]) {
      this.#services.diagnostics.call(listener, [reason], this.#context(event));
    }
  }

  /** A session was read for an event of the client. */
  #use(event: EventName, reading: Use): void {
    // The store may have been down when the socket was announced.
    if (!this.membership.isJoined) this.membership.join(String(this.#sessionId), reading);
    if (event !== 'disconnect') this.membership.use(reading, (error) => this.report(error, event));
  }

  /**
   * Whoever cleans up after a client must hear that it left, however many events still wait. Some
   * parsers let a client send an event of that name, as often as it likes.
   */
  #isFarewell(event: EventName): boolean {
    return event === 'disconnect' && !this.raw.connected;
  }

  #call(delivery: Delivery, listener: Listener, args: unknown[]): void {
    const context = this.#context(delivery.event);
    delivery.result = this.#services.diagnostics.call(listener, args, context);
  }

  #open(delivery: Delivery, reading: Reading): SocketSession | SessionError {
    if (reading.error) return reading.error;
    return this.#services.guard.open(String(this.#sessionId), reading.record, delivery);
  }

  /** What `autoErrManager` does: a store's trouble passes; a client without a session leaves. */
  #manage(error: SessionError, event: EventName): void {
    this.reportTrouble(error, event);
    // One whose session has ended goes with it, and may be meant to come back.
    if (!(isStoreTrouble(error.code) || this.membership.isPutOut)) this.raw.disconnect();
  }

  #overload(): SessionError {
    return new SessionError(
      'ERR_SESSION_OVERLOAD',
      `More than ${this.#services.options.maxPending} events of this socket wait for their session: the store is slow, or the client too fast; \`maxPending\` is the limit`,
    );
  }

  #context(event: EventName): ErrorContext {
    return { socket: this.socket, event };
  }
}
