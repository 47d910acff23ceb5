/**
 * @module `ticket: { once: true }`: one connection for each ticket, however many namespaces it has.
 */

import { expect } from 'chai';
import { stub, useFakeTimers } from 'sinon';
import { Deadlines } from '../../source/deadlines.js';
import { refusal, sessionId, ticketsWith } from '../support/tickets.js';

describe('a ticket that is accepted once', () => {
  it('is refused as used when another connection shows it', async () => {
    const tickets = ticketsWith({ once: true });
    const ticket = await tickets.issue(sessionId);
    expect(await tickets.open(ticket, {})).to.equal(sessionId);
    expect((await refusal(tickets, ticket)).message).to.match(/used before.*`ticket\.once`/);
  });

  it('is taken again from the connection that showed it: for its other namespaces', async () => {
    const tickets = ticketsWith({ once: true });
    const ticket = await tickets.issue(sessionId);
    const connection = {};
    const both = [tickets.open(ticket, connection), tickets.open(ticket, connection)];
    expect(await Promise.all(both)).to.deep.equal([sessionId, sessionId]);
    expect(await tickets.open(ticket, connection)).to.equal(sessionId);
  });

  it('lets in one of those who show it at the same time', async () => {
    const tickets = ticketsWith({ once: true });
    const ticket = await tickets.issue(sessionId);
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, () => tickets.open(ticket, {})),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
  });

  it('is no other ticket of the same session', async () => {
    const tickets = ticketsWith({ once: true });
    const [first, second] = [await tickets.issue(sessionId), await tickets.issue(sessionId)];
    await tickets.open(first, {});
    expect(await tickets.open(second, {})).to.equal(sessionId);
  });

  it('is used for all applications of the process that take it', async () => {
    const ticket = await ticketsWith().issue(sessionId);
    await ticketsWith({ once: true }).open(ticket, {});
    await refusal(ticketsWith({ once: true }), ticket);
  });

  it('is not used by being refused', async () => {
    const ticket = await ticketsWith().issue(sessionId);
    await refusal(ticketsWith({ once: true, secret: 'another' }), ticket);
    expect(await ticketsWith({ once: true }).open(ticket, {})).to.equal(sessionId);
  });

  it('is remembered for longer than it is good, and then forgotten', async () => {
    const clock = useFakeTimers({ toFake: ['performance'] });
    try {
      // Only the clock of the claims is faked: for its own, the ticket stays valid.
      const tickets = ticketsWith({ once: true, lifetime: 60_000 });
      const ticket = await tickets.issue(sessionId);
      expect(await tickets.open(ticket, {})).to.equal(sessionId);
      clock.tick(119_999);
      await refusal(tickets, ticket);
      clock.tick(1);
      expect(await tickets.open(ticket, {})).to.equal(sessionId);
      // Long after those of the other tests, too.
      clock.tick(86_400_000);
      expect(await tickets.open(ticket, {})).to.equal(sessionId);
    } finally {
      clock.restore();
    }
  });

  describe('by `claim`', () => {
    it('is claimed by a name that tells nothing of it, for longer than it is good', async () => {
      const claim = stub().resolves(true);
      const tickets = ticketsWith({ once: true, lifetime: 1_000 }, { claim });
      await tickets.open(await tickets.issue(sessionId), {});
      expect(claim.args).to.have.length(1);
      expect(claim.firstCall.args[0]).to.match(/^ticket:[\w-]{36}$/);
      expect(claim.firstCall.args[1]).to.equal(2_000);
    });

    it('is taken where it answers `true`, and nothing like it', async () => {
      for (const answer of [false, null, undefined, 1, 'OK']) {
        const tickets = ticketsWith({ once: true }, { claim: stub().resolves(answer) });
        expect((await refusal(tickets, await tickets.issue(sessionId))).message).to.include('used');
      }
    });

    for (const [how, claim] of [
      ['rejects', () => Promise.reject(new Error('connection lost'))],
      [
        'throws',
        () => {
          throw new Error('connection lost');
        },
      ],
    ] as const) {
      it(`is refused, with the cause, where it ${how}`, async () => {
        const tickets = ticketsWith({ once: true }, { claim });
        const error = await refusal(tickets, await tickets.issue(sessionId));
        expect(error.message).to.include('`claim`');
        expect(error.cause).to.have.property('message', 'connection lost');
      });
    }

    it('is refused where it never answers', async () => {
      const tickets = ticketsWith(
        { once: true },
        { claim: () => new Promise<boolean>(() => {}), deadlines: new Deadlines(30) },
      );
      const error = await refusal(tickets, await tickets.issue(sessionId));
      expect(error.cause).to.have.property('message').that.includes('30 ms');
    });
  });
});
