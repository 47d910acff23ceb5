import { expect } from 'chai';
import { ticketsWith } from '../support/tickets.js';

describe('a ticket for a long session id', () => {
  it('is made as long as it is taken: up to 4096 characters', async () => {
    const tickets = ticketsWith();
    const lengths: number[] = [];
    let refused: unknown;
    for (let length = 2_900; refused === undefined; length++) {
      const id = 'a'.repeat(length);
      try {
        const ticket = await tickets.issue(id);
        lengths.push(ticket.length);
        if (ticket.length > 4_090) expect(await tickets.open(ticket, {})).to.equal(id);
      } catch (error) {
        refused = error;
      }
    }
    expect(refused).to.be.instanceOf(TypeError);
    // Another byte is one or two characters more, and the digits of its times vary.
    expect(lengths.at(-1)).to.be.within(4_094, 4_096);
  });
});
