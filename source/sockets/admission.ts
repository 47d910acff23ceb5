/**
 * @module Admits connections: reads the session, calls the `authorization` listeners, and then the
 * `connection` listeners. After connection state recovery, for which Socket.IO skips its middlewares,
 * and while the store is down, it does so after Socket.IO has emitted `connection`.
 */

import { AsyncResource } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Socket } from 'socket.io';
import { Deadlines } from '../deadlines.js';
import { connectError, isStoreUnavailable, notFoundError, type SessionError } from '../errors.js';
import type { ReadResult } from '../session/snapshot.js';
import { authorize, type Refusal } from './authorization.js';
import { bufferEvents } from './event-buffer.js';
import type { ListenerCalls } from './listener-calls.js';
import type { Listener } from './listener-links.js';
import { forgetRecovered, type Membership, preventRecovery } from './membership.js';
import { sessionRoomsOf } from './session-rooms.js';
import type { SocketContext } from './socket-context.js';
import type { SocketReader } from './socket-reader.js';

/** The listeners of one wrapper. A namespace made from a pattern may have two wrappers. */
export interface NamespaceListeners {
  readonly authorizations: Listener[];
  readonly connectionListeners: Listener[];
  readonly isClosed: boolean;
}

/** What an admission works with, all of the same socket. */
interface AdmissionDependencies {
  readonly reader: SocketReader;
  readonly membership: Membership;
  readonly calls: ListenerCalls;
}

/** How often a connection that waits for the store reads it again, in milliseconds. */
const retryInterval = 1_000;

/** The longest interval of a connection that has been announced: there may be thousands of them. */
const longestRetryInterval = 10_000;

/** The admission of one connection. */
export class Admission {
  readonly #context: SocketContext;
  readonly #reader: SocketReader;
  readonly #membership: Membership;
  readonly #calls: ListenerCalls;
  /** The read for the `connection` listeners, kept until they have been called. */
  #initialRead: ReadResult | undefined;
  /** The wrappers that wait for a late announcement. */
  #late: NamespaceListeners[] | undefined;
  /** The tasks that wait for the admission. */
  #deferred: (() => void)[] | undefined;

  constructor(context: SocketContext, { reader, membership, calls }: AdmissionDependencies) {
    this.#context = context;
    this.#reader = reader;
    this.#membership = membership;
    this.#calls = calls;
  }

  /** Calls the `authorization` listeners, and reads the session for the `connection` listeners. */
  async admit({ authorizations, isClosed }: NamespaceListeners): Promise<Refusal | undefined> {
    const listeners = [...authorizations];
    if (isClosed) return listeners.length > 0 ? connectError('ERR_SESSION_REFUSED') : undefined;
    if (listeners.length > 0) {
      const refusal = await this.#authorize(listeners);
      if (refusal) return refusal;
      // The `connection` listeners get the session as it is after the last of them.
      this.#initialRead = undefined;
    }
    this.#initialRead ??= await this.#read();
    return this.#hasLostItsSession ? this.#refuseRecovery() : undefined;
  }

  /** Refuses a recovered connection without its session. It may return as another connection. */
  #refuseRecovery(): Refusal {
    const { raw } = this.#context;
    preventRecovery(raw);
    if (this.#reader.returnsAfter(this.#roomsBefore)) raw.conn.close();
    return connectError('ERR_SESSION_NOT_FOUND');
  }

  async #authorize(listeners: readonly Listener[]): Promise<Refusal | undefined> {
    const context = this.#context;
    const deadlines = new Deadlines(context.options.storeTimeout);
    const result = await this.#reader.read();
    return authorize(listeners, { context, calls: this.#calls, result, deadlines });
  }

  /** Reads the session. A visitor's new one is stored first, now that the client is authorized. */
  async #read(): Promise<ReadResult> {
    const result = await this.#reader.read();
    if (!result.snapshot?.isNew) return result;
    try {
      await this.#reader.storeNewSession();
    } catch (error) {
      return { error: error as SessionError };
    }
    return this.#reader.read();
  }

