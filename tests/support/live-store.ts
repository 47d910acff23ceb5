/**
 * @module A store that keeps the very objects that it is given and returns them, as caches in front
 * of stores do.
 */

import type { SessionData } from 'express-session';
import { SlowStore } from './slow-store.js';

/** Copies nothing: what is changed in an object that it returned is changed in the store. */
export class LiveStore extends SlowStore {
  readonly sessions = new Map<string, SessionData>();

  override record(sessionId: string): SessionData | undefined {
    return this.sessions.get(sessionId);
  }

  override set(...[sessionId, session, callback]: Parameters<SlowStore['set']>): void {
    this.sessions.set(sessionId, session);
    setImmediate(() => callback?.());
  }

  override destroy(...[sessionId, callback]: Parameters<SlowStore['destroy']>): void {
    this.sessions.delete(sessionId);
    setImmediate(() => callback?.());
  }

  override touch(...[, , callback]: Parameters<SlowStore['touch']>): void {
    setImmediate(() => callback?.());
  }
}
