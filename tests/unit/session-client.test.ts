/**
 * @module The session client by itself: which tickets it sends, where it gets them, and what it leaves
 * to Socket.IO.
 */

import { expect } from 'chai';
import { restore, type SinonStub, stub, useFakeTimers } from 'sinon';
import type { Socket } from 'socket.io-client';
import {
  type GivenTicket,
  type SessionClient,
  sessionClient,
} from '../../source/socket.io-sessions/client/session-client.js';

type Send = (data: object) => void;

/** What Socket.IO's own client was called with. */
interface Connection {
  readonly url: string | undefined;
  readonly options: { auth: (this: Socket, send: Send) => void } & Record<string, unknown>;
  readonly socket: Socket;
}

describe('the session client', () => {
  const connections: Connection[] = [];
  let fetching: SinonStub;
  let issued: number;

  beforeEach(() => {
    connections.length = 0;
    issued = 0;
    fetching = stub(globalThis, 'fetch').callsFake(async () => {
      issued += 1;
      return Response.json({ ticket: `fetched ${issued}` });
    });
  });
  afterEach(() => {
    restore();
    Reflect.deleteProperty(globalThis, 'location');
  });

  function make(given?: GivenTicket): SessionClient {
    return sessionClient((url, options) => {
      const socket = { active: true, io: { engine: {} } } as unknown as Socket;
      connections.push({ url, options: options as unknown as Connection['options'], socket });
      return socket;
    }, given);
  }

  /** Lets a socket connect, or connect again; tells what it shows. */
  function connect(index = 0): Promise<object> {
    return new Promise((resolve) => authenticate(resolve, index));
  }

  /** Socket.IO's client asks for `auth`. */
  function authenticate(send: Send, index = 0): void {
    const { socket, options } = connections[index] ?? {};
    if (socket) options?.auth.call(socket, send);
  }

  /** Where the last ticket was fetched. */
  function address(): unknown {
    return fetching.lastCall.args[0];
  }

  function onPage(href: string): void {
    Object.assign(globalThis, { location: new URL(href) });
  }

  describe('`connectWithSession`', () => {
    it('returns the socket of `io`, with its url and options', () => {
      const { connectWithSession } = make();
      const socket = connectWithSession('https://a.example/chat', { path: '/x', timeout: 5 });
      expect(socket).to.equal(connections[0]?.socket);
      expect(connections[0]?.url).to.equal('https://a.example/chat');
      expect(connections[0]?.options).to.include({ path: '/x', timeout: 5 });
    });

    it('takes options alone, and nothing at all', () => {
      const { connectWithSession } = make();
      connectWithSession({ timeout: 5 });
      connectWithSession();
      expect(connections.map(({ url }) => url)).to.deep.equal([undefined, undefined]);
      expect(connections[0]?.options).to.include({ timeout: 5 });
    });

    it('fetches a ticket for each connection, by POST and with the cookie', async () => {
      make().connectWithSession();
      expect(fetching.called).to.equal(false);
      expect(await connect()).to.deep.equal({ session: 'fetched 1' });
      expect(await connect()).to.deep.equal({ session: 'fetched 2' });
      expect(fetching.firstCall.args[1]).to.include({ method: 'POST', credentials: 'include' });
    });

    it('shows the ticket that came with the script first, and once', async () => {
      const { connectWithSession } = make({ ticket: 'given', lifetime: 60_000 });
      connectWithSession();
      connectWithSession('/chat');
      expect(await connect(0)).to.deep.equal({ session: 'given' });
      expect(await connect(1)).to.deep.equal({ session: 'fetched 1' });
      expect(await connect(0)).to.deep.equal({ session: 'fetched 2' });
    });

    it('shows it no longer than it is good', async () => {
      const clock = useFakeTimers({ toFake: ['Date'] });
      make({ ticket: 'given', lifetime: 60_000 }).connectWithSession();
      clock.tick(60_000);
      expect(await connect()).to.deep.equal({ session: 'fetched 1' });
    });

    for (const [what, answer] of [
      ['no session', async () => Response.json({ code: 'ERR' }, { status: 401 })],
      ['no connection', async () => Promise.reject(new TypeError('Failed to fetch'))],
      ['an answer that is no JSON', async () => new Response('<html>')],
      ['a JSON without a ticket', async () => Response.json({})],
    ] as const) {
      it(`connects without a ticket where there is ${what}: the server tells what is missing`, async () => {
        fetching.callsFake(answer);
        make().connectWithSession({ auth: { token: 'own' } });
        expect(await connect()).to.deep.equal({ token: 'own' });
      });
    }

    it('keeps the `auth` of the page, an object or a function', async () => {
      const { connectWithSession } = make();
      connectWithSession({ auth: { token: 'own', session: 'overridden' } });
      connectWithSession({ auth: (send: Send) => setImmediate(send, { token: 'later' }) });
      expect(await connect(0)).to.deep.equal({ token: 'own', session: 'fetched 1' });
      expect(await connect(1)).to.deep.equal({ token: 'later', session: 'fetched 2' });
    });

    it('sends nothing for a connection that was lost while it fetched', async () => {
      const answers: ((response: Response) => void)[] = [];
      fetching.callsFake(() => new Promise((resolve) => answers.push(resolve)));
      make().connectWithSession();
      const first = stub();
      authenticate(first);
      const second = connect();
      await new Promise(setImmediate);
      answers[1]?.(Response.json({ ticket: 'second' }));
      answers[0]?.(Response.json({ ticket: 'first' }));
      expect(await second).to.deep.equal({ session: 'second' });
      await new Promise(setImmediate);
      expect(first.called).to.equal(false);
    });
  });

  describe('the address of tickets', () => {
    for (const [url, options, expected] of [
      [undefined, {}, 'https://page.example:8443/socket.io/socket.io-sessions.json'],
      ['/chat', {}, 'https://page.example:8443/socket.io/socket.io-sessions.json'],
      ['/chat', { path: '/x/' }, 'https://page.example:8443/x/socket.io-sessions.json'],
      ['http://a.example:81/chat', {}, 'http://a.example:81/socket.io/socket.io-sessions.json'],
      ['wss://a.example', {}, 'https://a.example/socket.io/socket.io-sessions.json'],
      ['ws://a.example', {}, 'http://a.example/socket.io/socket.io-sessions.json'],
      ['//a.example/chat', {}, 'https://a.example/socket.io/socket.io-sessions.json'],
      ['a.example:81', {}, 'https://a.example:81/socket.io/socket.io-sessions.json'],
      ['https://a.example', { ticketUrl: '/own' }, '/own'],
    ] as const) {
      it(`is ${expected} for ${url} ${JSON.stringify(options)}`, async () => {
        onPage('https://page.example:8443/a/page?of=its');
        make().connectWithSession(url, options);
        await connect();
        expect(address()).to.equal(expected);
        expect(connections[0]?.options).not.to.have.property('ticketUrl');
      });
    }

    it('needs no page', async () => {
      make().connectWithSession('a.example');
      await connect();
      expect(address()).to.equal('https://a.example/socket.io/socket.io-sessions.json');
    });
  });

  describe('`SessionSocket`', () => {
    it('is the socket of `io`', () => {
      const { SessionSocket } = make();
      const socket = new SessionSocket('a ticket', '/chat', { timeout: 5 });
      expect(socket).to.equal(connections[0]?.socket);
      expect(connections[0]).to.have.property('url', '/chat');
      expect(connections[0]?.options).to.include({ timeout: 5 });
    });

    it('shows its ticket first, and fetched ones then', async () => {
      const { SessionSocket } = make({ ticket: 'given', lifetime: 60_000 });
      new SessionSocket('own', undefined, { auth: { token: 'own' } });
      expect(await connect()).to.deep.equal({ token: 'own', session: 'own' });
      expect(await connect()).to.deep.equal({ token: 'own', session: 'fetched 1' });
    });

    it('shows it again where there is no other, for the server to tell that it has expired', async () => {
      fetching.rejects(new TypeError('Failed to fetch'));
      const { SessionSocket } = make();
      new SessionSocket('own');
      expect(await connect()).to.deep.equal({ session: 'own' });
      expect(await connect()).to.deep.equal({ session: 'own' });
    });

    it('asks a function for each connection', async () => {
      const { SessionSocket } = make();
      const source = stub();
      source.onFirstCall().resolves('one').onSecondCall().returns('two').onThirdCall().rejects();
      new SessionSocket(source, 'https://a.example');
      expect(await connect()).to.deep.equal({ session: 'one' });
      expect(await connect()).to.deep.equal({ session: 'two' });
      expect(await connect()).to.deep.equal({});
      expect(fetching.called).to.equal(false);
    });

    for (const [shown, wrong] of [
      ['undefined', undefined],
      ['an empty string', ''],
      ['object', null],
      ['number', 5],
    ] as const) {
      it(`refuses what is no ticket: ${shown}`, () => {
        const { SessionSocket } = make();
        expect(() => new SessionSocket(wrong as unknown as string)).to.throw(
          TypeError,
          `got ${shown}`,
        );
      });
    }
  });
});
