/**
 * @module "No altered byte is accepted": a ticket, altered in 100,000 ways.
 */

import { expect } from 'chai';
import type { Tickets } from '../../source/handshake/tickets.js';
import { sessionId, ticketsWith } from '../support/tickets.js';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** What some decoders take for a letter of base64url, or pass over. */
const strange = '+/=. \n\t\u0000ſ~';

/** A random whole number below `limit`. */
function below(limit: number): number {
  return Math.floor(Math.random() * limit);
}

function letterOf(alphabet: string): string {
  return alphabet.charAt(below(alphabet.length));
}

/** Ways to alter a text; `at` is a place in it. */
const alterations: readonly ((ticket: string, at: number, other: string) => string)[] = [
  // Most of them: one letter for another, which keeps the shape.
  ...Array<typeof replaceLetter>(6).fill(replaceLetter),
  (ticket, at) => ticket.slice(0, at) + letterOf(strange) + ticket.slice(at + 1),
  (ticket, at) => ticket.slice(0, at) + letterOf(letters + strange) + ticket.slice(at),
  (ticket, at) => ticket.slice(0, at) + ticket.slice(at + 1),
  (ticket, at) => ticket.slice(0, at) + ticket.slice(at + 1 + below(20)),
  // Parts of one ticket in another.
  (ticket, at, other) => ticket.slice(0, at) + other.slice(at),
  (ticket, at, other) => other.slice(0, at) + ticket.slice(at),
];

function replaceLetter(ticket: string, at: number): string {
  return ticket.slice(0, at) + letterOf(letters) + ticket.slice(at + 1);
}

describe('an altered ticket', function () {
  this.timeout(60_000);

  async function countAccepted(tickets: Tickets, texts: readonly string[]): Promise<number> {
    const results = await Promise.allSettled(texts.map((text) => tickets.open(text, {})));
    return results.filter(({ status }) => status === 'fulfilled').length;
  }

  it('is never accepted, in 100,000 random alterations', async () => {
    const tickets = ticketsWith();
    const [ticket, other] = await Promise.all([tickets.issue(sessionId), tickets.issue('other')]);
    expect(await countAccepted(tickets, [ticket, other])).to.equal(2);

    let accepted = 0;
    for (let done = 0; done < 100_000; ) {
      const batch: string[] = [];
      while (batch.length < 1_000) {
        const alter = alterations[below(alterations.length)] ?? replaceLetter;
        const text = alter(ticket, below(ticket.length), other);
        if (text !== ticket && text !== other) batch.push(text);
      }
      accepted += await countAccepted(tickets, batch);
      done += batch.length;
    }
    expect(accepted).to.equal(0);
  });

  it('is never accepted, whichever letter stands at whichever place', async () => {
    const tickets = ticketsWith();
    const ticket = await tickets.issue(sessionId);
    for (let at = 0; at < ticket.length; at++) {
      const texts = [...letters, '.', '=']
        .filter((letter) => letter !== ticket[at])
        .map((letter) => ticket.slice(0, at) + letter + ticket.slice(at + 1));
      expect(await countAccepted(tickets, texts), `place ${at}`).to.equal(0);
    }
  });
});
