/**
 * @module A Socket.IO server that was attached to two HTTP servers before it got its sessions.
 * `io.engine` is then the engine of the second one.
 */

import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import session, { MemoryStore } from 'express-session';
import { Server } from 'socket.io';
import { type Socket as Client, io as open } from 'socket.io-client';
import { ExpressionSocket } from '../../../source/index.js';
import { received } from '../../support/app.js';

const secret = 'a secret of the tests';
const origins = ['https://first.example', 'https://second.example'] as const;

describe('A Socket.IO server that is attached to two HTTP servers', () => {
  let servers: HttpServer[];
  let ports: number[];
  let clients: Client[];
  let store: MemoryStore;
  let io: Server;
  let expressionIO: ExpressionSocket;

  beforeEach(async () => {
    clients = [];
    store = new MemoryStore();
    io = new Server();
    servers = [];
    ports = [];
    for (const origin of origins) {
      const http = createServer();
      io.attach(http, { cors: { origin } });
      io.engine.use(session({ secret, store, resave: false, saveUninitialized: true }));
      servers.push(http.listen(0, '127.0.0.1'));
      await once(http, 'listening');
      ports.push((http.address() as AddressInfo).port);
    }
    expressionIO = new ExpressionSocket(io, store, cookieParser(secret));
    expressionIO.sockets.on('connection', (err, session, socket) => {
      socket.emit('welcome', err ? err.code : session.id);
    });
  });

  afterEach(async () => {
    for (const client of clients) client.disconnect();
    expressionIO.close();
    for (const http of servers) http.close();
    await io.close();
  });

  /** Connects to one of the servers; returns the session id, or the code of the error. */
  async function visit(port: number | undefined, origin?: string): Promise<unknown> {
    const client = open(`http://127.0.0.1:${port}`, {
      forceNew: true,
      reconnection: false,
      transports: ['websocket'],
      extraHeaders: origin === undefined ? {} : { origin },
    });
    clients.push(client);
    const [told] = await received(client, 'welcome');
    return told;
  }

  for (const [index, which] of ['first', 'second'].entries()) {
    describe(`through the ${which} one`, () => {
      it('accepts the origin of its own `cors`, and no origin of the other', async () => {
        const [own, other] = index === 0 ? origins : origins.toReversed();
        expect(await visit(ports[index], own)).not.to.match(/^ERR_/);
        expect(await visit(ports[index], other)).to.equal('ERR_SESSION_ORIGIN');
      });

      it('gives each visitor a new session', async () => {
        expect(await visit(ports[index])).not.to.match(/^ERR_/);
        expect(await visit(ports[index])).not.to.match(/^ERR_/);
      });

      it('stores the new session of a later visitor, whose cookie was sent', async () => {
        await visit(ports[index]);
        const id = await visit(ports[index]);
        const record = await new Promise((resolve) =>
          store.get(String(id), (_, it) => resolve(it)),
        );
        expect(record).to.have.property('cookie');
      });
    });
  }
});
