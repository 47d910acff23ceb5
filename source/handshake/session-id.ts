/**
 * @module Finds the session id of a handshake: by its ticket, the option `sessionId`, its cookie, or
 * the session that `express-session` made for its request.
 */

import type { IncomingMessage } from 'node:http';
import type { Deadlines } from '../deadlines.js';
import { describeValue, SessionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import { debug, type HandshakeTrace, isTraced, trace } from '../tracing.js';
import type { Handshake } from '../types/options.js';
import type { GuestSession, GuestSessions } from './guest-session.js';
import type { OriginPolicy } from './origin-policy.js';
import type { SignedCookie } from './signed-cookie.js';
import type { Tickets } from './tickets.js';

/** A session id, or the error that says why there is none. */
export type Found = string | SessionError;

/** Where a session id may come from, and what checks it. */
export interface SessionIdDependencies {
  readonly originPolicy: OriginPolicy;
  readonly cookie: SignedCookie;
  /** The `sessionId` option, which takes the cookie's place. */
  readonly custom: ResolvedOptions['sessionId'];
  /** Come before either, where the option `ticket` is on. */
  readonly tickets: Pick<Tickets, 'open'> | undefined;
  /** The sessions that `express-session` made for handshakes. */
  readonly guests: Pick<GuestSessions, 'of'>;
  readonly deadlines: Deadlines;
}

/** Tells the session id of a handshake. */
export class SessionIdReader {
  readonly #dependencies: SessionIdDependencies;

  constructor(sources: SessionIdDependencies) {
    this.#dependencies = sources;
  }

  /**
   * Tells the session id of a handshake: the one that the client presents, or, where it presents
   * none, that of the session which `express-session` made for the handshake's request.
   *
   * @returns the id, or the error that says why there is none; a promise, which never rejects, only
   * where something has to be waited for
   */
  read(handshake: Handshake, request: IncomingMessage): Found | Promise<Found> {
    if (!isTraced('handshake')) return this.#find(handshake, request);
    return trace(
      'handshake',
      // A WebTransport connection has no request, and so an empty query.
      () => ({ transport: String(handshake.query.transport ?? 'webtransport') }),
      async (payload) => this.#find(handshake, request, payload),
    );
  }

  /**
   * Tells the session id that a client presents: by a ticket, or by a cookie from an origin that
   * may have a session.
   *
   * A ticket is accepted from any origin: the origin is checked because browsers send cookies by
   * themselves, whichever page opens the connection, and a foreign page has no ticket. The cookie
   * never replaces a bad ticket, since then nobody would notice that it is bad.
   *
   * @returns what `read` returns
   */
  readPresented(handshake: Handshake, request: IncomingMessage): Found | Promise<Found> {
    try {
      const reading = this.#readId(handshake, request);
      if (typeof reading === 'string') return reading;
      return reading.catch((error: unknown) => this.#failure(error));
    } catch (error) {
      return this.#failure(error);
    }
  }

  /**
   * Finds the session that `express-session` made for a handshake. To be asked only where `read`
   * gave an id, since that is where the origin is checked.
   *
   * @returns nothing where the session id is told by a ticket or by the option `sessionId`
   */
  guest(handshake: Handshake, request: IncomingMessage): GuestSession | undefined {
    if (this.#sourceOf(handshake) !== 'cookie') return undefined;
    return this.#dependencies.guests.of(request);
  }

  #find(
    handshake: Handshake,
    request: IncomingMessage,
    payload?: HandshakeTrace,
  ): Found | Promise<Found> {
    const finish = (presented: Found): Found => {
      const guest = isAbsent(presented) ? this.guest(handshake, request) : undefined;
      const found = guest?.sessionId ?? presented;
      const source = guest ? 'request' : this.#sourceOf(handshake);
      if (found instanceof SessionError) {
        debug.handshake('no session id (%s): %s', found.code, found.message);
        if (payload) Object.assign(payload, { code: found.code, error: found });
      } else {
        debug.handshake('session id found, by: %s', source);
        if (payload) payload.source = source;
      }
      return found;
    };
    const presented = this.readPresented(handshake, request);
    return presented instanceof Promise ? presented.then(finish) : finish(presented);
  }

  #readId(handshake: Handshake, request: IncomingMessage): string | Promise<string> {
    const { originPolicy, cookie, custom, tickets } = this.#dependencies;
    const ticket = tickets && ticketOf(handshake.auth);
    if (tickets && ticket !== undefined) return tickets.open(ticket, request);
    const read = (): string | Promise<string> =>
      custom ? this.#ask(custom, handshake) : cookie.readSessionId(request);
    const checking = originPolicy.check(handshake, request);
    return checking ? checking.then(read) : read();
  }

  #failure(error: unknown): SessionError {
    if (error instanceof SessionError) return error;
    const message = this.#dependencies.custom
      ? 'The option `sessionId` failed'
      : 'The cookie parser left something that cannot be read';
    return new SessionError('ERR_SESSION_COOKIE_PARSER', message, { cause: error });
  }

  /** What a handshake has to present. */
  #sourceOf(handshake: Handshake): 'ticket' | 'sessionId' | 'cookie' {
    const { custom, tickets } = this.#dependencies;
    if (tickets && ticketOf(handshake.auth) !== undefined) return 'ticket';
    return custom ? 'sessionId' : 'cookie';
  }

  async #ask(
    sessionId: NonNullable<ResolvedOptions['sessionId']>,
    handshake: Handshake,
  ): Promise<string> {
    const id: unknown = await this.#dependencies.deadlines.wait<unknown>(
      ({ resolve, reject }) => Promise.resolve(sessionId(handshake)).then(resolve, reject),
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

/** Whether a client presents no session id that can be believed. */
function isAbsent(presented: Found): boolean {
  if (typeof presented === 'string') return false;
  return ['ERR_SESSION_COOKIE_MISSING', 'ERR_SESSION_COOKIE_INVALID'].includes(presented.code);
}
