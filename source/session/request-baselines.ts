/**
 * @module The baselines of the sessions of HTTP requests: what each was when it was loaded or saved last.
 * A request writes only what differs from it.
 */

import { changesBetween, recordOf, type SessionRecord, withChanges } from './record.js';

/** A session that express-session made for a handshake. */
export interface NewRequestSession {
  readonly sessionId: string;
  readonly session: object;
  /** Whether the store may still lack it. */
  readonly isNew: boolean;
}

interface Baseline {
  readonly sessionId: string;
  readonly record: SessionRecord;
  readonly newSession?: NewRequestSession | undefined;
}

/** The baselines, kept as long as the sessions. */
export class RequestBaselines {
  readonly #baselines = new WeakMap<object, Baseline>();

  /** The baseline of a session; undefined if it is new, and was not adopted. */
  of(session: object, sessionId: string): SessionRecord | undefined {
    const baseline = this.#baselines.get(session);
    return baseline?.sessionId === sessionId ? baseline.record : undefined;
  }

  /** Whether a request's session is new: the store cannot have loaded anything in its place. */
  isNew(session: unknown, sessionId: string): boolean {
    if (typeof session !== 'object' || session === null) return false;
    return Reflect.get(session, 'id') === sessionId && !this.#baselines.has(session);
  }

  /** A session that was adopted, as long as its request has not stored it. */
  newSessionOf(session: object): NewRequestSession | undefined {
    return this.#baselines.get(session)?.newSession;
  }

  /** Sets the baseline of a session that is now as it is stored. */
  set(session: object, sessionId: string, record: SessionRecord): void {
    this.#baselines.set(session, { sessionId, record });
  }

  /** Sets the baseline of a new session, which sockets may store before its request does. */
  adopt(newSession: NewRequestSession): void {
    const { session, sessionId } = newSession;
    if (this.of(session, sessionId)) return;
    this.#baselines.set(session, { sessionId, record: recordOf(session), newSession });
  }

  /** A session was loaded. */
  load(session: object, sessionId: string): void {
    try {
      this.set(session, sessionId, recordOf(session));
    } catch {
      // A session that cannot be copied is written whole, as without this library.
    }
  }

  /** A save failed, so its changes are still to be saved. */
  takeBack(
    session: object,
    sessionId: string,
    {
      before,
      after,
      newSession,
    }: {
      readonly before: SessionRecord;
      readonly after: SessionRecord;
      readonly newSession: NewRequestSession | undefined;
    },
  ): void {
    const known = this.of(session, sessionId) ?? before;
    const record = withChanges(known, changesBetween(after, before));
    this.#baselines.set(session, { sessionId, record, newSession });
  }
}
