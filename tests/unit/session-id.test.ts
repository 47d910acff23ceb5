import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import { Deadlines } from '../../source/deadlines.js';
import { NewSession } from '../../source/handshake/new-session.js';
import { OriginPolicy } from '../../source/handshake/origin-policy.js';
import { SessionIdReader } from '../../source/handshake/session-id.js';
import { SignedCookie } from '../../source/handshake/signed-cookie.js';
import type { Handshake } from '../../source/index.js';

describe('SessionIdReader', () => {
  const deadlines = new Deadlines(1_000);
  const request = new IncomingMessage(new Socket());
  const newSession = new NewSession(
    'a session',
    { save: () => {} },
    { hasCookie: false, deadlines },
  );
  const tickets = { open: async () => 'a session' };

  /** The session of express-session that is believed for a handshake. */
  function newSessionOf(auth: object, withTickets: boolean): NewSession | undefined {
    const reader = new SessionIdReader({
      originPolicy: new OriginPolicy({ origins: false, cors: () => undefined, deadlines }),
      cookie: new SignedCookie('connect.sid', cookieParser('a secret'), deadlines),
      custom: undefined,
      tickets: withTickets ? tickets : undefined,
      newSessions: { of: () => newSession, watchEngineOf: () => {} },
      deadlines,
    });
    // Only `auth` is looked at.
    return reader.newSession({ auth } as Handshake, request);
  }

  it('believes no session of express-session where the client sent a ticket', () => {
    expect(newSessionOf({ session: 'a ticket' }, true)).to.equal(undefined);
  });

  it('believes that session where the client sent no ticket', () => {
    expect(newSessionOf({}, true)).to.equal(newSession);
  });

  it('takes nothing for a ticket where the option `ticket` is off', () => {
    expect(newSessionOf({ session: 'a word' }, false)).to.equal(newSession);
  });
});
