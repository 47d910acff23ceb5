/**
 * @module A store that fails on demand, and what the listeners of an application get then.
 */

import { expect } from 'chai';
import { SessionError } from '../../../source/index.js';
import { startTestServer } from '../../../source/testing/index.js';

type Reply = (result: unknown) => void;

async function startFailing(storeTimeout = 5_000) {
  return startTestServer({
    options: { storeTimeout },
    setUp: ({ expressionIO }) => {
      expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.sessOn('read', (err, _session, ack: Reply) => ack(err?.code ?? 'read'));
        socket.sessOn('save', async (err, session, ack: Reply) => {
          if (err) return ack(err.code);
          session.n = (session.n ?? 0) + 1;
          const failure = await session.save().then(
            () => undefined,
            (error: unknown) => error,
          );
          ack(failure instanceof SessionError ? failure.code : 'saved');
        });
      });
    },
  });
}

describe('the store of a test server', () => {
  let server: Awaited<ReturnType<typeof startFailing>>;
  afterEach(() => server.stop());

  for (const [operation, event, done] of [
    ['get', 'read', 'read'],
    ['set', 'save', 'saved'],
  ] as const) {
    it(`fails \`${operation}\` until it recovers`, async () => {
      server = await startFailing();
      const client = await server.connect();
      server.store.fail(operation, new Error('down'));
      expect(await client.emitWithAck(event)).to.equal('ERR_SESSION_STORE');
      expect(await client.emitWithAck(event)).to.equal('ERR_SESSION_STORE');
      server.store.recover(operation);
      expect(await client.emitWithAck(event)).to.equal(done);
    });

    it(`hangs in \`${operation}\` until it recovers`, async () => {
      server = await startFailing(50);
      const client = await server.connect();
      server.store.hang(operation);
      expect(await client.emitWithAck(event)).to.equal('ERR_SESSION_STORE_TIMEOUT');
      server.store.recover();
      expect(await client.emitWithAck(event)).to.equal(done);
    });

    it(`takes its time for \`${operation}\``, async () => {
      server = await startFailing(100);
      const client = await server.connect();
      server.store.slow(operation, 1);
      expect(await client.emitWithAck(event)).to.equal(done);
      server.store.slow(operation, 300);
      expect(await client.emitWithAck(event)).to.equal('ERR_SESSION_STORE_TIMEOUT');
    });
  }

  it('tells what it holds while `get` fails, and what it was asked for', async () => {
    server = await startFailing();
    const client = await server.connect({ session: { nickname: 'Bob' } });
    server.store.fail('get');
    expect(await server.session(client)).to.have.property('nickname', 'Bob');
    const before = server.store.calls.length;
    await client.emitWithAck('read');
    expect(server.store.calls.slice(before)).to.deep.equal(['get']);
  });
});
