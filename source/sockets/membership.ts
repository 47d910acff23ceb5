/**
 * @module The membership of a socket in its session: in the index of live sessions, which notifies it
 * of the end, and in the session's room, to which messages are sent and which recovery restores.
 */

import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises';
import type { Socket } from 'socket.io';
import { isThenable } from '../assertions.js';
import type { SessionEngine } from '../session/engine.js';
import type { LiveSession, Member } from '../session/live-session.js';
import type { Snapshot } from '../session/snapshot.js';
import type { SessionEndReason } from '../types/session.js';
import type { Listener } from './listener-links.js';
import type { SocketContext } from './socket-context.js';
import type { SocketReader } from './socket-reader.js';

/** How long a socket stays connected after its session's end, in milliseconds, to answer events. */
const disconnectDelay = 250;

/** How long it stays connected at most while the listener that ended the session is running. */
const longestListenerWait = 500;

/** The membership of one socket. */
export class Membership implements Member {
  /** The call of the listener that is ending the session, if a listener of this socket is. */
  endingCall: { readonly result: unknown } | undefined;
  readonly #context: SocketContext;
  readonly #engine: SessionEngine;
  readonly #reader: Pick<SocketReader, 'sessionId' | 'newSession'>;
  #session: LiveSession | undefined;
  #isEnding = false;
  #endEvents: EventEmitter | undefined;

  constructor(context: SocketContext, reader: Pick<SocketReader, 'sessionId' | 'newSession'>) {
    this.#context = context;
    this.#engine = context.shared.engine;
    this.#reader = reader;
  }

  /** The session that the socket belongs to. */
  get session(): LiveSession | undefined {
    return this.#session;
  }

  /** The emitter of `sessionend`. It is not the raw socket, where a client could fake the event. */
  get endEvents(): EventEmitter {
    this.#endEvents ??= new EventEmitter();
    return this.#endEvents;
  }

  /** Whether the end of the session disconnects the socket. */
  get endsWithSession(): boolean {
    const { onSessionEnd } = this.#context.options;
    return onSessionEnd === 'disconnect' && (this.#session !== undefined || this.#isEnding);
  }

  get isGone(): boolean {
    return !this.#context.raw.connected;
  }

  /**
   * Adds the socket to its session, which has just been read.
   *
   * @returns whether the session is still alive; if not, the socket ends with it
   */
  join(snapshot: Snapshot): boolean {
    if (this.isGone || this.#session) return true;
    // A socket that is being disconnected does not join again. `expressionIO.end()` keeps the session.
    if (this.endsWithSession) return false;
    const session = this.#engine.join(String(this.#reader.sessionId), this, snapshot);
    if (typeof session === 'string') {
      // Once, even if several events were read before the session ended.
      if (!this.#isEnding) void this.end(session);
      return false;
    }
    this.#isEnding = false;
    this.#session = session;
    this.#context.shared.leaveRoomListener.add(this.#context.raw);
    this.#enterRoom();
    return true;
  }

  /** Removes the socket from its session. */
  leave(): void {
    if (this.#session) this.#engine.leave(this.#session, this);
    this.#session = undefined;
  }

  /**
   * Emits `sessionend`, and disconnects the socket within a second.
   *
   * What was sent before, or by the listener that ended the session, still arrives.
   */
  async end(reason: SessionEndReason): Promise<void> {
    const session = this.#session;
    this.leave();
    this.#isEnding = true;
    if (reason === 'regenerated') preventRecovery(this.#context.raw);
    const listenerResult = this.endingCall?.result;
    // Code that awaits `session.destroy()`, or the same read, continues first.
    await immediate();
    if (this.isGone) return;
    this.#reader.newSession?.markNotNew();
    this.#emitSessionEnd(reason);
    if (this.#context.options.onSessionEnd === 'ignore') return this.#leaveRoom(session);
    const listenerFinished = Promise.race([settled(listenerResult), pause(longestListenerWait)]);
    await Promise.all([pause(disconnectDelay), listenerFinished]);
    // After `disconnect()` a client does not reconnect. After a login it should, with its new cookie.
    if (reason === 'regenerated') this.#context.raw.conn.close();
    else this.#context.raw.disconnect();
  }

  /** A socket leaves its rooms before it is disconnected; the application may also leave any room. */
  leftRoom(room: string): void {
    if (room !== this.#context.raw.id && room !== this.#session?.hash) return;
    queueMicrotask(() => {
      if (this.isGone) this.leave();
      else this.#enterRoom();
    });
  }

  #enterRoom(): void {
    const { hash } = this.#session ?? {};
    if (hash !== undefined) this.#changeRooms(() => this.#context.raw.join(hash));
  }

  /** A socket that stays after its session must not be recovered as one of that session. */
  #leaveRoom(session: LiveSession | undefined): void {
    // If the socket has joined the same session again meanwhile, it enters the room again.
    if (session) this.#changeRooms(() => this.#context.raw.leave(session.hash));
  }

  #changeRooms(change: () => unknown): void {
    const failed = (error: unknown): void => this.#context.report(error, 'connection');
    try {
      // Adapters of one process are done at once; a method of another library may return anything.
      const changed = change();
      if (isThenable(changed)) changed.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  #emitSessionEnd(reason: SessionEndReason): void {
    // The raw listeners of `once` remove themselves; all of them are functions.
    const listeners = this.#endEvents?.rawListeners('sessionend') ?? [];
    for (const listener of listeners as Listener[]) {
      this.#context.call(listener, [reason], { event: 'sessionend' });
    }
  }
}

/**
 * Prevents recovery of a connection: after a login the client reconnects with a new session, and
 * would be disconnected for the old one that recovery restores.
 */
export function preventRecovery(raw: Socket): void {
  forgetRecovered(raw);
  // Socket.IO stores the state under this private id; the client asks for it by the id it was sent.
  if (Reflect.get(raw, 'pid') !== undefined) Reflect.set(raw, 'pid', randomUUID());
}

/**
 * Removes the state that a connection was recovered from. Unlike other adapters, the one in memory keeps
 * it, and would restore it again after the client was disconnected.
 */
export function forgetRecovered(raw: Socket): void {
  const states: unknown = Reflect.get(raw.nsp.adapter, 'sessions');
  if (raw.recovered && states instanceof Map) states.delete(Reflect.get(raw, 'pid'));
}

function pause(milliseconds: number): Promise<void> {
  return delay(milliseconds, undefined, { ref: false });
}

async function settled(value: unknown): Promise<void> {
  try {
    await value;
  } catch {
    // It was reported when the listener was called.
  }
}
