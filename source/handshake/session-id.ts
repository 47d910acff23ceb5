/**
 * @module Finds the session id of a handshake: by its ticket, the option `sessionId`, its cookie, or the
 * session that `express-session` made for its request.
 */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'socket.io';
import type { Deadlines } from '../deadlines.js';
import { debug, type HandshakeTrace, trace } from '../diagnostics.js';
import { describeValue, SessionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import { redactError } from '../store-error.js';
import type { Handshake } from '../types/options.js';
import { rememberEngine } from './engines.js';
import type { NewSession, NewSessions } from './new-session.js';
import type { OriginPolicy } from './origin-policy.js';
import { makeRequest, type SignedCookie } from './signed-cookie.js';
import type { Tickets } from './tickets.js';

/** A session id, or the error that says why there is none. */
export type Found = string | SessionError;

/** Where a session id may come from, and what checks it. */
export interface SessionIdDependencies {
  readonly originPolicy: OriginPolicy;
  readonly cookie: SignedCookie;
  /** The `sessionId` option, which takes the cookie's place. */
  readonly custom: ResolvedOptions['sessionId'];
  /** Tried before either, if the option `ticket` is on. */
  readonly tickets: Pick<Tickets, 'open'> | undefined;
  /** The sessions that `express-session` made for handshakes. */
  readonly newSessions: Pick<NewSessions, 'of' | 'watchEngineOf'>;
  readonly deadlines: Deadlines;
}

/** Finds the session id of a handshake. */
export class SessionIdReader {
  readonly #dependencies: SessionIdDependencies;

  constructor(dependencies: SessionIdDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Finds the session id of a handshake: the one that the client presents, or else that of the session
   * which `express-session` made for the handshake's request. Never rejects.
   */
  read(handshake: Handshake, request: IncomingMessage): Promise<Found> {
    this.#dependencies.newSessions.watchEngineOf(request);
    return trace(
      'handshake',
      // A WebTransport connection has no request, and so an empty query.
      () => ({ transport: String(handshake.query.transport ?? 'webtransport') }),
      async (payload) => this.#find(handshake, request, payload),
    );
  }

  /**
   * Finds the session id that a client presents: by a ticket, or by a cookie from an origin that may
   * have a session. Never rejects.
   *
   * A ticket is accepted from any origin: the origin is checked because browsers send cookies by
   * themselves, whichever page opens the connection, and a foreign page has no ticket. The cookie
   * never replaces a bad ticket, since then nobody would notice that it is bad.
   */
  async readPresented(handshake: Handshake, request: IncomingMessage): Promise<Found> {
    const { originPolicy, cookie, custom, tickets } = this.#dependencies;
    try {
      const ticket = tickets && ticketOf(handshake.auth);
      if (tickets && ticket !== undefined) return await tickets.open(ticket, request);
      await originPolicy.check(handshake, request);
      return await (custom ? this.#ask(custom, handshake) : cookie.readSessionId(request));
    } catch (error) {
      return this.#failure(error, request);
    }
  }

  /**
   * Finds the session that `express-session` made for a handshake. Call it only if `read` has returned
   * an id, because `read` checks the origin.
   *
   * @returns undefined if the session id comes from a ticket or from the option `sessionId`
   */
  newSession(handshake: Handshake, request: IncomingMessage): NewSession | undefined {
    if (this.#sourceOf(handshake) !== 'cookie') return undefined;
    return this.#dependencies.newSessions.of(request);
  }

  async #find(
    handshake: Handshake,
    request: IncomingMessage,
    payload: HandshakeTrace | undefined,
  ): Promise<Found> {
    const presented = await this.readPresented(handshake, request);
    const newSession = isAbsent(presented) ? this.newSession(handshake, request) : undefined;
    const source = newSession ? 'request' : this.#sourceOf(handshake);
    const mayLackTicket = this.#dependencies.tickets !== undefined && source !== 'ticket';
    const found = newSession?.sessionId ?? (mayLackTicket ? withoutTicket(presented) : presented);
    if (found instanceof SessionError) {
      debug.handshake('no session id (%s): %s', found.code, found.message);
      if (payload) Object.assign(payload, { code: found.code, error: found });
    } else {
      debug.handshake('session id found, by: %s', source);
      if (payload) payload.source = source;
    }
    return found;
  }

  #failure(error: unknown, request: IncomingMessage): SessionError {
    const { cookie, custom } = this.#dependencies;
    const hasCause = !(error instanceof SessionError) || error.cause !== undefined;
    // What the application's functions throw may hold cookies.
    const cause = hasCause ? redactError(error, cookie.confidentialOf(request)) : error;
    if (cause instanceof SessionError) return cause;
    const message = custom
      ? 'The option `sessionId` failed'
      : 'The cookies that the cookie parser set could not be read';
    return new SessionError('ERR_SESSION_COOKIE_PARSER', message, { cause });
  }

  /** Where the session id of a handshake has to come from. */
  #sourceOf(handshake: Handshake): 'ticket' | 'sessionId' | 'cookie' {
    const { custom, tickets } = this.#dependencies;
    if (tickets && ticketOf(handshake.auth) !== undefined) return 'ticket';
    return custom ? 'sessionId' : 'cookie';
  }

  async #ask(
    sessionId: NonNullable<ResolvedOptions['sessionId']>,
    handshake: Handshake,
  ): Promise<string> {
    const id = await this.#dependencies.deadlines.call<unknown>(
      () => sessionId(handshake),
      (when) => new Error(`\`sessionId\` did not answer ${when}`),
    );
    if (typeof id === 'string' && id !== '') return id;
    if (id === undefined || id === null || id === '') {
      throw new SessionError(
        'ERR_SESSION_COOKIE_MISSING',
        'The option `sessionId` returned no session id for this handshake',
      );
    }
    throw new TypeError(`\`sessionId\` returned ${describeValue(id)}; expected a string`);
  }
}

/** What a client sent as a ticket. `auth` is any value that Socket.IO's parser can make. */
function ticketOf(auth: unknown): unknown {
  if (typeof auth !== 'object' || auth === null || !Object.hasOwn(auth, 'session'))
    return undefined;
  return Reflect.get(auth, 'session');
}

/** Adds to an error that there is no ticket either: the client may have failed to fetch one. */
function withoutTicket(presented: Found): Found {
  if (typeof presented === 'string') return presented;
  const { code, message, cause } = presented;
  if (code !== 'ERR_SESSION_COOKIE_MISSING' && code !== 'ERR_SESSION_ORIGIN') return presented;
  return new SessionError(code, `${message}; there is no ticket in \`auth.session\` either`, {
    cause,
  });
}

/** Whether a client presents no session id that can be believed. */
function isAbsent(presented: Found): boolean {
  if (typeof presented === 'string') return false;
  return ['ERR_SESSION_COOKIE_MISSING', 'ERR_SESSION_COOKIE_INVALID'].includes(presented.code);
}

/** The empty requests, by their connections. */
const emptyRequests = new WeakMap<object, IncomingMessage>();

/**
 * The request that opened the connection of a raw socket; for WebTransport, an empty one. All
 * namespaces of a connection share it.
 */
export function requestOf(raw: Pick<Socket, 'conn' | 'nsp' | 'request'>): IncomingMessage {
  const { conn, request } = raw;
  // It may be null, whatever the types of Socket.IO say.
  const known: IncomingMessage | null | undefined = request ?? emptyRequests.get(conn);
  const found = known ?? makeRequest();
  if (!known) emptyRequests.set(conn, found);
  rememberEngine(found, raw);
  return found;
}
