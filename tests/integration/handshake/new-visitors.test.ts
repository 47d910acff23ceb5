/**
 * @module Visitors without a session, for whom express-session creates one in front of Socket.IO, from
 * their handshake to their logout.
 */

import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import session, { MemoryStore, type SessionOptions } from 'express-session';
import { Server } from 'socket.io';
import { type Socket as Client, io as open } from 'socket.io-client';
import { ExpressionSocket, type SocketSession } from '../../../source/index.js';
import { received, refused } from '../../support/app.js';
import { cookieOf, sign } from '../../support/cookies.js';
import { codeOf } from '../../support/visits.js';

const secret = 'a secret of the tests';

for (const transport of ['websocket', 'polling'] as const) {
  describe(`A visitor without a session, over ${transport}`, () => {
    let http: HttpServer;
    let store: MemoryStore;
    let expressionIO: ExpressionSocket;
    let io: Server;
    let clients: Client[];

    async function start(options: Partial<SessionOptions>): Promise<void> {
      http = createServer();
      io = new Server(http);
      io.engine.use(session({ secret, store, resave: false, ...options } as SessionOptions));
      expressionIO = new ExpressionSocket(io, store, cookieParser(secret));
      expressionIO.sockets.on('connection', (err, session, socket) => {
        socket.emit('welcome', err ? err.code : session.id);
        socket.sessOn('count', async (err, session, ack) => {
          if (err) return ack(err.code);
          session.n = (session.n ?? 0) + 1;
          await session.save();
          ack(session.n);
        });
        socket.sessOn('update', async (err, session, ack) => {
          if (err) return ack(err.code);
          await session.update((fresh) => {
            fresh.n = (fresh.n ?? 0) + 1;
          });
          ack(session.n);
        });
        socket.sessOn('leave', async (err, session, ack) => {
          if (err) return ack(err.code);
          await session.destroy();
          ack('left');
        });
      });
      http.listen(0, '127.0.0.1');
      await once(http, 'listening');
    }

    beforeEach(() => {
      store = new MemoryStore();
      clients = [];
    });
    afterEach(async () => {
      for (const client of clients) client.disconnect();
      expressionIO.close();
      http.closeAllConnections();
      await io.close();
    });

    function client(extraHeaders: Record<string, string> = {}): Client {
      const { port } = http.address() as AddressInfo;
      const made = open(`http://127.0.0.1:${port}`, {
        forceNew: true,
        reconnection: false,
        transports: [transport],
        // As a browser does, it sends the cookies back that it was given.
        withCredentials: true,
        extraHeaders,
      });
      clients.push(made);
      return made;
    }

    function records(): Promise<Record<string, { n?: number }>> {
      return new Promise((resolve, reject) => {
        store.all((error, all) => (error ? reject(error) : resolve({ ...all } as never)));
      });
    }

    it('has the session that express-session made, stored before `connection`', async () => {
      await start({ saveUninitialized: true });
      const visitor = client();
      const [id] = await received(visitor, 'welcome');
      expect(Object.keys(await records())).to.deep.equal([id]);
      expect(await visitor.emitWithAck('count')).to.equal(1);
      expect(await visitor.emitWithAck('update')).to.equal(2);
      expect((await records())[String(id)]).to.have.property('n', 2);
    });

    it('has it stored by the first save where `saveUninitialized` is off', async () => {
      await start({ saveUninitialized: false });
      const visitor = client();
      const [id] = await received(visitor, 'welcome');
      expect(await records()).to.deep.equal({});
      expect(await visitor.emitWithAck('count')).to.equal(1);
      expect((await records())[String(id)]).to.have.property('n', 1);
      expect(await visitor.emitWithAck('count')).to.equal(2);
    });

    it('has it stored by the first update where `saveUninitialized` is off', async () => {
      await start({ saveUninitialized: false });
      const visitor = client();
      const [id] = await received(visitor, 'welcome');
      expect(await visitor.emitWithAck('update')).to.equal(1);
      expect((await records())[String(id)]).to.have.property('n', 1);
    });

    it('loses no count where many come at once, before anything is stored', async () => {
      await start({ saveUninitialized: false });
      const visitor = client();
      const [id] = await received(visitor, 'welcome');
      await Promise.all(Array.from({ length: 20 }, () => visitor.emitWithAck('update')));
      expect((await records())[String(id)]).to.have.property('n', 20);
    });

    for (const saveUninitialized of [true, false]) {
      it(`does not get it back once it has ended (saveUninitialized: ${saveUninitialized})`, async () => {
        await start({ saveUninitialized });
        const visitor = client();
        const [id] = await received(visitor, 'welcome');
        await visitor.emitWithAck('count');
        const left = received(visitor, 'disconnect');
        await new Promise<void>((resolve) => store.destroy(String(id), () => resolve()));
        expect(await visitor.emitWithAck('count')).to.be.oneOf([
          'ERR_SESSION_NOT_FOUND',
          'ERR_SESSION_ENDED',
        ]);
        await left;
        expect(await records()).not.to.have.property(String(id));
      });
    }

    it('may end it', async () => {
      await start({ saveUninitialized: true });
      const visitor = client();
      const [id] = await received(visitor, 'welcome');
      const left = received(visitor, 'disconnect');
      expect(await visitor.emitWithAck('leave')).to.equal('left');
      await left;
      expect(await records()).not.to.have.property(String(id));
    });

    for (const change of ['save', 'update'] as const) {
      it(`is not brought back by the ${change}() of a listener that had it before`, async () => {
        await start({ saveUninitialized: false });
        const held = new Promise<SocketSession>((resolve) => {
          expressionIO.sockets.on('connection', (err, session) => {
            if (!err) resolve(session);
          });
        });
        const visitor = client();
        const session = await held;
        session.n = 1;
        await (change === 'save' ? session.save() : session.update(() => {}));
        expect(Object.keys(await records())).to.deep.equal([session.id]);
        expect(await visitor.emitWithAck('leave')).to.equal('left');
        session.n = 2;
        const late = change === 'save' ? session.save() : session.update(() => {});
        expect(await codeOf(Promise.resolve(late))).to.equal('ERR_SESSION_ENDED');
        expect(await records()).to.deep.equal({});
      });

      it(`is not brought back by the ${change}() of a listener, though others saved it`, async () => {
        await start({ saveUninitialized: false });
        const held = new Promise<SocketSession>((resolve) => {
          expressionIO.sockets.on('connection', (err, session) => {
            if (!err) resolve(session);
          });
        });
        const visitor = client();
        const session = await held;
        expect(await visitor.emitWithAck('count')).to.equal(1);
        expect(await visitor.emitWithAck('leave')).to.equal('left');
        session.n = 2;
        const late = change === 'save' ? session.save() : session.update(() => {});
        expect(await codeOf(Promise.resolve(late))).to.equal('ERR_SESSION_ENDED');
        expect(await records()).to.deep.equal({});
      });
    }

    it('is refused by `authorization` before anything is stored by a socket', async () => {
      await start({ saveUninitialized: false });
      expressionIO.sockets.authorization((_err, session) => session?.n !== undefined);
      expect((await refused(client())).data?.code).to.equal('ERR_SESSION_REFUSED');
      expect(await records()).to.deep.equal({});
    });

    it('has none where a foreign page connects', async () => {
      await start({ saveUninitialized: false });
      const visitor = client({ origin: 'http://evil.example' });
      expect(await received(visitor, 'welcome')).to.deep.equal(['ERR_SESSION_ORIGIN']);
      expect(await visitor.emitWithAck('count')).to.equal('ERR_SESSION_ORIGIN');
      expect(await records()).to.deep.equal({});
    });

    it('has another one than the visitor before', async () => {
      await start({ saveUninitialized: true });
      const ids = await Promise.all([1, 2, 3].map(async () => received(client(), 'welcome')));
      expect(new Set(ids.flat()).size).to.equal(3);
    });

    it('has a new one where the session of the cookie has gone', async () => {
      await start({ saveUninitialized: true });
      const cookie = cookieOf(sign('a session that has gone', secret));
      const visitor = client({ cookie });
      const [id] = await received(visitor, 'welcome');
      expect(id).not.to.equal('a session that has gone').and.not.match(/^ERR_/);
      expect(Object.keys(await records())).to.include(id);
    });
  });
}
