/**
 * @module A socket's place among those of its session. Knows when it takes it and when it loses it;
 * must not know what the session is read for.
 */

import type { Socket } from 'socket.io';
import type { ResolvedOptions } from '../options.js';
import type { Activity, Use } from '../session/activity.js';
import type { Lifetime } from '../session/lifetime.js';
import type { LiveSession, Member } from '../session/live-session.js';
import type { SessionEndReason } from '../types.js';
import type { Delivery } from './delivery.js';
import { part } from './end-of-session.js';
import type { RoomWatch, RoomWatcher } from './room-watch.js';
import { isRecoverable, preventRecovery } from './session-room.js';

/** What the memberships of one `ExpressionSocket` share. */
export interface MembershipServices {
  readonly lifetime: Lifetime;
  readonly activity: Pick<Activity, 'use'>;
  readonly roomWatch: RoomWatch;
  readonly onSessionEnd: ResolvedOptions['onSessionEnd'];
}

/** Whom the application hears from. */
export interface Teller {
  /** Tells the application that the session has ended. */
  tellEnd(reason: SessionEndReason): void;
}

/** One socket's part in its session. */
export class Membership implements Member, RoomWatcher {
  /** The listener that is ending the session itself, if any. */
  leaving: Delivery | undefined;
  readonly #raw: Socket;
  readonly #services: MembershipServices;
  readonly #teller: Teller;
  #session: LiveSession | undefined;
  #isParting = false;

  constructor(raw: Socket, services: MembershipServices, teller: Teller) {
    this.#raw = raw;
    this.#services = services;
    this.#teller = teller;
  }

  /** Whether the socket goes with a session. */
  get isJoined(): boolean {
    return this.#session !== undefined;
  }

  /** Whether the end of the session puts the socket out: soon, where the store has it no more. */
  get isPutOut(): boolean {
    return this.#services.onSessionEnd === 'disconnect' && (this.isJoined || this.#isParting);
  }

  get isGone(): boolean {
    return !this.#raw.connected;
  }

  /**
   * The socket goes with its session from now on.
   *
   * @param reading the record, and when its read was asked for
   * @returns whether the session is still alive; if not, the socket is parting with it
   */
  join(sessionId: string, { record, since }: Use): boolean {
    if (this.isGone || this.#session) return true;
    // One that is on its way out does not come in again, though `end()` left the session to others.
    if (this.isPutOut) return false;
    const reason = this.#services.lifetime.endSince(sessionId, since);
    if (reason) {
      // Not twice, where several events were read before it ended.
      if (!this.#isParting) this.end(reason);
      return false;
    }
    this.#isParting = false;
    this.#session = this.#services.lifetime.join(sessionId, this, record);
    this.#services.roomWatch.watch(this.#raw, this);
    this.#enterRoom();
    return true;
  }

  /** The session is used. */
  use(reading: Use, failed: (error: unknown) => void): void {
    if (this.#session) this.#services.activity.use(this.#session, reading, failed);
  }

  end(reason: SessionEndReason): void {
    this.leave();
    this.#isParting = true;
    if (reason === 'regenerated') preventRecovery(this.#raw);
    void part({
      raw: this.#raw,
      reason,
      onSessionEnd: this.#services.onSessionEnd,
      listener: this.leaving?.result,
      tell: () => this.#teller.tellEnd(reason),
    });
  }

  /** Gives its place up. */
  leave(): void {
    if (this.#session) this.#services.lifetime.leave(this.#session, this);
    this.#session = undefined;
    this.#services.roomWatch.forget(this.#raw);
  }

  /** A socket that goes leaves its rooms first. */
  left(room: string): void {
    if (room !== this.#raw.id && room !== this.#session?.mark) return;
    queueMicrotask(() => {
      if (this.isGone) this.leave();
      else this.#enterRoom();
    });
  }

  /** Recovery brings the room back, and so tells which session the connection had. */
  #enterRoom(): void {
    if (this.#session && isRecoverable(this.#raw)) void this.#raw.join(this.#session.mark);
  }
}
