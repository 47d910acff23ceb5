/**
 * @module The tickets of one application: made for a session id, and taken from a handshake in place
 * of the cookie. Knows when a ticket is good; must not know what a session holds.
 */

import { randomUUID } from 'node:crypto';
import { assertSessionId } from '../assertions.js';
import type { Deadlines } from '../deadlines.js';
import { describeValue, SessionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { ResolvedTicketOptions } from '../ticket-options.js';
import {
  deriveTicketKey,
  isTicketShaped,
  longestTicket,
  openTicket,
  sealTicket,
  type TicketKey,
} from './ticket.js';
import { TicketClaims } from './ticket-claims.js';

/** On what terms tickets are made and taken. */
export interface TicketTerms {
  readonly options: ResolvedTicketOptions;
  /** The name of the session cookie: a ticket of an application with another one is not ours. */
  readonly key: string;
  /** Tells the secret of the cookie parser, for want of one of our own. */
  readonly readSecret: () => Promise<unknown>;
  readonly claim: ResolvedOptions['claim'];
  readonly deadlines: Deadlines;
}

/** Makes tickets, and takes them. */
export class Tickets {
  readonly #terms: TicketTerms;
  readonly #claims: TicketClaims | undefined;
  #keys: Promise<readonly TicketKey[]> | undefined;

  constructor(terms: TicketTerms) {
    this.#terms = terms;
    const { options, claim, deadlines } = terms;
    this.#claims = options.once ? new TicketClaims(options.lifetime, deadlines, claim) : undefined;
  }

  /**
   * Makes a ticket for a session id.
   *
   * @throws {TypeError} where the id is no text, or too long a one
   * @throws {SessionError} `ERR_SESSION_COOKIE_PARSER` where there is no secret
   */
  async issue(sessionId: string): Promise<string> {
    assertSessionId('ticket', sessionId);
    // There is one at least: the options have seen to it.
    const [key] = (await this.#deriveKeys()) as [TicketKey];
    const expiry = Date.now() + this.#terms.options.lifetime;
    const ticket = await sealTicket({ sessionId, ticketId: randomUUID(), expiry }, key);
    if (ticket.length <= longestTicket) return ticket;
    throw new TypeError(
      `\`ticket\`: expected a session id that fits into ${longestTicket} characters, got one of ${sessionId.length}`,
    );
  }

  /**
   * Tells the session id that a ticket stands for.
   *
   * @param ticket whatever the client sent for one
   * @param request the request with which its connection came
   * @throws {SessionError} `ERR_SESSION_TICKET`, whose message says what is wrong with it
   */
  async open(ticket: unknown, request: object): Promise<string> {
    if (!isTicketShaped(ticket)) throw bad(`is malformed: ${describeShape(ticket)}`);
    const content = await openTicket(ticket, await this.#deriveKeys());
    if (content === undefined) {
      throw bad(
        'is forged, or of another application: it was not made with this secret for a cookie of this name; processes that share sessions need the same `ticket.secret` and `key`',
      );
    }
    if (content.expiry <= Date.now()) {
      throw bad(
        `has expired: it is good for ${this.#terms.options.lifetime} ms; fetch one before each connection`,
      );
    }
    if (this.#claims && !(await this.#claims.take(content.ticketId, request))) {
      throw bad(
        'was used before, and `ticket.once` accepts each once; fetch one before each connection',
      );
    }
    return content.sessionId;
  }

  #deriveKeys(): Promise<readonly TicketKey[]> {
    this.#keys ??= this.#readSecrets()
      .then((secrets) =>
        Promise.all(secrets.map((secret) => deriveTicketKey(secret, this.#terms.key))),
      )
      .catch((error: unknown) => {
        // A parser that failed once may do better the next time.
        this.#keys = undefined;
        throw error;
      });
    return this.#keys;
  }

  async #readSecrets(): Promise<readonly string[]> {
    const { options, readSecret } = this.#terms;
    if (options.secrets) return options.secrets;
    const secret = await readSecret();
    if (typeof secret === 'string' && secret !== '') return [secret];
    throw new SessionError(
      'ERR_SESSION_COOKIE_PARSER',
      `There is no secret for tickets: expected the cookie parser to leave it in \`request.secret\`, found ${describeValue(secret)}; use \`cookieParser(secret)\`, or give \`ticket: { secret }\``,
    );
  }
}

function bad(what: string): SessionError {
  return new SessionError('ERR_SESSION_TICKET', `The ticket ${what}`);
}

function describeShape(value: unknown): string {
  const expected = 'expected `auth.session` to be what `ticket()` gave, got';
  if (typeof value !== 'string') return `${expected} ${describeValue(value)}`;
  return `${expected} another text of ${value.length} characters`;
}
