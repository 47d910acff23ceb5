/**
 * @module Updates of the sessions of HTTP requests: a new session is stored first, and `req.session` shows
 * the result.
 */

import type { Store } from 'express-session';
import type { SessionRequest } from '../types/session.js';
import { copyData } from './data.js';
import {
  changesBetween,
  plainCookie,
  recordOf,
  type Saved,
  type SessionRecord,
  withChanges,
} from './record.js';
import type { RequestBaselines } from './request-baselines.js';
import type { StoreWrites } from './store-writes.js';

type RequestSession = SessionRequest['session'];

/** The cookie of a record. */
interface StoredCookie {
  readonly expires?: string | Date | null;
  readonly originalMaxAge?: number | null;
}

/** Prepares the sessions of requests for an update, and shows its result. */
export class RequestSessions {
  readonly #store: Store;
  readonly #baselines: RequestBaselines;
  readonly #writes: StoreWrites;
  /** The new sessions that are being stored, because a second write could land after an update. */
  readonly #storing = new WeakMap<RequestSession, Promise<void>>();

  constructor(
    store: Store,
    { baselines, writes }: { readonly baselines: RequestBaselines; readonly writes: StoreWrites },
  ) {
    this.#store = store;
    this.#baselines = baselines;
    this.#writes = writes;
  }

  /**
   * Gets the session of a request, and stores it first if it is new.
   *
   * @throws {TypeError} if the request has no session of this store
   * @throws {SessionError} `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  async stored(request: SessionRequest): Promise<RequestSession> {
    const session: unknown = Reflect.get(request, 'session');
    if (!isSession(session) || Reflect.get(request, 'sessionStore') !== this.#store) {
      const given = isSession(session) ? 'one with a session of another store' : 'one without';
      throw new TypeError(
        `\`update\`: expected a request with a session of the store that \`ExpressionSocket\` was given, got ${given}; put \`session({ store })\` in front of the handler`,
      );
    }
    const isKnown = this.#baselines.of(session, session.id) !== undefined;
    if (isKnown && !this.#baselines.newSessionOf(session)) return session;
    await (this.#storing.get(session) ?? this.#storeNew(session));
    return session;
  }

  #storeNew(session: RequestSession): Promise<void> {
    const storing = this.#writes
      .run(session.id, (callback) => session.save(callback))
      .finally(() => this.#storing.delete(session));
    this.#storing.set(session, storing);
    return storing;
  }

  /** What the store has of a session, as far as its request knows. */
  baselineOf(session: RequestSession): SessionRecord {
    return this.#baselines.of(session, session.id) ?? recordOf(session);
  }

  /**
   * Shows the result of an update. Changes of the handler stay if they are unsaved, and are saved later,
   * or if they have been saved since.
   *
   * @param since the baseline when the change had been made
   */
  show(session: RequestSession, { record, changes }: Saved, since: SessionRecord): void {
    const before = this.baselineOf(session);
    const saved = changesBetween(since, before);
    const unsaved = changesBetween(before, recordOf(session));
    const kept = new Map<string, unknown>();
    for (const key of [...saved.keys(), ...unsaved.keys()]) {
      if (!changes.has(key)) kept.set(key, before[key]);
    }
    for (const key of new Set([...Object.keys(session), ...Object.keys(record)])) {
      if (kept.has(key) || isMethod(session, key)) continue;
      if (key === 'cookie') showCookie(Reflect.get(session, key), record.cookie);
      else if (Object.hasOwn(record, key)) Reflect.set(session, key, copyData(record[key]));
      else Reflect.deleteProperty(session, key);
    }
    this.#baselines.set(session, session.id, withChanges(recordOf(session), kept));
    if (changesBetween(before, record).size > 0) forgetLastSave(session);
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

/**
 * Makes express-session save the session at the end of the request. By itself it does not if the
 * handler undoes what the update has changed: the session is then as it was when it was loaded.
 *
 * express-session keeps a hash of what it saved last, which a save of something else replaces.
 */
function forgetLastSave(session: RequestSession): void {
  // Other frameworks have no such method on the session itself.
  if (!Object.hasOwn(session, 'save')) return;
  const set = (_id: string, _session: object, callback: () => void): void => callback();
  // The application may have replaced `save` by a function that reads the session.
  const somethingElse = Object.create(session, {
    req: { value: { sessionStore: { set } }, enumerable: true },
  });
  Reflect.apply(session.save, somethingElse, []);
}

/** Whether express-session leaves a key out of the sessions that it loads. */
function isMethod(session: object, key: string): boolean {
  return key in Object.getPrototypeOf(session) || key === 'req' || key === 'id';
}
