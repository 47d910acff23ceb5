/**
 * @module An application's own tests with `expression.socket.io/testing`, for whichever framework gives
 * the functions.
 */

'use strict';

const assert = require('node:assert/strict');

/** The listeners under test. */
function registerVotes({ expressionIO }) {
  expressionIO.sockets.on('connection', (_err, _session, socket) => {
    socket.sessOn('vote', async (err, session, option, reply) => {
      if (err) return reply(err.code);
      session.vote = option;
      await session.save();
      reply(session.user);
    });
  });
}

module.exports = function votes({ describe, it, afterEach }, { SessionError }, testing) {
  const { nextEvent, startTestServer } = testing;

  describe('votes', () => {
    let server;
    const start = async (options = {}) => {
      server = await startTestServer({ options, setUp: registerVotes });
      return server;
    };
    afterEach(() => server.stop());

    it('are kept in the session', async () => {
      const { store } = await start();
      const client = await server.connect({ session: { user: 'Ann', since: new Date(0) } });
      assert.equal(await client.emitWithAck('vote', 'tea'), 'Ann');
      assert.equal((await server.session(client)).vote, 'tea');
      assert.equal(store.calls.includes('set'), true);
    });

    it('work with a ticket', async () => {
      await start({ ticket: {} });
      const client = await server.connect({ session: { user: 'Ann' }, ticket: true });
      assert.equal(await client.emitWithAck('vote', 'tea'), 'Ann');
    });

    it('need a session', async () => {
      await start();
      const guest = await server.connect({ session: false });
      assert.equal(await guest.emitWithAck('vote', 'tea'), 'ERR_SESSION_COOKIE_MISSING');
    });

    it('survive a login', async () => {
      await start();
      const client = await server.connect();
      const back = nextEvent(client, 'connect');
      await server.login(client, { user: 'Ann' });
      await back;
      assert.equal(await client.emitWithAck('vote', 'tea'), 'Ann');
    });

    it('end with a logout and with an expiry', async () => {
      await start();
      const ann = await server.connect({ session: { user: 'Ann' } });
      const disconnected = nextEvent(ann, 'disconnect');
      await server.logout(ann);
      assert.deepEqual((await disconnected)[0], 'io server disconnect');
      const bob = await server.connect({ session: { user: 'Bob' } });
      await server.expire(bob);
      assert.equal(await bob.emitWithAck('vote', 'tea'), 'ERR_SESSION_NOT_FOUND');
    });

    it('fail where the store does', async () => {
      await start();
      const client = await server.connect();
      server.store.fail('get');
      assert.equal(await client.emitWithAck('vote', 'tea'), 'ERR_SESSION_STORE');
      server.store.recover();
      assert.equal(await client.emitWithAck('vote', 'tea'), undefined ?? null);
    });

    it('are refused by `authorization`, with an error of ours', async () => {
      await start();
      server.expressionIO.sockets.authorization(() => false);
      await assert.rejects(server.connect(), { data: { code: 'ERR_SESSION_REFUSED' } });
      assert.equal(new SessionError('ERR_SESSION_REFUSED', 'no') instanceof Error, true);
    });
  });
};
