/**
 * @module Who connects to a test server, and what becomes of their sessions.
 */

import { expect } from 'chai';
import type { ExpressionSocket } from '../../../source/index.js';
import { nextEvent, startTestServer, type TestServer } from '../../../source/testing/index.js';
import { rejection } from '../../support/outcomes.js';

declare module 'express-session' {
  interface SessionData {
    nickname: string;
    votes: string[];
    since: Date;
  }
}

/** The listeners under test, as an application would have them. */
function registerVotes(expressionIO: ExpressionSocket): void {
  expressionIO.sockets.on('connection', (_err, _session, socket) => {
    socket.sessOn('vote', async (err, session, option: string, ack: (reply: unknown) => void) => {
      if (err) return ack({ code: err.code });
      session.votes = [...(session.votes ?? []), option];
      await session.save();
      ack({ nickname: session.nickname, votes: session.votes });
    });
  });
}

describe('a test server', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await startTestServer({ setUp: ({ expressionIO }) => registerVotes(expressionIO) });
  });
  afterEach(() => server.stop());

  describe('connects a client', () => {
    it('whose visitor has this session', async () => {
      const client = await server.connect({ session: { nickname: 'Ann', votes: ['tea'] } });
      expect(await client.emitWithAck('vote', 'milk')).to.deep.equal({
        nickname: 'Ann',
        votes: ['tea', 'milk'],
      });
    });

    it('whose session is empty, where nothing else is said', async () => {
      const client = await server.connect();
      expect(await client.emitWithAck('vote', 'tea')).to.deep.equal({ votes: ['tea'] });
    });

    it('without a session', async () => {
      const client = await server.connect({ session: false });
      const code = 'ERR_SESSION_COOKIE_MISSING';
      expect(await client.emitWithAck('vote', 'tea')).to.deep.equal({ code });
    });

    it('of the same visitor as another', async () => {
      const ann = await server.connect({ session: { nickname: 'Ann' } });
      const tab = await server.connect({ as: ann });
      await ann.emitWithAck('vote', 'tea');
      expect(await tab.emitWithAck('vote', 'milk')).to.deep.equal({
        nickname: 'Ann',
        votes: ['tea', 'milk'],
      });
      expect(server.sessionId(tab)).to.equal(server.sessionId(ann));
    });

    it('of another visitor than the others', async () => {
      const [ann, bob] = [await server.connect(), await server.connect()];
      expect(server.sessionId(ann)).not.to.equal(server.sessionId(bob));
    });

    it('that has not connected yet, to add listeners before', async () => {
      server.io.on('connection', (socket) => socket.emit('welcome', 'here'));
      const client = await server.client();
      const welcome = nextEvent(client, 'welcome');
      client.connect();
      expect(await welcome).to.deep.equal(['here']);
    });

    it('to a namespace', async () => {
      server.expressionIO.of('/news').on('connection', (_err, session, socket) => {
        socket.emit('hello', session?.nickname);
      });
      const client = await server.client({ namespace: '/news', session: { nickname: 'Ann' } });
      const hello = nextEvent(client, 'hello');
      client.connect();
      expect(await hello).to.deep.equal(['Ann']);
    });

    it('and tells why it is refused', async () => {
      server.expressionIO.sockets.authorization((err, session, _handshake, fn) => {
        fn(err, session?.nickname === 'Ann');
      });
      await server.connect({ session: { nickname: 'Ann' } });
      const error = await rejection(server.connect({ session: { nickname: 'Bob' } }));
      expect(error).to.have.nested.property('data.code', 'ERR_SESSION_REFUSED');
    });
  });

  it('tells what the store holds', async () => {
    const client = await server.connect({ session: { nickname: 'Ann' } });
    await client.emitWithAck('vote', 'tea');
    expect(await server.session(client)).to.deep.include({ nickname: 'Ann', votes: ['tea'] });
  });

  it('lets a visitor do something over HTTP', async () => {
    const client = await server.connect({ session: { nickname: 'Ann' } });
    const nickname = await server.visit(client, (request) => {
      request.session.votes = ['coffee'];
      return request.session.nickname;
    });
    expect(nickname).to.equal('Ann');
    expect(await client.emitWithAck('vote', 'tea')).to.deep.include({ votes: ['coffee', 'tea'] });
  });

  it('passes on what goes wrong in a visit', async () => {
    const client = await server.connect();
    const error = new Error('no');
    const visit = server.visit(client, () => {
      throw error;
    });
    expect(await rejection(visit)).to.equal(error);
  });

  it('passes on that a visit could not be saved', async () => {
    const client = await server.connect();
    const error = new Error('no');
    server.store.fail('set', error);
    const visit = server.visit(client, (request) => {
      request.session.nickname = 'Ann';
    });
    expect(await rejection(visit)).to.equal(error);
  });

  it('logs a visitor out, whose client is disconnected', async () => {
    const client = await server.connect({ session: { nickname: 'Ann' } });
    const disconnected = nextEvent(client, 'disconnect');
    await server.logout(client);
    expect((await disconnected)[0]).to.equal('io server disconnect');
    expect(await server.session(client)).to.equal(null);
  });

  it('logs a visitor in, and waits until all tabs have reconnected with the new cookie', async () => {
    const client = await server.connect({ session: { nickname: 'guest' } });
    const tab = await server.connect({ as: client });
    const before = server.sessionId(client);

    await server.login(client, { nickname: 'Ann' });

    expect(server.sessionId(client)).not.to.equal(before);
    for (const one of [client, tab]) {
      expect(await one.emitWithAck('vote', 'tea')).to.deep.include({ nickname: 'Ann' });
    }
  });

  it('logs a visitor without a session in, whose client has to reconnect by itself', async () => {
    const client = await server.connect({ session: false });

    await server.login(client, { nickname: 'Ann' });

    client.disconnect();
    const back = nextEvent(client, 'connect');
    client.connect();
    await back;
    expect(await client.emitWithAck('vote', 'tea')).to.deep.include({ nickname: 'Ann' });
  });

  it('logs a visitor in whom a namespace then refuses', async () => {
    const guests = server.expressionIO.of('/guests');
    guests.authorization((_err, session) => session?.nickname === 'guest');
    const guest = { nickname: 'guest' };
    const client = await server.connect({ namespace: '/guests', session: guest });
    const refused = nextEvent(client, 'connect_error');

    await server.login(client, { nickname: 'Ann' });

    expect((await refused)[0]).to.have.nested.property('data.code', 'ERR_SESSION_REFUSED');
    expect(client.active).to.equal(false);
  });

  it('logs a visitor in whose client does not reconnect', async () => {
    const client = await server.connect({ reconnection: false });
    await server.login(client, { nickname: 'Ann' });
    expect(client.connected).to.equal(false);
  });

  it('logs a visitor in whose client tries in vain to reconnect', async () => {
    const client = await server.connect({ reconnectionAttempts: 1 });
    server.io.engine.opts.allowRequest = (_request, answer) => answer('closed', false);
    await server.login(client, { nickname: 'Ann' });
    expect(client.connected).to.equal(false);
  });

  it('logs a visitor in whose session has expired, whose client is not disconnected yet', async () => {
    const client = await server.connect();
    const { id } = client;
    await server.expire(client);
    await server.login(client, { nickname: 'Ann' });
    expect(client.id).to.equal(id);
    expect(await server.session(client)).to.deep.include({ nickname: 'Ann' });
  });

  it('logs a visitor in whose client stays connected after `close()`', async () => {
    const client = await server.connect();
    const { id } = client;
    server.expressionIO.close();
    await server.login(client, { nickname: 'Ann' });
    expect(client.id).to.equal(id);
  });

  it('logs a visitor in whose client stays connected: with `onSessionEnd`, or in a namespace without sessions', async () => {
    await using other = await startTestServer({ options: { onSessionEnd: 'ignore' } });
    const client = await other.connect();
    const { id } = client;
    await other.login(client, { nickname: 'Ann' });
    expect(client.id).to.equal(id);

    server.io.of('/plain');
    const plain = await server.connect({ namespace: '/plain' });
    await server.login(plain, { nickname: 'Ann' });
    expect(plain.connected).to.equal(true);
  });

  it('lets a session expire', async () => {
    const client = await server.connect({ session: { nickname: 'Ann' } });
    const code = 'ERR_SESSION_NOT_FOUND';
    await server.expire(client);
    expect(await server.session(client)).to.equal(null);
    expect(await client.emitWithAck('vote', 'tea')).to.deep.equal({ code });
  });

  it('knows its own clients only', async () => {
    expect(() => server.sessionId({})).to.throw(TypeError, /a client of this test server/);
    const guest = await server.connect({ session: false });
    expect(() => server.sessionId(guest)).to.throw(TypeError, /has no session.*`session: false`/);
  });
});
