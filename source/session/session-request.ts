/**
 * @module Stands where an HTTP request stands in `express-session`: behind a session.
 */

import type { SessionGuard } from './session-guard.js';
import type { SessionHolder } from './session-maker.js';

/** Told of a save, reload or destroy that failed while nobody listened. */
export type Report = (error: unknown) => void;

/** What `session.req` is in a socket. */
export class SessionRequest implements SessionHolder {
  readonly sessionID: string;
  readonly sessionStore: SessionGuard;
  readonly report: Report;
  session?: object;

  constructor(sessionId: string, guard: SessionGuard, report: Report) {
    this.sessionID = sessionId;
    this.sessionStore = guard;
    this.report = report;
  }
}
