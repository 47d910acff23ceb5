import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import type { Socket as Client } from 'socket.io-client';
import { received } from '../../support/app.js';
import { frameworks, type Handler, Site } from '../../support/site.js';
import { Gate } from '../../support/slow-store.js';

type Request = Parameters<Handler<unknown>>[0];

function regenerated(request: Request): Promise<unknown> {
  return new Promise((resolve) => request.session.regenerate(resolve));
}

for (const framework of frameworks) {
  describe(`A login that takes its time, with ${framework}`, () => {
    let site: Site;
    let cookie: string;
    let client: Client;
    let reasons: string[];

    beforeEach(async () => {
      site = await Site.start({ framework });
      reasons = [];
      site.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.on('sessionend', (reason) => reasons.push(reason));
        socket.sessOn('n', (err, session, ack) => ack(err ? err.code : session.n));
      });
      ({ cookie } = await site.visitor());
      client = await site.connect(cookie);
      // As a browser does: it comes back by itself, with the cookie that it has then.
      client.io.reconnection(true);
      client.io.reconnectionDelay(10);
      client.io.reconnectionDelayMax(10);
    });
    afterEach(() => site.stop());

    it('brings the page back with its new session, and not before it has its cookie', async () => {
      const order: string[] = [];
      client.on('disconnect', () => order.push('disconnected'));
      client.on('connect', () => order.push('back'));
      const back = received(client, 'connect');
      const login = await site.visit(cookie, async (request) => {
        const clock = useFakeTimers({
          toFake: ['setTimeout', 'clearTimeout'],
          shouldClearNativeTimers: true,
        });
        try {
          await regenerated(request);
          // What the page sends meanwhile is answered, if not with a session.
          order.push(await client.emitWithAck('n'));
          clock.tick(29_000);
        } finally {
          clock.restore();
        }
        order.push(await client.emitWithAck('n'));
        request.session.n = 42;
      });
      client.io.opts.extraHeaders = { cookie: login.cookie };
      order.push('answered');
      await back;
      expect(order).to.deep.equal([
        'ERR_SESSION_NOT_FOUND',
        'ERR_SESSION_NOT_FOUND',
        'answered',
        'disconnected',
        'back',
      ]);
      expect(await client.emitWithAck('n')).to.equal(42);
      expect(reasons).to.deep.equal(['regenerated']);
    });

    it('ends the sockets after 30 seconds where the answer is not sent', async () => {
      const clock = useFakeTimers({
        toFake: ['setTimeout', 'clearTimeout'],
        shouldClearNativeTimers: true,
      });
      const left = received(client, 'disconnect');
      const answer = new Gate();
      const login = site.visit(cookie, async (request) => {
        await regenerated(request);
        await answer.pass();
      });
      try {
        await answer.reached;
        clock.tick(29_999);
        expect(await client.emitWithAck('n')).to.equal('ERR_SESSION_NOT_FOUND');
        clock.tick(1);
        expect((await left)[0]).to.be.oneOf(['transport close', 'transport error']);
      } finally {
        clock.restore();
        answer.open();
      }
      await login;
    });

    it('ends the sockets where the browser does not wait for the answer', async () => {
      const gate = new Gate();
      const left = received(client, 'disconnect');
      const abort = new AbortController();
      const login = site
        .visit(
          cookie,
          async (request) => {
            await regenerated(request);
            await gate.pass();
          },
          { signal: abort.signal },
        )
        .catch((error: Error) => error.name);
      await gate.reached;
      expect(await client.emitWithAck('n')).to.equal('ERR_SESSION_NOT_FOUND');
      abort.abort();
      expect(await login).to.equal('AbortError');
      expect((await left)[0]).to.be.oneOf(['transport close', 'transport error']);
      expect(reasons).to.deep.equal(['regenerated']);
      gate.open();
    });

    it('ends them where the answer was sent before the session was regenerated', async () => {
      const left = received(client, 'disconnect');
      const over = new Gate();
      await site.visit(cookie, async (request, response) => {
        response.end('"answered"');
        response.once('close', () => over.open());
        await over.pass();
        await regenerated(request);
      });
      expect((await left)[0]).to.be.oneOf(['transport close', 'transport error']);
    });
  });
}
