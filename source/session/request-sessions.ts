/**
 * @module The sessions of HTTP requests: their baselines, which are what they were when they were loaded
 * or saved last, and updates of them, which store a new session first and show their result in it.
 */

import type { Store } from 'express-session';
import { storeError } from '../store-error.js';
import type { SessionRequest } from '../types/session.js';
import { copyData } from './data.js';
import {
  changesBetween,
  plainCookie,
  type RecordChanges,
  recordOf,
  type Saved,
  type SessionRecord,
  withChanges,
} from './record.js';

type RequestSession = SessionRequest['session'];

/** The cookie of a record. */
interface StoredCookie {
  readonly expires?: string | Date | null;
  readonly originalMaxAge?: number | null;
}

interface Baseline {
  readonly sessionId: string;
  readonly record: SessionRecord;
}

/** The baselines of sessions, kept as long as the sessions. */
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

/** Updates of the sessions of requests. */
export class RequestSessions {
  readonly #store: Store;
  readonly #baselines: RequestBaselines;
  /** The new sessions that are being stored, because a second write could land after an update. */
  readonly #storing = new WeakMap<RequestSession, Promise<void>>();

  constructor(store: Store, baselines: RequestBaselines) {
    this.#store = store;
    this.#baselines = baselines;
  }

  /**
   * Gets the session of a request, and stores it first if it is new.
   *
   * @throws {TypeError} if the request has no session of this store
   */
  async stored(request: SessionRequest): Promise<RequestSession> {
    const session: unknown = Reflect.get(request, 'session');
    const { sessionID: sessionId } = request;
    if (!isSession(session) || Reflect.get(request, 'sessionStore') !== this.#store) {
      const given = isSession(session) ? 'one with a session of another store' : 'one without';
      throw new TypeError(
        `\`update\`: expected a request with a session of the store that \`ExpressionSocket\` was given, got ${given}; put \`session({ store })\` in front of the handler`,
      );
    }
    if (this.#baselines.of(session, sessionId)) return session;
    await (this.#storing.get(session) ?? this.#storeNew(session, sessionId));
    return session;
  }

  #storeNew(session: RequestSession, sessionId: string): Promise<void> {
    const storing = new Promise<void>((resolve, reject) => {
      session.save((error) => (error ? reject(storeError(error, [sessionId])) : resolve()));
    }).finally(() => this.#storing.delete(session));
    this.#storing.set(session, storing);
    return storing;
  }

  /** Shows the result of an update. Unsaved changes of the handler stay, and are saved later. */
  show(session: RequestSession, sessionId: string, { record, changes }: Saved): void {
    const before = this.#baselines.of(session, sessionId) ?? recordOf(session);
    const unsaved: RecordChanges = changesBetween(before, recordOf(session));
    const kept = new Map<string, unknown>();
    for (const key of unsaved.keys()) if (!changes.has(key)) kept.set(key, before[key]);
    for (const key of new Set([...Object.keys(session), ...Object.keys(record)])) {
      if (kept.has(key) || isMethod(session, key)) continue;
      if (key === 'cookie') showCookie(Reflect.get(session, key), record.cookie);
      else if (Object.hasOwn(record, key)) Reflect.set(session, key, copyData(record[key]));
      else Reflect.deleteProperty(session, key);
    }
    this.#baselines.set(session, sessionId, withChanges(recordOf(session), kept));
  }
}

function isSession(value: unknown): value is RequestSession {
  return typeof value === 'object' && value !== null && 'save' in value;
}

/** Changes the cookie in place, because the response sets this object. The lifetime is the stored one. */
function showCookie(cookie: object, stored: object): void {
  const { expires, originalMaxAge, ...rest } = Object(plainCookie(stored)) as StoredCookie;
  Object.assign(cookie, rest, { expires: expires ? new Date(expires) : null });
  // The setter of `expires` has computed another one.
  Object.assign(cookie, { originalMaxAge: originalMaxAge ?? null });
}

/** Whether express-session leaves a key out of the sessions that it loads. */
function isMethod(session: object, key: string): boolean {
  return key in Object.getPrototypeOf(session) || key === 'req' || key === 'id';
}
