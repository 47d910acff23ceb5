/**
 * @module Which tickets are taken, where each is accepted once. Knows tickets by their ids, and which
 * connection showed one; must not know what is in them.
 */

import type { Deadlines } from '../deadlines.js';
import { SessionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';

/** Claims a name for a time: `true` for the first who asks, `false` for everybody after. */
export type Claim = NonNullable<ResolvedOptions['claim']>;

/** The tickets that each connection has claimed, by the request with which it came. */
const shown = new WeakMap<object, Map<string, Promise<boolean>>>();

/** Takes tickets, each for one connection only. */
export class TicketClaims {
  readonly #claim: Claim;
  readonly #milliseconds: number;
  readonly #deadlines: Deadlines;

  /**
   * @param lifetime for how long a ticket is good, in milliseconds
   * @param claim tells the other processes as well; without it, this process only
   */
  constructor(lifetime: number, deadlines: Deadlines, claim: Claim = claimInMemory) {
    // Twice its lifetime, for the clocks of several processes differ.
    this.#milliseconds = 2 * lifetime;
    this.#deadlines = deadlines;
    this.#claim = claim;
  }

  /**
   * Takes a ticket for a connection, which may show it again for each of its namespaces.
   *
   * @param request the request with which the connection came: the same one for all its namespaces
   * @returns `false` where another connection has taken it
   * @throws {SessionError} `ERR_SESSION_TICKET` where that can't be found out
   */
  take(ticketId: string, request: object): Promise<boolean> {
    const mine = shown.get(request) ?? new Map<string, Promise<boolean>>();
    shown.set(request, mine);
    const taken = mine.get(ticketId) ?? this.#ask(ticketId);
    mine.set(ticketId, taken);
    return taken;
  }

  #ask(ticketId: string): Promise<boolean> {
    return this.#deadlines
      .wait<unknown>(
        ({ resolve, reject }) =>
          Promise.resolve(this.#claim(`ticket:${ticketId}`, this.#milliseconds)).then(
            resolve,
            reject,
          ),
        (when) => new Error(`It did not answer ${when}`),
      )
      .then(
        (answer) => answer === true,
        (cause: unknown) => {
          const message = 'Nobody can tell whether the ticket was used before: `claim` failed';
          throw new SessionError('ERR_SESSION_TICKET', message, { cause });
        },
      );
  }
}

/** The names claimed in this process, each with the time at which it is forgotten. */
const claimed = new Map<string, number>();

/** Claims a name in this process. What has expired is forgotten with the next claim. */
async function claimInMemory(name: string, milliseconds: number): Promise<boolean> {
  const now = performance.now();
  for (const [old, end] of claimed) {
    // They are in the order of their claims, which is about that of their ends.
    if (end > now) break;
    claimed.delete(old);
  }
  if ((claimed.get(name) ?? now) > now) return false;
  claimed.set(name, now + milliseconds);
  return true;
}
