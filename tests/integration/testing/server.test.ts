/**
 * @module What a test server consists of, and what remains after it has stopped.
 */

import { expect } from 'chai';
import express from 'express';
import { MemoryStore } from 'express-session';
import { nextEvent, startTestServer, TestStore } from '../../../source/testing/index.js';
import { rejection } from '../../support/outcomes.js';

describe('a test server', () => {
  it('takes the options, the name of the cookie included', async () => {
    await using server = await startTestServer({
      options: { key: 'app.sid', autoErrManager: true },
      setUp: ({ expressionIO }) => {
        expressionIO.sockets.on('connection', (session, socket) => {
          socket.sessOn('who', (session, ack) => ack(session.nickname));
          socket.emit('hello', session.nickname);
        });
      },
    });
    const client = await server.connect({ session: { nickname: 'Ann' } });
    expect(await client.emitWithAck('who')).to.equal('Ann');
    await server.visit(client, ({ headers }) => expect(headers.cookie).to.match(/^app\.sid=/));
  });

  it('connects with tickets, a new one each time', async () => {
    const tickets: string[] = [];
    await using server = await startTestServer({
      options: { ticket: { once: true } },
      setUp: ({ expressionIO }) => {
        expressionIO.sockets.on('connection', (_err, _session, socket) => {
          tickets.push(socket.handshake.auth.session);
          socket.sessOn('who', (err, session, ack) => ack(err?.code ?? session?.nickname));
        });
      },
    });
    const client = await server.connect({ ticket: true, session: { nickname: 'Ann' } });
    expect(await client.emitWithAck('who')).to.equal('Ann');
    const back = nextEvent(client, 'connect');
    client.io.engine.close();
    await back;
    expect(await client.emitWithAck('who')).to.equal('Ann');
    expect(new Set(tickets)).to.have.property('size', 2);
  });

  it('says that tickets are off', async () => {
    await using server = await startTestServer();
    const error = await rejection(server.connect({ ticket: true }));
    expect(error)
      .to.be.instanceOf(TypeError)
      .with.property('message')
      .that.matches(/`ticket`/);
  });

  it('answers HTTP requests with the handlers of an application, behind express-session', async () => {
    const app = express();
    app.get(
      '/nickname',
      (request, response) => void response.json({ nickname: request.session.nickname }),
    );
    await using server = await startTestServer({ setUp: (server) => server.use(app) });
    const client = await server.connect({ session: { nickname: 'Ann' } });
    const response = await server.fetch(client, '/nickname');
    expect(await response.json()).to.deep.equal({ nickname: 'Ann' });
    expect(await server.fetch(client, '/nothing')).to.have.property('status', 404);
  });

  it('gives the session the lifetime that it is told', async () => {
    await using server = await startTestServer({ session: { cookie: { maxAge: 60_000 } } });
    const client = await server.connect();
    const record = await server.session(client);
    expect(record?.cookie.originalMaxAge).to.equal(60_000);
  });

  it('says that secure cookies need HTTPS', async () => {
    await using server = await startTestServer({ session: { cookie: { secure: true } } });
    const error = await rejection(server.connect());
    expect(error)
      .to.be.instanceOf(TypeError)
      .with.property('message')
      .that.matches(/`cookie\.secure`/);
  });

  it('keeps the sessions in any store, in front of which a `TestStore` may be', async () => {
    const inner = new MemoryStore();
    await using plain = await startTestServer({ store: inner });
    const client = await plain.connect({ session: { nickname: 'Ann' } });
    expect(await plain.session(client)).to.have.property('nickname', 'Ann');
    expect(await rejection(plain.expire(client)))
      .to.be.instanceOf(TypeError)
      .with.property('message')
      .that.matches(/new TestStore\(store\)/);

    await using server = await startTestServer({ store: new TestStore(inner) });
    const other = await server.connect({ session: { nickname: 'Bob' } });
    expect(await server.session(other)).to.have.property('nickname', 'Bob');
    await server.expire(other);
    expect(await server.session(other)).to.equal(null);
  });

  it('leaves nothing behind', async () => {
    const store = new TestStore();
    const server = await startTestServer({ store });
    const client = await server.connect();
    expect(Object.hasOwn(store, 'set')).to.equal(true);
    await server.stop();
    expect(client.connected).to.equal(false);
    expect(server.http.listening).to.equal(false);
    expect(Object.hasOwn(store, 'set')).to.equal(false);
  });

  it('is stopped where `setUp` fails', async () => {
    const store = new TestStore();
    const mistake = new Error('no');
    const start = startTestServer({
      store,
      setUp: () => {
        throw mistake;
      },
    });
    expect(await rejection(start)).to.equal(mistake);
    expect(Object.hasOwn(store, 'set')).to.equal(false);
  });
});
