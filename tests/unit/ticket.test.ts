/**
 * @module A ticket by itself: what it hides, and what opens it.
 */

import { expect } from 'chai';
import { stub, useFakeTimers } from 'sinon';
import { rejection } from '../support/outcomes.js';
import { refusal, sessionId, ticketsWith } from '../support/tickets.js';

/** As many parts as a ticket has, and none of its contents. */
const foreign =
  'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA';

/** The last part of a ticket, decoded. */
function tagOf(ticket: string): Buffer {
  return Buffer.from(ticket.slice(ticket.lastIndexOf('.') + 1), 'base64url');
}

describe('a ticket', () => {
  it('stands for its session id', async () => {
    const tickets = ticketsWith();
    expect(await tickets.open(await tickets.issue(sessionId), {})).to.equal(sessionId);
  });

  for (const id of ['a', 'ümläut ☃', '"; DROP', 'x'.repeat(2_000), '\u0000']) {
    it(`stands for any text, such as ${JSON.stringify(id.slice(0, 20))}`, async () => {
      const tickets = ticketsWith();
      expect(await tickets.open(await tickets.issue(id), {})).to.equal(id);
    });
  }

  it('fits into a URL and a header, and shows nothing of the id', async () => {
    const ticket = await ticketsWith().issue(sessionId);
    expect(ticket).to.match(/^[\w.-]{100,300}$/);
    const parts = ticket
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect(parts.join()).not.to.include(sessionId);
  });

  it('is another one each time', async () => {
    const tickets = ticketsWith();
    expect(await tickets.issue(sessionId)).not.to.equal(await tickets.issue(sessionId));
  });

  it('is good again and again, where `once` is not on', async () => {
    const tickets = ticketsWith();
    const ticket = await tickets.issue(sessionId);
    expect(await tickets.open(ticket, {})).to.equal(sessionId);
    expect(await tickets.open(ticket, {})).to.equal(sessionId);
  });

  describe('that was made elsewhere', () => {
    for (const [where, elsewhere] of [
      ['with another secret', ticketsWith({ secret: 'another secret' })],
      ['for a cookie of another name', ticketsWith({}, { key: 'other.sid' })],
    ] as const) {
      it(`is refused as forged or belongs to another application: ${where}`, async () => {
        const { message } = await refusal(ticketsWith(), await elsewhere.issue(sessionId));
        expect(message).to.match(/forged or belongs to another application.*`ticket\.secret`/);
      });
    }

    it('is taken where the secret is the same, given or shown by the cookie parser', async () => {
      const ticket = await ticketsWith({ secret: 'keyboard cat' }).issue(sessionId);
      expect(await ticketsWith().open(ticket, {})).to.equal(sessionId);
    });
  });

  describe('with several secrets', () => {
    it('is made with the first, and opened by all', async () => {
      const old = await ticketsWith({ secret: 'old' }).issue(sessionId);
      const both = ticketsWith({ secret: ['new', 'old'] });
      expect(await both.open(old, {})).to.equal(sessionId);
      const fresh = await both.issue(sessionId);
      expect(await ticketsWith({ secret: 'new' }).open(fresh, {})).to.equal(sessionId);
      await refusal(ticketsWith({ secret: 'old' }), fresh);
    });
  });

  describe('in time', () => {
    afterEach(() => clock?.restore());
    let clock: ReturnType<typeof useFakeTimers> | undefined;

    for (const lifetime of [50, 60_000]) {
      it(`is good for ${lifetime} ms and not longer`, async () => {
        clock = useFakeTimers({ now: 1_795_000_000_001, toFake: ['Date'] });
        const tickets = ticketsWith({ lifetime });
        const ticket = await tickets.issue(sessionId);
        clock.tick(lifetime - 1);
        expect(await tickets.open(ticket, {})).to.equal(sessionId);
        clock.tick(1);
        const { message, cause } = await refusal(tickets, ticket);
        expect(message).to.include('expired').and.to.include(`${lifetime} ms`);
        // A message of the decryption might hold what is in the ticket.
        expect(cause).to.equal(undefined);
      });
    }
  });

  describe('that is malformed', () => {
    for (const [shown, value] of [
      ['null', null],
      ['a number', 7],
      ['a boolean', true],
      ['an object', { ticket: foreign }],
      ['an Array', [foreign]],
      ['another string of 0 characters', ''],
      ['another string of 4 characters', '....'],
      ['another string of 32 characters', sessionId],
      ['another string of 1000000 characters', 'A'.repeat(1_000_000)],
      [`another string of ${foreign.length + 1} characters`, ` ${foreign}`],
      [`another string of ${foreign.length + 5} characters`, `${foreign}.AAAA`],
      ['another string of 5000 characters', `AAAA..AAAA.${'A'.repeat(4_984)}.AAAA`],
    ] as const) {
      it(`is refused as such, and the error says that it is ${shown}`, async () => {
        const { message } = await refusal(ticketsWith(), value);
        expect(message)
          .to.match(/malformed/)
          .and.to.include(`got ${shown}`);
      });
    }

    it('is not even decrypted', async () => {
      const readSecret = stub().resolves('keyboard cat');
      await refusal(ticketsWith({}, { readSecret }), 'A'.repeat(5_000));
      expect(readSecret.called).to.equal(false);
    });

    it('includes one whose last letter has other bits that mean nothing', async () => {
      const tickets = ticketsWith();
      const ticket = await tickets.issue(sessionId);
      const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const own = letters.indexOf(ticket.at(-1) ?? '');
      // The tag of 16 bytes leaves four bits of its last letter unused.
      const twin = ticket.slice(0, -1) + letters[own ^ 1];
      expect(tagOf(twin)).to.deep.equal(tagOf(ticket));
      expect((await refusal(tickets, twin)).message).to.include('malformed');
    });
  });

  it('is refused as forged where it has the shape of one', async () => {
    expect((await refusal(ticketsWith(), foreign)).message).to.include('forged');
  });

  describe('the secret', () => {
    it('is asked for once, and again only where that failed', async () => {
      const readSecret = stub();
      readSecret.onFirstCall().rejects(new Error('not yet'));
      readSecret.resolves('keyboard cat');
      const tickets = ticketsWith({}, { readSecret });
      expect(await rejection(tickets.issue(sessionId))).to.have.property('message', 'not yet');
      await tickets.open(await tickets.issue(sessionId), {});
      expect(readSecret.callCount).to.equal(2);
    });

    for (const none of [undefined, '', ['keyboard cat'], Buffer.from('keyboard cat')]) {
      it(`is missed where the cookie parser leaves ${JSON.stringify(none)}`, async () => {
        const tickets = ticketsWith({}, { readSecret: async () => none });
        const error = await rejection(tickets.issue(sessionId));
        expect(error).to.have.property('code', 'ERR_SESSION_COOKIE_PARSER');
        expect(error)
          .to.have.property('message')
          .that.includes('`ticket: { secret }`')
          .and.not.includes('keyboard');
      });
    }
  });

  describe('for what is no session id', () => {
    for (const [shown, value] of [
      ['undefined', undefined],
      ['null', null],
      ['an empty string', ''],
      ['a number', 5],
      ['an object', { id: sessionId }],
    ] as const) {
      it(`is not made: ${shown}`, async () => {
        const error = await rejection(ticketsWith().issue(value as string));
        expect(error).to.be.instanceOf(TypeError);
        expect(error).to.have.property('message').that.includes(`got ${shown}`);
      });
    }

    it('is not made where it would be too long to be taken', async () => {
      const error = await rejection(ticketsWith().issue('x'.repeat(4_000)));
      expect(error).to.be.instanceOf(TypeError).with.property('message').that.includes('4096');
    });
  });
});
