/**
 * @module The baselines of the sessions of HTTP requests: what each was when it was loaded or saved last.
 * A request writes only what differs from it.
 */

import { changesBetween, recordOf, type SessionRecord, withChanges } from './record.js';

interface Baseline {
  readonly sessionId: string;
  readonly record: SessionRecord;
}

/** The baselines, kept as long as the sessions. */
export class RequestBaselines {
  readonly #baselines = new WeakMap<object, Baseline>();

  /** The baseline of a session; undefined if it is new. */
  of(session: object, sessionId: string): SessionRecord | undefined {
    const baseline = this.#baselines.get(session);
    return baseline?.sessionId === sessionId ? baseline.record : undefined;
  }

  /** Sets the baseline of a session that is now as it is stored. */
  set(session: object, sessionId: string, record: SessionRecord): void {
    this.#baselines.set(session, { sessionId, record });
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
    { before, after }: { readonly before: SessionRecord; readonly after: SessionRecord },
  ): void {
    const record = this.of(session, sessionId) ?? before;
    this.set(session, sessionId, withChanges(record, changesBetween(after, before)));
  }
}
