/**
 * @module How a connection gets in: its session is read, `authorization` is asked, and then the
 * `connection` listeners are called. Socket.IO skips its middlewares after connection state recovery,
 * and the store may be down: then a connection is announced later than Socket.IO announces it.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { Socket } from 'socket.io';
import { Deadlines } from '../deadlines.js';
import { connectError, isStoreTrouble, SessionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { ReadResult, Snapshot } from '../session/snapshot.js';
import { notFound } from '../session/store-calls.js';
import { authorize, type Refusal } from './authorization.js';
import { holdEvents } from './event-hold.js';
import type { EventName, Listener } from './listener-links.js';
import { sessionRoomOf } from './membership.js';

/** What a wrapper of a namespace has for connections: a child of a pattern may have two wrappers. */
export interface Entrance {
  readonly authorizations: Listener[];
  readonly connectionListeners: Listener[];
  isClosed: boolean;
}

/** The socket that wants to get in. */
export interface Applicant {
  readonly raw: Socket;
  /** The prototyped socket. */
  readonly socket: Socket;
  read(): Promise<ReadResult>;
  /** Joins its session; tells whether that is still alive. */
  join(snapshot: Snapshot): boolean;
  /** Whether the socket came with the session of this hash. */
  hasSession(hash: string): boolean;
  deliver(event: EventName, listener: Listener, result: ReadResult, args: readonly unknown[]): void;
  authorizationArguments(result: ReadResult): readonly unknown[] | SessionError;
  reportTrouble(error: SessionError, event: EventName): void;
  listenerFailed(
    error: unknown,
    context: { readonly event: EventName; readonly hasSession: boolean },
  ): void;
  refused(error: SessionError, event: EventName): void;
  /** Stores a visitor's new session, where express-session would do so. */
  storeGuest(): Promise<void>;
  report(error: unknown, event: EventName): void;
}

/** How long a connection waits before it asks again a store that was down, in milliseconds. */
const retryInterval = 1_000;

/** One connection's way in. */
export class Admission {
  readonly #applicant: Applicant;
  readonly #options: Pick<ResolvedOptions, 'autoErrManager' | 'maxPending' | 'storeTimeout'>;
  /** What the `connection` listeners are given: from the middleware until they have been called. */
  #initialRead: ReadResult | undefined;
  /** The entrances that announce the connection later. */
  #late: Entrance[] | undefined;

  constructor(
    applicant: Applicant,
    options: Pick<ResolvedOptions, 'autoErrManager' | 'maxPending' | 'storeTimeout'>,
  ) {
    this.#applicant = applicant;
    this.#options = options;
  }

  /** Asks the `authorization` listeners, and reads the session for the `connection` listeners. */
  async admit({ authorizations, isClosed }: Entrance): Promise<Refusal | undefined> {
    const listeners = [...authorizations];
    if (isClosed) return listeners.length > 0 ? connectError('ERR_SESSION_REFUSED') : undefined;
    if (listeners.length > 0) {
      const refusal = await this.#authorize(listeners);
      if (refusal) return refusal;
      this.#initialRead = undefined;
    }
    this.#initialRead ??= await this.#readForConnection();
    return this.#hasLostItsSession ? connectError('ERR_SESSION_NOT_FOUND') : undefined;
  }

