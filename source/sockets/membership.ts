/**
 * @module The membership of a socket in its session: in the index of live sessions, which notifies it
 * of the end, and in the session's room, to which messages are sent and which recovery restores.
 */

import { randomUUID } from 'node:crypto';
import type { Socket } from 'socket.io';
import type { ResolvedOptions } from '../options.js';
import type { SessionEngine } from '../session/engine.js';
import type { LiveSession, Member } from '../session/live-session.js';
import { isSessionHash } from '../session/session-hash.js';
import type { Snapshot } from '../session/snapshot.js';
import type { SessionEndReason } from '../types/session.js';
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
  /** The result of the listener that is ending the session, if one of this socket is. */
  readonly endingResult: unknown;
  /** Emits `sessionend`. */
  notifyEnd(reason: SessionEndReason): void;
  report(error: unknown, event: string): void;
}

/** The membership of one socket. */
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

  /** Whether the end of the session disconnects the socket. */
  get endsWithSession(): boolean {
    const { onSessionEnd } = this.#dependencies;
    return onSessionEnd === 'disconnect' && (this.isJoined || this.#isEnding);
  }

  get isGone(): boolean {
    return !this.#raw.connected;
  }

  /**
   * Adds the socket to its session.
   *
   * @returns whether the session is still alive; if not, the socket ends with it
   */
  join(sessionId: string, snapshot: Snapshot): boolean {
    if (this.isGone || this.#session) return true;
    // A socket that is being disconnected does not join again, though `end()` keeps the session.
    if (this.endsWithSession) return false;
    const session = this.#dependencies.engine.join(sessionId, this, snapshot);
    if (typeof session === 'string') {
      // Once, even if several events were read before the session ended.
      if (!this.#isEnding) void this.end(session);
      return false;
    }
    this.#isEnding = false;
    this.#session = session;
    this.#dependencies.leaveRoomListener.add(this.#raw, this);
    this.#enterRoom();
    return true;
  }

  /** An event of the client uses the session, which may touch it. */
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

  /** Removes the socket from its session. */
  leave(): void {
    if (this.#session) this.#dependencies.engine.leave(this.#session, this);
    this.#session = undefined;
  }

  /** A socket leaves its rooms before it is disconnected; the application may also leave any room. */
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
    // Adapters of one process join at once.
    joined?.catch((error: unknown) => this.#owner.report(error, 'connection'));
  }
}

/** The room of the session that a socket is in, if any. */
export function sessionRoomOf(raw: Socket): string | undefined {
  return [...raw.rooms].find(isSessionHash);
}

/**
 * Prevents recovery of a connection: after a login the client reconnects with a new session, and
 * would be disconnected for the old one that recovery restores.
 */
function preventRecovery(raw: Socket): void {
  // Socket.IO stores the state under this private id; the client asks for it by the id it was sent.
  if (Reflect.get(raw, 'pid') !== undefined) Reflect.set(raw, 'pid', randomUUID());
}
