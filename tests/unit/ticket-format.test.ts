/**
 * @module The format of a ticket, held against another implementation of JSON Web Encryption.
 */

import { expect } from 'chai';
import { EncryptJWT, jwtDecrypt } from 'jose';
import { decryptTicket, deriveTicketKey, encryptTicket } from '../../source/handshake/ticket.js';

const content = { sessionId: 'ümläut ☃', ticketId: 'one', expiry: 4_102_444_800_500 };

describe('the format of a ticket', () => {
  it('is a JSON Web Token, encrypted, that `jose` opens', async () => {
    const key = await deriveTicketKey('keyboard cat', 'connect.sid');
    const { payload, protectedHeader } = await jwtDecrypt(await encryptTicket(content, key), key);
    expect(protectedHeader).to.deep.equal({ alg: 'dir', enc: 'A256GCM' });
    expect(payload).to.deep.equal({
      sub: content.sessionId,
      jti: content.ticketId,
      exp: content.expiry / 1_000,
    });
  });

  /** Has `jose` make a ticket with our key. */
  async function sealedByJose(claims: object, enc = 'A256GCM'): Promise<string> {
    const key = await deriveTicketKey('keyboard cat', 'connect.sid');
    return new EncryptJWT({ ...claims }).setProtectedHeader({ alg: 'dir', enc }).encrypt(key);
  }

  async function open(ticket: string) {
    return decryptTicket(ticket, [await deriveTicketKey('keyboard cat', 'connect.sid')]);
  }

  it('is opened where `jose` made it', async () => {
    const ticket = await sealedByJose({ sub: 'a', jti: 'b', exp: 1_000.5 });
    expect(await open(ticket)).to.deep.equal({ sessionId: 'a', ticketId: 'b', expiry: 1_000_500 });
  });

  for (const [what, claims] of [
    ['a session id', { jti: 'b', exp: 1 }],
    ['an id of its own', { sub: 'a', exp: 1 }],
    ['an expiry', { sub: 'a', jti: 'b' }],
  ] as const) {
    it(`is not opened without ${what}`, async () => {
      expect(await open(await sealedByJose(claims))).to.equal(undefined);
    });
  }

  it('is not opened with another header, nor with bytes moved from one part to the next', async () => {
    const ticket = await sealedByJose({ sub: 'a', jti: 'b', exp: 1 });
    const [header = '', , vector = '', ciphertext = '', tag = ''] = ticket.split('.');
    const bytes = Buffer.concat([
      Buffer.from(ciphertext, 'base64url'),
      Buffer.from(tag, 'base64url'),
    ]);
    const moved = [bytes.subarray(0, -15), bytes.subarray(-15)];
    const parts = moved.map((part) => part.toString('base64url'));
    expect(await open([header, '', vector, ...parts].join('.'))).to.equal(undefined);

    const other = Buffer.from('{"enc":"A256GCM","alg":"dir"}').toString('base64url');
    expect(await open([other, '', vector, ciphertext, tag].join('.'))).to.equal(undefined);
    expect(await open(ticket)).not.to.equal(undefined);
  });
});