  /** Nothing is stored for a client before it may come in. */
  async #readForConnection(): Promise<ReadResult> {
    const result = await this.#applicant.read();
    if (!result.snapshot?.isNew) return result;
    try {
      await this.#applicant.storeGuest();
    } catch (error) {
      return { error: error as SessionError };
    }
    return this.#applicant.read();
  }

  /** Socket.IO announces the connection. */
  connected(entrance: Entrance): void {
    if (this.#initialRead === undefined || this.#mustWait) {
      this.#announceLate(entrance);
      return;
    }
    this.#announce(entrance);
    // Every wrapper of the namespace is told of the connection in this turn; then what was read may
    // go, for it may be large.
    queueMicrotask(() => {
      this.#initialRead = undefined;
    });
  }

  /** Whether a connection that Socket.IO recovered came back without the session that it had. */
  get #hasLostItsSession(): boolean {
    const before = this.#roomBefore;
    if (before === undefined) return false;
    if (!this.#applicant.hasSession(before)) return true;
    const { snapshot, error } = this.#initialRead ?? {};
    return snapshot === undefined && !isStoreTrouble(error?.code);
  }

  /** Whether nobody may be told of the connection yet, because the store is down. */
  get #mustWait(): boolean {
    if (!isStoreTrouble(this.#initialRead?.error?.code)) return false;
    // With `autoErrManager` nobody else would call the listeners once the store is back; and of a
    // recovered connection nobody else would find out whether its session has ended meanwhile.
    return this.#options.autoErrManager || this.#roomBefore !== undefined;
  }

  get #roomBefore(): string | undefined {
    const { raw } = this.#applicant;
    return raw.recovered ? sessionRoomOf(raw) : undefined;
  }

  #announce({ connectionListeners }: Entrance): void {
    const { snapshot } = this.#initialRead ?? {};
    // It may have ended while other middlewares were at work.
    if (snapshot && !this.#applicant.join(snapshot)) this.#initialRead = { error: notFound() };
    if (this.#initialRead === undefined) return;
    for (const listener of [...connectionListeners]) {
      this.#applicant.deliver('connection', listener, this.#initialRead, [this.#applicant.socket]);
    }
  }

  /** Admits and announces the connection together with other entrances. */
  #announceLate(entrance: Entrance): void {
    if (this.#late) {
      this.#late.push(entrance);
      return;
    }
    const entrances = [entrance];
    this.#late = entrances;
    const { raw } = this.#applicant;
    // Only of a recovered one: the middlewares of the others have been called.
    const letGo = raw.recovered ? holdEvents(raw, this.#options.maxPending) : () => {};
    const end = (): void => {
      this.#late = undefined;
      this.#initialRead = undefined;
      letGo();
    };
    // By then every wrapper has been told of the connection, which happens in one turn.
    queueMicrotask(() => {
      this.#admitAndAnnounce(entrances).then(end, end);
    });
  }

  async #admitAndAnnounce(entrances: readonly Entrance[]): Promise<void> {
    const { raw } = this.#applicant;
    const refusal = this.#initialRead ? undefined : await this.#admitToAll(entrances);
    if (refusal) return disconnect(this.#applicant, refusal);
    if (this.#mustWait && !this.#hasLostItsSession) await this.#waitForStore(entrances);
    if (this.#hasLostItsSession) {
      return disconnect(this.#applicant, connectError('ERR_SESSION_NOT_FOUND'));
    }
    if (!raw.connected) return;
    for (const entrance of entrances) if (!entrance.isClosed) this.#announce(entrance);
  }

  async #admitToAll(entrances: readonly Entrance[]): Promise<Refusal | undefined> {
    for (const entrance of entrances) {
      const refusal = await this.admit(entrance);
      if (refusal) return refusal;
    }
    return undefined;
  }

  async #waitForStore(entrances: readonly Entrance[]): Promise<void> {
    const { error } = this.#initialRead ?? {};
    if (error) this.#applicant.reportTrouble(error, 'connection');
    const isOver = (): boolean =>
      !this.#applicant.raw.connected || entrances.every(({ isClosed }) => isClosed);
    while (this.#mustWait && !isOver()) {
      await delay(retryInterval, undefined, { ref: false });
      this.#initialRead = await this.#applicant.read();
    }
  }

  async #authorize(listeners: readonly Listener[]): Promise<Refusal | undefined> {
    const event = 'authorization';
    const applicant = this.#applicant;
    const result = await applicant.read();
    const hasSession = result.snapshot !== undefined;
    const deadlines = new Deadlines(this.#options.storeTimeout);
    for (const listener of listeners) {
      const leading = applicant.authorizationArguments(result);
      if (leading instanceof SessionError) {
        applicant.reportTrouble(leading, event);
        return connectError(leading.code);
      }
      const refusal = await authorize(
        {
          ask: (answer) => listener(...leading, applicant.raw.handshake, answer),
          failed: (error) => applicant.listenerFailed(error, { event, hasSession }),
          late: (error) => applicant.report(error, event),
        },
        deadlines,
      );
      if (refusal) {
        applicant.refused(refusedByListener(), event);
        return refusal;
      }
    }
    return undefined;
  }
}

function refusedByListener(): SessionError {
  return new SessionError('ERR_SESSION_REFUSED', 'An `authorization` listener refused the client');
}

/** Disconnects a client that Socket.IO has let in. Where only the store is down, it may come back. */
function disconnect({ raw }: Applicant, { data }: Refusal): void {
  if (isStoreTrouble(data?.code)) raw.conn.close();
  else raw.disconnect();
}
