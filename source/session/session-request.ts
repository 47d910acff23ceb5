/**
 * @module Stands where an HTTP request stands in `express-session`: behind a session.
 */

import type { SessionChange } from '../types.js';
import type { SessionRecord } from './record.js';
import type { SessionHolder } from './session-maker.js';

/** Whoever was given a session. */
export interface SessionOwner {
  /** Told of a save, update, reload or destroy that failed while nobody listened. */
  report(error: unknown): void;
  /** Told that it is ending its session itself. */
  leaves(): void;
}

type Callback = (error?: unknown) => void;

/** What the methods of a session call. */
export interface SessionBackend {
  set(sessionId: string, session: OpenSession, callback: Callback): void;
  destroy(sessionId: string, callback: Callback): void;
  regenerate(request: object, callback: Callback): void;
  reload(session: OpenSession, callback: Callback): void;
  update(session: OpenSession, change: SessionChange<unknown>): Promise<unknown>;
}

/** What `session.req` is in a socket. */
export class SessionRequest implements SessionHolder {
  readonly sessionID: string;
  readonly sessionStore: SessionBackend;
  readonly owner: SessionOwner;
  /** What the session was made of, or is being saved as: what differs from it is a change of the owner's. */
  record: SessionRecord;
  /** The keys that a save could not write: the next one writes them as well. */
  readonly unwritten: Set<string> = new Set();
  /** Whether the session is that of an update under way. */
  isUpdating = false;
  session?: object;

  constructor(
    sessionId: string,
    { guard, owner, record }: { guard: SessionBackend; owner: SessionOwner; record: SessionRecord },
  ) {
    this.sessionID = sessionId;
    this.sessionStore = guard;
    this.owner = owner;
    this.record = record;
  }
}

/** A session that was opened: `Session` of `express-session` has the request that it was made with. */
export interface OpenSession {
  readonly req: SessionRequest;
  [key: string]: unknown;
}
