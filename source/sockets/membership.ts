/**
 * @module A socket's place among those of its session: in the index of live sessions, which tells it
 * of the end, and in the session's room, which messages are addressed to and recovery brings back.
 */

import { randomUUID } from 'node:crypto';
import type { Socket } from 'socket.io';
import type { ResolvedOptions } from '../options.js';
import type { SessionEngine } from '../session/engine.js';
import type { LiveSession, Member } from '../session/live-session.js';
import { isSessionHash } from '../session/session-hash.js';
import type { Snapshot } from '../session/snapshot.js';
import type { SessionEndReason } from '../types.js';
import type { LeaveRoomListener, RoomMember } from './leave-room-listener.js';
import { endSession } from './session-end.js';

/** What the memberships of one `ExpressionSocket` share. */
export interface MembershipDependencies {
  readonly engine: Pick<SessionEngine, 'join' | 'leave' | 'use'>;
  readonly leaveRoomListener: LeaveRoomListener;
  readonly onSessionEnd: ResolvedOptions['onSessionEnd'];
}

/** The socket that belongs to a session. */
export interface MembershipOwner {
  /** What the listener returned that is ending the session itself, if any. */
  readonly endingResult: unknown;
  /** Emits `sessionend`. */
  notifyEnd(reason: SessionEndReason): void;
  report(error: unknown, event: string): void;
}

/** One socket's part in its session. */
export class Membership implements Member, RoomMember {
  readonly #raw: Socket;
  readonly #dependencies: MembershipDependencies;
  readonly #owner: MembershipOwner;
  #session: LiveSession | undefined;
  #isEnding = false;

  constructor(raw: Socket, dependencies: MembershipDependencies, owner: MembershipOwner) {
    this.#raw = raw;
    this.#dependencies = dependencies;
    this.#owner = owner;
  }

  /** Whether the socket belongs to a session. */
  get isJoined(): boolean {
    return this.#session !== undefined;
  }

  /** Whether the end of the session disconnects the socket: soon, where the store has none. */
  get endsWithSession(): boolean {
    const { onSessionEnd } = this.#dependencies;
    return onSessionEnd === 'disconnect' && (this.isJoined || this.#isEnding);
  }

  get isGone(): boolean {
    return !this.#raw.connected;
  }

  /**
   * The socket belongs to its session from now on.
   *
   * @returns whether the session is still alive; if not, the socket ends with it
   */
  join(sessionId: string, snapshot: Snapshot): boolean {
    if (this.isGone || this.#session) return true;
    // A socket that is being disconnected does not join again, though `end()` keeps the session.
    if (this.endsWithSession) return false;
    const session = this.#dependencies.engine.join(sessionId, this, snapshot);
    if (typeof session === 'string') {
      // Once, where several events were read before it ended.
      if (!this.#isEnding) void this.end(session);
      return false;
    }
    this.#isEnding = false;
    this.#session = session;
    this.#dependencies.leaveRoomListener.add(this.#raw, this);
    this.#enterRoom();
    return true;
  }

  /** The session is used by an event of the client. */
  use(snapshot: Snapshot, event: string): void {
    if (this.#session === undefined) return;
    this.#dependencies.engine
      .use(this.#session, snapshot)
      ?.catch((error) => this.#owner.report(error, event));
  }

  end(reason: SessionEndReason): Promise<void> {
    this.leave();
    this.#isEnding = true;
    if (reason === 'regenerated') preventRecovery(this.#raw);
    return endSession({
      raw: this.#raw,
      reason,
      onSessionEnd: this.#dependencies.onSessionEnd,
      listenerResult: this.#owner.endingResult,
      notify: () => this.#owner.notifyEnd(reason),
    });
  }

  /** Gives its place up. */
  leave(): void {
    if (this.#session) this.#dependencies.engine.leave(this.#session, this);
    this.#session = undefined;
  }

  /** A socket that disconnects leaves its rooms first; the application may leave any room. */
  leftRoom(room: string): void {
    if (room !== this.#raw.id && room !== this.#session?.hash) return;
    queueMicrotask(() => {
      if (this.isGone) this.leave();
      else this.#enterRoom();
    });
  }

  #enterRoom(): void {
    if (this.#session === undefined) return;
    const joined = this.#raw.join(this.#session.hash);
    Promise.resolve(joined).catch((error) => this.#owner.report(error, 'connection'));
  }
}

/** The session's room that a socket is in, if any. */
export function sessionRoomOf(raw: Socket): string | undefined {
  return [...raw.rooms].find(isSessionHash);
}

/**
 * Keeps a connection from being recovered: after a login the client comes back with another session,
 * and would be disconnected with the one that the connection had.
 */
function preventRecovery(raw: Socket): void {
  // Socket.IO keeps the state by this private id, and the client asks for it by the one it was given.
  if (Reflect.get(raw, 'pid') !== undefined) Reflect.set(raw, 'pid', randomUUID());
}
