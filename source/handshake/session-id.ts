/**
 * @module A handshake becomes a session id. Knows in which order its claims are checked; must not
 * know what a session holds.
 */

import type { IncomingMessage } from 'node:http';
import type { Deadlines } from '../deadlines.js';
import { describeValue, SessionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { Handshake } from '../types/options.js';
import type { OriginGuard } from './origin-guard.js';
import type { SessionCookie } from './session-cookie.js';
import type { Tickets } from './tickets.js';

/** Where a session id may come from, and who checks that it may. */
export interface SessionIdSources {
  readonly originGuard: OriginGuard;
  readonly cookie: SessionCookie;
  /** The `sessionId` option, which takes the cookie's place. */
  readonly custom: ResolvedOptions['sessionId'];
  /** Taken in place of either, where the option `ticket` is on. */
  readonly tickets: Pick<Tickets, 'open'> | undefined;
  readonly deadlines: Deadlines;
}

/** Tells the session id of a handshake. */
export class SessionIdReader {
  readonly #sources: SessionIdSources;

  constructor(sources: SessionIdSources) {
    this.#sources = sources;
  }

  /**
   * Tells the session id of a handshake that shows a ticket, or whose origin may have one.
   *
   * A ticket is good from any origin. What the origin is checked for is what a browser sends by
   * itself, whoever asks for it: the cookie. A ticket is sent by whoever has it, and a foreign page
   * has none. A bad one is never made up for by the cookie, for then nobody would see that it is bad.
   *
   * @returns the id, or the error that says why there is none; never rejects
   */
  async read(handshake: Handshake, request: IncomingMessage): Promise<string | SessionError> {
    const { originGuard, cookie, custom, tickets } = this.#sources;
    try {
      const ticket = ticketOf(handshake.auth);
      if (tickets && ticket !== undefined) return await tickets.open(ticket, request);
      await originGuard.check(handshake, request);
      return await (custom ? this.#ask(custom, handshake) : cookie.readSessionId(request));
    } catch (error) {
      if (error instanceof SessionError) return error;
      const message = custom ? '`sessionId` failed' : 'The cookie parser left what cannot be read';
      return new SessionError('ERR_SESSION_COOKIE_PARSER', message, { cause: error });
    }
  }

  async #ask(
    sessionId: NonNullable<ResolvedOptions['sessionId']>,
    handshake: Handshake,
  ): Promise<string> {
    const id: unknown = await this.#sources.deadlines.wait<unknown>(
      ({ resolve, reject }) => Promise.resolve(sessionId(handshake)).then(resolve, reject),
      (when) => new Error(`It did not answer ${when}`),
    );
    if (typeof id === 'string' && id !== '') return id;
    if (id === undefined || id === null || id === '') {
      throw new SessionError(
        'ERR_SESSION_COOKIE_MISSING',
        '`sessionId` told no session id for this handshake',
      );
    }
    throw new TypeError(`\`sessionId\` returned ${describeValue(id)}; expected a string`);
  }
}

/** What a client sent for a ticket: `auth` may be any JSON, and even that only with most parsers. */
function ticketOf(auth: unknown): unknown {
  if (typeof auth !== 'object' || auth === null || !Object.hasOwn(auth, 'session'))
    return undefined;
  return Reflect.get(auth, 'session');
}
