/**
 * @module Makes tickets for session ids, and accepts them from handshakes in place of the cookie:
 * each any number of times, or only once.
 */

import { randomUUID } from 'node:crypto';
import { assertSessionId } from '../assertions.js';
import type { Deadlines } from '../deadlines.js';
import { describeValue, SessionError } from '../errors.js';
import type { ResolvedOptions, ResolvedTicketOptions } from '../options.js';
import {
  decryptTicket,
  deriveTicketKey,
  encryptTicket,
  isTicketShaped,
  longestTicket,
  type TicketKey,
} from './ticket.js';

/** What tickets are made and accepted with. */
export interface TicketDependencies {
  readonly options: ResolvedTicketOptions;
  /** The name of the session cookie: tickets of an application with another one are refused. */
  readonly key: string;
  /** Reads the secret of the cookie parser, which is used if `options` has none. */
  readonly readSecret: () => Promise<unknown>;
  /** Claims ticket ids for all processes; by default, for this process only. */
  readonly claim: ResolvedOptions['claim'];
  readonly deadlines: Deadlines;
}

/** The tickets that each connection has claimed, by the request of its handshake. */
const claimedBy = new WeakMap<object, Map<string, Promise<boolean>>>();

/** Makes tickets and opens them. */
export class Tickets {
  readonly #dependencies: TicketDependencies;
  #keys: Promise<readonly TicketKey[]> | undefined;

  constructor(dependencies: TicketDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Makes a ticket for a session id.
   *
   * @throws {TypeError} if the id is not a string, or too long
   * @throws {SessionError} `ERR_SESSION_COOKIE_PARSER` if there is no secret
   */
  async issue(sessionId: string): Promise<string> {
    assertSessionId('ticket', sessionId);
    // The options are checked to have one at least.
    const [key] = (await this.#deriveKeys()) as [TicketKey];
    const expiry = Date.now() + this.#dependencies.options.lifetime;
    const ticket = await encryptTicket({ sessionId, ticketId: randomUUID(), expiry }, key);
    if (ticket.length <= longestTicket) return ticket;
    throw new TypeError(
      `\`ticket\`: expected a session id that fits into ${longestTicket} characters, got one of ${sessionId.length}`,
    );
  }

  /**
   * Returns the session id that a ticket stands for.
   *
   * @param ticket whatever the client sent as a ticket
   * @param request the request of the handshake, which all namespaces of a connection share
   * @throws {SessionError} `ERR_SESSION_TICKET`, whose message says what is wrong with it
   */
  async open(ticket: unknown, request: object): Promise<string> {
    if (!isTicketShaped(ticket)) throw ticketError(`is malformed: ${describeShape(ticket)}`);
    const { once, lifetime } = this.#dependencies.options;
    const content = await decryptTicket(ticket, await this.#deriveKeys());
    if (content === undefined) {
      throw ticketError(
        'is forged or belongs to another application: it was not made with this secret for this cookie name; processes that share sessions need the same `ticket.secret` and `key`',
      );
    }
    if (content.expiry <= Date.now()) {
      throw ticketError(
        `has expired: tickets are valid for ${lifetime} ms; fetch a new one before each connection`,
      );
    }
    if (once && !(await this.#claimOnce(content.ticketId, request))) {
      throw ticketError(
        'was used before, and `ticket.once` accepts each ticket once; fetch a new one before each connection',
      );
    }
    return content.sessionId;
  }

  /** Claims a ticket for a connection, which may show it again for each of its namespaces. */
  #claimOnce(ticketId: string, request: object): Promise<boolean> {
    const claims = claimedBy.get(request) ?? new Map<string, Promise<boolean>>();
    claimedBy.set(request, claims);
    const isFirst = claims.get(ticketId) ?? this.#claim(ticketId);
    claims.set(ticketId, isFirst);
    return isFirst;
  }

  async #claim(ticketId: string): Promise<boolean> {
    const { claim = claimInMemory, deadlines, options } = this.#dependencies;
    try {
      const answer = await deadlines.call<unknown>(
        // Twice the lifetime, because the clocks of several processes differ.
        () => claim(`ticket:${ticketId}`, 2 * options.lifetime),
        (when) => new Error(`\`claim\` did not answer ${when}`),
      );
      return answer === true;
    } catch (cause) {
      const message = 'Could not check whether the ticket was used before: `claim` failed';
      throw new SessionError('ERR_SESSION_TICKET', message, { cause });
    }
  }

  #deriveKeys(): Promise<readonly TicketKey[]> {
    this.#keys ??= this.#readSecrets()
      .then((secrets) =>
        Promise.all(secrets.map((secret) => deriveTicketKey(secret, this.#dependencies.key))),
      )
      .catch((error: unknown) => {
        // The parser may succeed the next time.
        this.#keys = undefined;
        throw error;
      });
    return this.#keys;
  }

  async #readSecrets(): Promise<readonly string[]> {
    const { options, readSecret } = this.#dependencies;
    if (options.secrets) return options.secrets;
    const secret = await readSecret();
    if (typeof secret === 'string' && secret !== '') return [secret];
    throw new SessionError(
      'ERR_SESSION_COOKIE_PARSER',
      `There is no secret for tickets: expected the cookie parser to set \`request.secret\`, got ${describeValue(secret)}; use \`cookieParser(secret)\`, or give \`ticket: { secret }\``,
    );
  }
}

function ticketError(what: string): SessionError {
  return new SessionError('ERR_SESSION_TICKET', `The ticket ${what}`);
}

function describeShape(value: unknown): string {
  const expected = 'expected `auth.session` to be a ticket from `ticket()`, got';
  if (typeof value !== 'string') return `${expected} ${describeValue(value)}`;
  return `${expected} another string of ${value.length} characters`;
}

/** The names claimed in this process, each with the time at which its claim ends. */
const claimed = new Map<string, number>();

/** Claims a name in this process. Each call removes the claims that have ended. */
async function claimInMemory(name: string, milliseconds: number): Promise<boolean> {
  const now = performance.now();
  for (const [old, end] of claimed) {
    // Claims are in the order of their beginnings, which is roughly that of their ends.
    if (end > now) break;
    claimed.delete(old);
  }
  if ((claimed.get(name) ?? now) > now) return false;
  claimed.set(name, now + milliseconds);
  return true;
}
