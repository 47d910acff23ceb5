/**
 * @module A raw socket and the session that it came with. Knows which listener is called with which
 * session, and when; must not know how a session id is found or a session read.
 */

import type { Socket } from 'socket.io';
import type { Diagnostics } from '../diagnostics.js';
import { isStoreTrouble, SessionError } from '../errors.js';
import type { SessionIdReader } from '../handshake/session-id.js';
import type { ErrorContext, ResolvedOptions } from '../options.js';
import type { SessionReader } from '../session/reader.js';
import type { SessionOpener } from '../session/session-opener.js';
import type { Reading } from '../session/store-calls.js';
import type { SocketSession } from '../types.js';
import { isRecoverable, sessionRoom, sessionRoomOf } from './session-room.js';
import type { EventName, Listener } from './socket-members.js';

/** What the sockets of one `ExpressionSocket` share. */
export interface SocketServices {
  readonly options: Pick<ResolvedOptions, 'alwaysSession' | 'autoErrManager' | 'maxPending'>;
  readonly sessionIds: Pick<SessionIdReader, 'read'>;
  readonly reader: Pick<SessionReader, 'read'>;
  readonly opener: Pick<SessionOpener, 'open'>;
  readonly diagnostics: Diagnostics;
}

/** One raw socket, its session id, and the events that wait for its session. */
export class SessionSocket {
  readonly raw: Socket;
  /** The prototyped socket: what the application is given in place of the raw one. */
  readonly socket: Socket;
  /** What the `connection` listeners will be given, from the middleware until they are called. */
  first: Reading | undefined;
  readonly #services: SocketServices;
  #sessionId: string | SessionError | undefined;
  #waiting = 0;
  /** The event told last, who was told of it, and whether it may wait for its session. */
  #event: EventName | undefined;
  readonly #told: Listener[] = [];
  #mayWait = true;

  constructor(raw: Socket, socket: Socket, services: SocketServices) {
    this.raw = raw;
    this.socket = socket;
    this.#services = services;
  }

  /** Reads the session as it is now. The session id is found out once. */
  async read(): Promise<Reading> {
    this.#sessionId ??= await this.#services.sessionIds.read(this.raw.handshake, this.raw.request);
    if (typeof this.#sessionId !== 'string') return { error: this.#sessionId };
    return this.#services.reader.read(this.#sessionId);
  }

  /** Whether a connection that Socket.IO recovered came back without the session that it had. */
  get hasLostItsSession(): boolean {
    const before = this.#roomBefore;
    if (before === undefined) return false;
    if (before !== sessionRoom(String(this.#sessionId))) return true;
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

  /** Lets a recovery of this connection know that it had a session, and which. */
  joinItsSession(): void {
    if (!this.first?.record || !isRecoverable(this.raw)) return;
    void this.raw.join(sessionRoom(String(this.#sessionId)));
  }

  /** An event came for a listener, which is called once its session was read. */
  receive(event: EventName, listener: Listener, args: readonly unknown[]): void {
    const sessionId = this.#sessionId;
    if (typeof sessionId !== 'string') {
      // Nothing to read, and so nobody whose turn comes first.
      if (sessionId) this.deliver(event, listener, { error: sessionId }, args);
      return;
    }
    const isFirst = this.#isNewEvent(event, listener);
    if (isFirst) this.#mayWait = this.#hasRoom(event);
    if (!this.#mayWait) {
      this.deliver(event, listener, { error: this.#overload() }, args);
      return;
    }
    if (isFirst) this.#waiting++;
    // One `then` for each event, on a promise that they share: they are called in the order in which
    // they came, and each in its own asynchronous context.
    void this.#services.reader.read(sessionId).then((reading) => {
      if (isFirst) this.#waiting--;
      this.deliver(event, listener, reading, args);
    });
  }

  /** Calls a listener with a session of its own, or deals with the lack of one. */
  deliver(event: EventName, listener: Listener, reading: Reading, args: readonly unknown[]): void {
    const leading = this.leadingArguments(event, reading);
    if (leading instanceof SessionError) {
      this.#manage(leading, event);
      if (event !== 'disconnect') return;
      this.#call(event, listener, [null, ...args]);
      return;
    }
    this.#call(event, listener, [...leading, ...args]);
  }

  /**
   * What a listener is given ahead of its own arguments: `(err, session)`, or, with
   * `autoErrManager`, `(session)`.
   *
   * @returns the arguments, or the error that `autoErrManager` keeps from the listener
   */
  leadingArguments(event: EventName, reading: Reading): readonly unknown[] | SessionError {
    const session = this.#open(event, reading);
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

  /** One event is told to several listeners in a row: another one begins where a name or listener does. */
  #isNewEvent(event: EventName, listener: Listener): boolean {
    const isNew = event !== this.#event || this.#told.includes(listener);
    if (isNew) this.#told.length = 0;
    this.#event = event;
    this.#told.push(listener);
    return isNew;
  }

  #hasRoom(event: EventName): boolean {
    // Whoever cleans up after a client must hear that it left, however many events still wait. Some
    // parsers let a client send an event of that name, as often as it likes.
    const hasLeft = event === 'disconnect' && !this.raw.connected;
    return hasLeft || this.#waiting < this.#services.options.maxPending;
  }

  #call(event: EventName, listener: Listener, args: unknown[]): void {
    this.#services.diagnostics.call(listener, args, this.#context(event));
  }

  #open(event: EventName, reading: Reading): SocketSession | SessionError {
    if (reading.error) return reading.error;
    return this.#services.opener.open(String(this.#sessionId), reading.record, (error) =>
      this.report(error, event),
    );
  }

  /** What `autoErrManager` does: a store's trouble passes; a client without a session leaves. */
  #manage(error: SessionError, event: EventName): void {
    this.reportTrouble(error, event);
    if (!isStoreTrouble(error.code)) this.raw.disconnect();
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