  /** Announces the connection, now or later. Called when Socket.IO emits `connection`. */
  connected(wrapper: NamespaceListeners): void {
    forgetRecovered(this.#context.raw);
    if (this.#initialRead === undefined || this.#mustWait) {
      this.#announceLate(wrapper);
      return;
    }
    this.#announce(wrapper);
    // All wrappers of the namespace are called in this turn. What was read may be large, so it is
    // released afterwards.
    queueMicrotask(() => {
      this.#initialRead = undefined;
    });
  }

  /** Whether the socket was recovered, and is not admitted yet. */
  get isPending(): boolean {
    return this.#late !== undefined && this.#context.raw.recovered;
  }

  /** Runs a task when the admission is over, in the asynchronous context of this call. */
  defer(task: () => void): void {
    this.#deferred ??= [];
    this.#deferred.push(AsyncResource.bind(task));
  }

  /** Whether a recovered connection no longer has the session that it had before. */
  get #hasLostItsSession(): boolean {
    const before = this.#roomsBefore;
    if (before.length === 0) return false;
    if (!before.some((room) => this.#reader.hasSession(room))) return true;
    const { snapshot, error } = this.#initialRead ?? {};
    return snapshot === undefined && !isStoreUnavailable(error?.code);
  }

  /** Whether the announcement has to wait, because the store is down. */
  get #mustWait(): boolean {
    if (!isStoreUnavailable(this.#initialRead?.error?.code)) return false;
    // With `autoErrManager` the listeners cannot be called without a session; and whether the session
    // of a recovered connection has ended is known only once the store is back.
    return this.#context.options.autoErrManager || this.#roomsBefore.length > 0;
  }

  get #roomsBefore(): readonly string[] {
    const { raw } = this.#context;
    return raw.recovered ? sessionRoomsOf(raw) : [];
  }

  #announce(wrapper: NamespaceListeners): void {
    const { snapshot, error } = this.#initialRead ?? {};
    // The session may have ended while other middlewares ran.
    const hasEnded = snapshot !== undefined && !this.#membership.join(snapshot);
    if (hasEnded) this.#initialRead = { error: notFoundError() };
    if (this.#initialRead === undefined) return;
    if (isStoreUnavailable(error?.code)) {
      this.#joinLater(wrapper).catch((failure) => this.#context.report(failure, 'connection'));
    }
    for (const listener of [...wrapper.connectionListeners]) {
      this.#calls.deliver('connection', listener, this.#initialRead, [this.#context.socket]);
    }
  }

  /** Adds a socket that was announced without its session to the session once the store is back. */
  async #joinLater(wrapper: NamespaceListeners): Promise<void> {
    const isOver = (): boolean =>
      !this.#context.raw.connected || this.#membership.session !== undefined || wrapper.isClosed;
    for (let pause = retryInterval; ; pause = Math.min(longestRetryInterval, pause * 2)) {
      await new Promise((resolve) => void setTimeout(resolve, pause).unref());
      if (isOver()) return;
      const { snapshot, error } = await this.#read();
      if (isStoreUnavailable(error?.code)) continue;
      if (snapshot && !isOver()) this.#membership.join(snapshot);
      return;
    }
  }

  /** Admits and announces the connection later, once for all wrappers. */
  #announceLate(wrapper: NamespaceListeners): void {
    if (this.#late) {
      this.#late.push(wrapper);
      return;
    }
    const wrappers = [wrapper];
    this.#late = wrappers;
    const { raw } = this.#context;
    // Socket.IO has called no middleware: the connection was recovered, or its namespace was wrapped
    // while the middlewares were running. Its client may send events at once.
    const isUnadmitted = raw.recovered || this.#initialRead === undefined;
    const release = isUnadmitted ? bufferEvents(raw, this.#context.options.maxPending) : () => {};
    const end = (): void => {
      this.#late = undefined;
      this.#initialRead = undefined;
      release();
      for (const task of this.#deferred ?? []) process.nextTick(task);
      this.#deferred = undefined;
    };
    // All wrappers of the namespace are called in this turn.
    queueMicrotask(() => {
      this.#admitAndAnnounce(wrappers).then(end, end);
    });
  }

  async #admitAndAnnounce(wrappers: readonly NamespaceListeners[]): Promise<void> {
    const { raw } = this.#context;
    const refusal = this.#initialRead ? undefined : await this.#admitToAll(wrappers);
    if (refusal) return disconnect(raw, refusal);
    if (this.#mustWait && !this.#hasLostItsSession) await this.#waitForStore(wrappers);
    if (this.#hasLostItsSession) return disconnect(raw, this.#refuseRecovery());
    if (!raw.connected) return;
    for (const wrapper of wrappers) if (!wrapper.isClosed) this.#announce(wrapper);
  }

  async #admitToAll(wrappers: readonly NamespaceListeners[]): Promise<Refusal | undefined> {
    for (const wrapper of wrappers) {
      const refusal = await this.admit(wrapper);
      if (refusal) return refusal;
    }
    return undefined;
  }

  async #waitForStore(wrappers: readonly NamespaceListeners[]): Promise<void> {
    const { error } = this.#initialRead ?? {};
    if (error) this.#context.reportUnlessExpected(error, 'connection');
    const isOver = (): boolean =>
      !this.#context.raw.connected || wrappers.every(({ isClosed }) => isClosed);
    while (this.#mustWait && !isOver()) {
      await delay(retryInterval, undefined, { ref: false });
      this.#initialRead = await this.#read();
    }
  }
}

/** Disconnects a client that Socket.IO has connected. If only the store is down, it may reconnect. */
function disconnect(raw: Socket, { data }: Refusal): void {
  if (isStoreUnavailable(data?.code)) raw.conn.close();
  else raw.disconnect();
}
