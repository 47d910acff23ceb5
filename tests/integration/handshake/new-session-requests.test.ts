/**
 * @module What the request of a handshake writes of the new session that express-session made for it,
 * after sockets have stored that session.
 */

import { expect } from 'chai';
import type { Request } from 'express';
import type { Socket } from 'socket.io';
import type { SocketSession } from '../../../source/index.js';
import { Site } from '../../support/site.js';
import { SlowStore } from '../../support/slow-store.js';
import { forEachStore } from '../../support/store-kinds.js';
import { codeOf } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

function count(fresh: { n?: number }): void {
  fresh.n = (fresh.n ?? 0) + 1;
}

describe('The request of a handshake with a new session', () => {
  forEachStore((_kind, openStore) => {
    let site: Site;
    let request: Request;
    let session: SocketSession;

    beforeEach(async () => {
      site = await Site.start(await openStore());
      site.io.engine.use(site.session);
      const connected = new Promise<void>((resolve, reject) => {
        site.expressionIO.sockets.on('connection', (err, own, socket) => {
          if (err) return reject(err);
          // Where express-session has put the session.
          request = socket.request as unknown as Request;
          session = own;
          resolve();
        });
      });
      await site.connect('');
      await connected;
    });
    afterEach(() => site.stop());

    function save(): Promise<void> {
      return new Promise((resolve, reject) => {
        request.session.save((error) => (error ? reject(error) : resolve()));
      });
    }

    it('stores it by a save', async () => {
      await save();
      expect(await site.record(session.id)).to.have.property('cookie');
    });

    it('keeps by a save what a socket has saved', async () => {
      session.n = 1;
      await session.save();
      request.session['test:own'] = 2;
      await save();
      expect(await site.record(session.id)).to.include({ n: 1, 'test:own': 2 });
    });

    it('counts on by an update from what a socket has saved', async () => {
      await session.update(count);
      await site.expressionIO.update(request, count);
      expect(await site.record(session.id)).to.have.property('n', 2);
    });

    it('stores it by updates, of which none is lost', async () => {
      const updates = [1, 2, 3].map(() => site.expressionIO.update(request, count));
      await Promise.all([...updates, session.update(count)]);
      expect(await site.record(session.id)).to.have.property('n', 4);
    });

    it('does not bring it back after a logout', async () => {
      await session.update(count);
      await session.destroy();
      await until(() => site.io.sockets.sockets.size === 0);
      expect(await codeOf(site.expressionIO.update(request, count))).to.equal('ERR_SESSION_ENDED');
      await save();
      expect(await site.record(session.id)).to.equal(undefined);
    });
  });
  it('keeps by an update what a socket has saved, after the store was down during the handshake', async () => {
    const store = new SlowStore();
    const site = await Site.start({ store, session: { saveUninitialized: true } });
    try {
      site.io.engine.use(site.session);
      store.failing.add('set');
      const connected = new Promise<Socket>((resolve) => {
        site.expressionIO.sockets.on('connection', (_err, _session, socket) => {
          socket.sessOn('vote', async (_error, session, ack) => {
            await session?.update(count);
            ack();
          });
          resolve(socket as unknown as Socket);
        });
      });
      const client = await site.connect('');
      const { request } = await connected;
      store.failing.clear();
      await client.emitWithAck('vote');
      await site.expressionIO.update(request as Request, count);
      expect(await site.record((request as Request).sessionID)).to.have.property('n', 2);
    } finally {
      await site.stop();
    }
  });
});
