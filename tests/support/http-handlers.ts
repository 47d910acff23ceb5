/**
 * @module The session of an HTTP handler, without a server: loaded as `express-session` loads it.
 */

import { EventEmitter } from 'node:events';
import type { Session, SessionData, Store } from 'express-session';

/** What a handler has. */
export interface Handler {
  readonly session: Session & SessionData;
  /** It emits `close` when it has ended. */
  readonly response: EventEmitter;
}

/** Loads the session of a request; undefined if the store has none. It waits as long as the store does. */
export async function loadOverHttp(store: Store, sessionId: string): Promise<Handler | undefined> {
  const record = await new Promise<SessionData | null | undefined>((resolve) =>
    store.get(sessionId, (_error, found) => resolve(found)),
  );
  if (!record) return undefined;
  const response = Object.assign(new EventEmitter(), { writableEnded: false });
  const request = { sessionID: sessionId, sessionStore: store, res: response };
  // It has all that `express-session` and the library look at.
  return { session: store.createSession(request as never, record), response };
}
