/**
 * @module Passes on what others do with the store, so that the sessions of this process follow: HTTP
 * handlers, jobs, and the store's own `get`.
 */

import { SessionError } from '../errors.js';
import type { SessionEndReason } from '../types/session.js';
import type { RequestSave, WriteObserver } from './http-writes.js';
import type { LiveSessions } from './live-sessions.js';
import type { LogoutObserver } from './logouts.js';
import type { SessionReader } from './reader.js';
import type { SessionRecord } from './record.js';
import type { StoreWrites } from './store-writes.js';
import type { Write } from './write.js';
import type { SessionWriter } from './writer.js';

/** What is notified of the events of a store. */
export interface StoreEventsDependencies {
  readonly writes: StoreWrites;
  readonly reader: SessionReader;
  readonly live: LiveSessions;
  readonly writer: SessionWriter;
  /** Whether the option `rewrite` was given. */
  readonly canRewrite: boolean;
  readonly mergeHttpWrites: boolean;
  /** Called with errors that nobody else gets. */
  readonly report: (error: unknown) => void;
}

/** Observes one store for an engine. */
export class StoreEvents implements LogoutObserver, WriteObserver {
  readonly mergesRequests: boolean;
  readonly #dependencies: StoreEventsDependencies;

  constructor(dependencies: StoreEventsDependencies) {
    this.#dependencies = dependencies;
    this.mergesRequests = dependencies.mergeHttpWrites;
  }

  /** Tracks an external write, which may erase what the library saves meanwhile. */
  issued(write: Write, session: object): (() => void) | undefined {
    const { writes, canRewrite } = this.#dependencies;
    // `rewrite` reads and writes at once, so nothing that it writes can be erased.
    if (canRewrite) return undefined;
    // It has a cookie, or the store could not write it.
    return writes.given(write, session as SessionRecord);
  }

  ending(sessionId: string, reason: SessionEndReason): void {
    // A store's `get` calls `destroy`, but never `regenerate`.
    const hasExpired = reason === 'destroyed' && this.#isRemovedByRead(sessionId);
    this.#dependencies.live.ending(sessionId, hasExpired ? 'expired' : reason);
  }

  stayed(sessionId: string): void {
    this.#dependencies.live.stayed(sessionId);
  }

  ended(sessionId: string, reason: SessionEndReason, finished: Promise<void>): void {
    this.#dependencies.live.ended(sessionId, reason, finished);
  }

  end(sessionId: string): void {
    this.#dependencies.live.end(sessionId, 'destroyed');
  }

  cleared(): void {
    this.#dependencies.live.cleared();
  }

  written(sessionId: string, session: unknown): void {
    this.#dependencies.live.written(sessionId, session);
  }

  touched(sessionId: string, session: unknown): void {
    this.#dependencies.live.touched(sessionId, session);
  }

  /** A request whose session has ended meanwhile continues without it. */
  async saveRequest(write: RequestSave): Promise<void> {
    try {
      await this.#dependencies.writer.saveRequest(write);
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      // HTTP handlers get the store's own errors, with or without this library.
      if (error.code === 'ERR_SESSION_STORE') throw error.cause ?? error;
      if (error.code !== 'ERR_SESSION_ENDED') throw error;
      this.#dependencies.report(error);
    }
  }

  /** Some stores' `get` calls their own `destroy` when it finds a session that has expired. */
  #isRemovedByRead(sessionId: string): boolean {
    const { reader, live } = this.#dependencies;
    return reader.isReading(sessionId) && live.find(sessionId)?.isOverdue === true;
  }
}
