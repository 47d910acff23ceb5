/**
 * @module The part of an update that concerns `req.session`: a new session is stored first, and the
 * result is shown in it.
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
  withChanges,
} from './record.js';
import type { StoreHooks } from './store-hooks.js';
import type { Saved } from './writer.js';

type RequestSession = SessionRequest['session'];

/** The cookie of a record. */
interface StoredCookie {
  readonly expires?: string | Date | null;
  readonly originalMaxAge?: number | null;
}

/** The sessions of requests. */
export class RequestSessions {
  readonly #store: Store;
  readonly #hooks: StoreHooks;
  /** The new sessions that are being stored, because a second write could land after an update. */
  readonly #storing = new WeakMap<RequestSession, Promise<void>>();

  constructor(store: Store, hooks: StoreHooks) {
    this.#store = store;
    this.#hooks = hooks;
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
    if (this.#hooks.baselines.of(session, sessionId)) return session;
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
    const before = this.#hooks.baselines.of(session, sessionId) ?? recordOf(session);
    const unsaved: RecordChanges = changesBetween(before, recordOf(session));
    const kept = new Map<string, unknown>();
    for (const key of unsaved.keys()) if (!changes.has(key)) kept.set(key, before[key]);
    for (const key of new Set([...Object.keys(session), ...Object.keys(record)])) {
      if (kept.has(key) || isMethod(session, key)) continue;
      if (key === 'cookie') showCookie(Reflect.get(session, key), record.cookie);
      else if (Object.hasOwn(record, key)) Reflect.set(session, key, copyData(record[key]));
      else Reflect.deleteProperty(session, key);
    }
    this.#hooks.baselines.set(session, sessionId, withChanges(recordOf(session), kept));
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
