/**
 * @module Finds the session that `express-session` made for the request of a handshake, if
 * `io.engine.use(session(…))` runs before Socket.IO, and stores it. The caller decides when to use it.
 */

import type { IncomingMessage } from 'node:http';
import type { Store } from 'express-session';
import type { Server } from 'socket.io';
import type { Deadlines } from '../deadlines.js';
import { storeTimeoutError } from '../errors.js';
import { storeError } from '../store-error.js';
import { type Engine, engineOf, watchEngines } from './engines.js';
import { decoded } from './signed-cookie.js';

/** What `express-session` leaves on a request. */
interface SessionRequest extends IncomingMessage {
  readonly session?: ExpressSession | null;
  readonly sessionID?: unknown;
  readonly sessionStore?: unknown;
}

/** The needed part of a session of `express-session`. */
interface ExpressSession {
  readonly id?: unknown;
  save(callback: (error?: unknown) => void): unknown;
}

/** What new sessions are found with. */
export interface NewSessionDependencies {
  readonly store: Store;
  readonly io: Pick<Server, 'engine' | 'bind'>;
  readonly deadlines: Deadlines;
}

/** Finds the sessions that `express-session` made for handshakes. */
export class NewSessions {
  readonly #dependencies: NewSessionDependencies;
  readonly #sessions = new WeakMap<IncomingMessage, NewSession>();
  /** The handshakes whose response sets the cookie of their session. */
  readonly #withCookie = new WeakSet<IncomingMessage>();
  readonly #engines = new Set<Engine>();
  readonly #unwatch: () => void;

  constructor(dependencies: NewSessionDependencies) {
    this.#dependencies = dependencies;
    this.#unwatch = watchEngines(dependencies.io, (engine) => this.#watch(engine));
  }

  /**
   * Watches the engine that a handshake came through. If Socket.IO was attached to several HTTP servers
   * before, the engines of the earlier ones are known only from their handshakes.
   */
  watchEngineOf(request: IncomingMessage): void {
    const engine = engineOf(request, this.#dependencies.io);
    if (engine) this.#watch(engine);
  }

  /**
   * Finds the session that `express-session` made for a handshake, or loaded for it.
   *
   * @returns always the same one for one request; undefined if there is none, or none of this store
   */
  of(request: IncomingMessage): NewSession | undefined {
    const known = this.#sessions.get(request);
    if (known) return known;
    const { session, sessionID, sessionStore } = request as SessionRequest;
    if (sessionStore !== this.#dependencies.store || !session) return undefined;
    if (typeof sessionID !== 'string' || sessionID === '' || session.id !== sessionID) {
      return undefined;
    }
    const newSession = new NewSession(sessionID, session, {
      hasCookie: this.#withCookie.has(request),
      deadlines: this.#dependencies.deadlines,
    });
    // The id came with the request: the session was loaded, and is not new.
    if (isInCookies(request, sessionID)) newSession.markNotNew();
    this.#sessions.set(request, newSession);
    return newSession;
  }

  close(): void {
    this.#unwatch();
    for (const engine of this.#engines) engine.off('initial_headers', this.#headersSent);
    this.#engines.clear();
  }

  #watch(engine: Engine): void {
    if (this.#engines.has(engine)) return;
    this.#engines.add(engine);
    engine.on('initial_headers', this.#headersSent);
  }

  /**
   * Finds out whether `express-session` sets the cookie of a new session, which depends on its options.
   *
   * Of a WebSocket these are all the headers of the response. Over HTTP long-polling the cookie is
   * added later, and `express-session` saves the session itself.
   */
  readonly #headersSent = (headers: object, request: SessionRequest): void => {
    const { sessionID } = request;
    if (typeof sessionID !== 'string') return;
    const cookies = Object.entries(headers)
      .filter(([name]) => name.toLowerCase() === 'set-cookie')
      .map(([, value]) => String(value));
    const start = `=${encodeURIComponent(`s:${sessionID}.`)}`;
    if (cookies.some((cookie) => cookie.includes(start))) this.#withCookie.add(request);
  };
}

/** Whether a signed cookie has the session id. The dot after it excludes a longer id that begins with it. */
function isInCookies({ headers }: IncomingMessage, sessionId: string): boolean {
  const { cookie = '' } = headers;
  return cookie.split(';').some((one) => decoded(one).includes(`s:${sessionId}.`));
}

/** The session of a handshake, which the store may not have yet. */
export class NewSession {
  readonly sessionId: string;
  readonly session: ExpressSession;
  readonly #hasCookie: boolean;
  readonly #deadlines: Deadlines;
  #isNew = true;
  #storing: Promise<void> | undefined;

  constructor(
    sessionId: string,
    session: ExpressSession,
    { hasCookie, deadlines }: { hasCookie: boolean; deadlines: Deadlines },
  ) {
    this.sessionId = sessionId;
    this.session = session;
    this.#hasCookie = hasCookie;
    this.#deadlines = deadlines;
  }

  /**
   * Whether the store may still lack the session because nobody has stored it: a read that finds
   * nothing then means a session that is new, and otherwise one that has ended.
   */
  get isNew(): boolean {
    return this.#isNew;
  }

  /** Notes that the session was found in the store, or has ended: it is not stored from here any more. */
  markNotNew(): void {
    this.#isNew = false;
  }

  /** The record as the store would have it: a copy, without methods. */
  record(): { cookie: object; [key: string]: unknown } {
    return JSON.parse(JSON.stringify(this.session));
  }

  /**
   * Stores a new session whose cookie went out with the WebSocket's response, as `express-session` does
   * at the end of an HTTP response. Without a cookie, it is left to the first save. Calls at the same
   * time share one write.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  async storeIfCookieSent(): Promise<void> {
    if (!this.#isNew || !this.#hasCookie) return;
    this.#storing ??= this.#save().finally(() => {
      this.#storing = undefined;
    });
    await this.#storing;
  }

  async #save(): Promise<void> {
    try {
      await this.#deadlines.wait<void>(({ resolve, reject }) => {
        this.session.save((error) => (error ? reject(error) : resolve()));
      }, storeTimeoutError);
    } catch (cause) {
      // Some stores throw.
      throw storeError(cause, [this.sessionId]);
    }
    this.#isNew = false;
  }
}
