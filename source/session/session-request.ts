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

/** Every event makes a request, and hardly any has a save that fails: they share this one. */
const none: ReadonlySet<string> = new Set();

/** What `session.req` is in a socket. */
export class SessionRequest implements SessionHolder {
  readonly sessionID: string;
  readonly sessionStore: SessionBackend;
  readonly owner: SessionOwner;
  /** What the session was made of, or is being saved as: what differs from it is a change of the owner's. */
  record: SessionRecord;
  /** The keys that a save could not write: the next one writes them as well. */
  unwritten: ReadonlySet<string> = none;
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

  /** Takes down which keys were written, and which could not be. */
  settle(keys: Iterable<string>, isWritten: boolean): void {
    const unwritten = new Set(this.unwritten);
    for (const key of keys) {
      if (isWritten) unwritten.delete(key);
      else unwritten.add(key);
    }
    this.unwritten = unwritten.size > 0 ? unwritten : none;
  }
}

/** A session that was opened: `Session` of `express-session` has the request that it was made with. */
export interface OpenSession {
  readonly req: SessionRequest;
  [key: string]: unknown;
}
