/**
 * @module Admits connections: reads the session, calls the `authorization` listeners, and then the
 * `connection` listeners. After connection state recovery, for which Socket.IO skips its middlewares,
 * and while the store is down, it does so later than Socket.IO emits `connection`.
 */

import { AsyncResource } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Socket } from 'socket.io';
import { Deadlines } from '../deadlines.js';
import { connectError, isStoreUnavailable, notFoundError, type SessionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { ReadResult, Snapshot } from '../session/snapshot.js';
import { type AuthorizationOwner, authorize, type Refusal } from './authorization.js';
import type { EventName, Listener } from './listener-links.js';
import { bufferEvents } from './pending-events.js';
import { sessionRoomsOf } from './session-rooms.js';

/** The listeners of one wrapper. A namespace made from a pattern may have two wrappers. */
export interface NamespaceListeners {
  readonly authorizations: Listener[];
  readonly connectionListeners: Listener[];
  readonly isClosed: boolean;
}

/** The socket to be admitted. */
export interface AdmissionOwner extends AuthorizationOwner {
  /** The prototyped socket. */
  readonly socket: Socket;
  read(): Promise<ReadResult>;
  /** Joins its session; returns whether that is still alive. */
  join(snapshot: Snapshot): boolean;
  /** Whether the socket came with the session of this hash. */
  hasSession(hash: string): boolean;
  deliver(event: EventName, listener: Listener, result: ReadResult, args: readonly unknown[]): void;
  /** Stores a visitor's new session if express-session would do so. */
  storeNewSession(): Promise<void>;
}

/** How often a connection that waits for the store reads it again, in milliseconds. */
const retryInterval = 1_000;

/** The admission of one connection. */
export class Admission {
  readonly #owner: AdmissionOwner;
  readonly #options: Pick<ResolvedOptions, 'autoErrManager' | 'maxPending' | 'storeTimeout'>;
  /** The read for the `connection` listeners, kept until they have been called. */
  #initialRead: ReadResult | undefined;
  /** The wrappers that wait for a late announcement. */
  #late: NamespaceListeners[] | undefined;
  /** What waits for the admission. */
  #deferred: (() => void)[] | undefined;

  constructor(
    owner: AdmissionOwner,
    options: Pick<ResolvedOptions, 'autoErrManager' | 'maxPending' | 'storeTimeout'>,
  ) {
    this.#owner = owner;
    this.#options = options;
  }

  /** Calls the `authorization` listeners, and reads the session for the `connection` listeners. */
  async admit({ authorizations, isClosed }: NamespaceListeners): Promise<Refusal | undefined> {
    const listeners = [...authorizations];
    if (isClosed) return listeners.length > 0 ? connectError('ERR_SESSION_REFUSED') : undefined;
    if (listeners.length > 0) {
      const owner = this.#owner;
      const deadlines = new Deadlines(this.#options.storeTimeout);
      const refusal = await authorize(listeners, { owner, result: await owner.read(), deadlines });
      if (refusal) return refusal;
      // The `connection` listeners get the session as it is after the last of them.
      this.#initialRead = undefined;
    }
    if (this.#initialRead === undefined) {
      const result = await this.#owner.read();
      this.#initialRead = result.snapshot?.isNew ? await this.#readStored() : result;
    }
    return this.#hasLostItsSession ? connectError('ERR_SESSION_NOT_FOUND') : undefined;
  }

  /** Stores a visitor's new session only once the client is authorized. */
  async #readStored(): Promise<ReadResult> {
    try {
      await this.#owner.storeNewSession();
    } catch (error) {
      return { error: error as SessionError };
    }
    return this.#owner.read();
  }

  /** Socket.IO has emitted `connection`. */
  connected(wrapper: NamespaceListeners): void {
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
    return this.#late !== undefined && this.#owner.raw.recovered;
  }

  /** Runs a task once the socket is admitted, and never if it is refused or leaves before that. */
  defer(task: () => void): void {
    const { raw } = this.#owner;
    this.#deferred ??= [];
    this.#deferred.push(
      AsyncResource.bind(() => {
        if (raw.connected) task();
      }),
    );
    if (this.#deferred.length > this.#options.maxPending) raw.conn.close();
  }

  /** Whether a recovered connection no longer has the session that it had before. */
  get #hasLostItsSession(): boolean {
    const before = this.#roomsBefore;
    if (before.length === 0) return false;
    if (!before.some((room) => this.#owner.hasSession(room))) return true;
    const { snapshot, error } = this.#initialRead ?? {};
    return snapshot === undefined && !isStoreUnavailable(error?.code);
  }

  /** Whether the announcement has to wait, because the store is down. */
  get #mustWait(): boolean {
    if (!isStoreUnavailable(this.#initialRead?.error?.code)) return false;
    // With `autoErrManager` the listeners cannot be called without a session; and whether the session
    // of a recovered connection has ended is known only once the store is back.
    return this.#options.autoErrManager || this.#roomsBefore.length > 0;
  }

  get #roomsBefore(): readonly string[] {
    const { raw } = this.#owner;
    return raw.recovered ? sessionRoomsOf(raw) : [];
  }

  #announce({ connectionListeners }: NamespaceListeners): void {
    const { snapshot } = this.#initialRead ?? {};
    // The session may have ended while other middlewares ran.
    if (snapshot && !this.#owner.join(snapshot)) this.#initialRead = { error: notFoundError() };
    if (this.#initialRead === undefined) return;
    for (const listener of [...connectionListeners]) {
      this.#owner.deliver('connection', listener, this.#initialRead, [this.#owner.socket]);
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
    const { raw } = this.#owner;
    // Socket.IO has called no middleware: the connection was recovered, or its namespace was wrapped
    // while the middlewares were running. Its client may send events at once.
    const isUnadmitted = raw.recovered || this.#initialRead === undefined;
    const release = isUnadmitted ? bufferEvents(raw, this.#options.maxPending) : () => {};
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
    const { raw } = this.#owner;
    const refusal = this.#initialRead ? undefined : await this.#admitToAll(wrappers);
    if (refusal) return disconnect(this.#owner, refusal);
    if (this.#mustWait && !this.#hasLostItsSession) await this.#waitForStore(wrappers);
    if (this.#hasLostItsSession) {
      return disconnect(this.#owner, connectError('ERR_SESSION_NOT_FOUND'));
    }
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
    if (error) this.#owner.reportUnlessExpected(error, 'connection');
    const isOver = (): boolean =>
      !this.#owner.raw.connected || wrappers.every(({ isClosed }) => isClosed);
    while (this.#mustWait && !isOver()) {
      await delay(retryInterval, undefined, { ref: false });
      this.#initialRead = await this.#owner.read();
    }
  }
}

/** Disconnects a client that Socket.IO has connected. If only the store is down, it may reconnect. */
function disconnect({ raw }: AdmissionOwner, { data }: Refusal): void {
  if (isStoreUnavailable(data?.code)) raw.conn.close();
  else raw.disconnect();
}
