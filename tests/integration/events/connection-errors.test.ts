/**
 * @module "Every failure has a name": the errors of `connection` listeners, and of event listeners on
 * sockets that never had a session, without `autoErrManager`.
 */

import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { SessionError } from '../../../source/index.js';
import type { App } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { cause, failures, startFailing } from '../../support/failures.js';
import { arrive } from '../../support/outcomes.js';

describe('Every failure has a name', () => {
  let app: App | undefined;

  afterEach(async () => {
    await app?.stop();
    app = undefined;
  });

  expectNoCrash();

  for (const failure of failures) {
    const { code, what } = failure;

    describe(`when a visitor ${what}`, () => {
      it(`gives the connection listener ${code} and no session`, async () => {
        const failing = await startFailing(failure, {});
        app = failing.app;
        const { err, session } = await arrive(app, await failing.fail());
        expect(err).to.be.instanceOf(SessionError).with.property('code', code);
        expect(session).to.equal(null);
      });

      it(`gives an event listener ${code} and no session, with the arguments of the event`, async () => {
        const failing = await startFailing(failure, {});
        app = failing.app;
        const { client, socket } = await arrive(app, await failing.fail());
        socket.sessOn('try', (err, session, ...args) => {
          const answer = args.pop();
          answer(err?.code, session, args);
        });
        const answer = await new Promise<unknown[]>((resolve) => {
          client.emit('try', 0, '', null, (...args: unknown[]) => resolve(args));
        });
        expect(answer).to.deep.equal([code, null, [0, '', null]]);
      });

      it('leaves the client connected, because the listener decides', async () => {
        const failing = await startFailing(failure, {});
        app = failing.app;
        const { socket, client } = await arrive(app, await failing.fail());
        client.on('are you there', (answer) => answer('yes'));
        expect(await socket.emitWithAck('are you there')).to.equal('yes');
      });

      it('has a message without that of its cause', async () => {
        const failing = await startFailing(failure, {});
        app = failing.app;
        const { err } = await arrive(app, await failing.fail());
        expect(err?.message).to.match(/^[A-Z].{10}/);
        expect(err?.message).not.to.include(cause.message);
      });
    });
  }

  it('is told for as many events as come, since none of them waits where there is no session id', async () => {
    const failing = await startFailing(
      { code: 'ERR_SESSION_COOKIE_MISSING', what: '' },
      { maxPending: 1 },
    );
    app = failing.app;
    const { socket } = await arrive(app, {});
    const raw = app.io.sockets.sockets.get(socket.id) as object;
    const codes: unknown[] = [];
    socket.sessOn('try', (err) => codes.push(err?.code));
    for (let n = 0; n < 3; n++) Reflect.apply(EventEmitter.prototype.emit, raw, ['try']);
    await turn();
    expect(codes).to.deep.equal(Array(3).fill('ERR_SESSION_COOKIE_MISSING'));
  });

  it('keeps what the cookie parser said as the cause', async () => {
    const failing = await startFailing(
      { code: 'ERR_SESSION_COOKIE_PARSER', what: '', cookieParser: (_q, _s, next) => next(cause) },
      {},
    );
    app = failing.app;
    expect((await arrive(app, await failing.fail())).err?.cause).to.equal(cause);
  });

  it('keeps what the store said as the cause', async () => {
    const failing = await startFailing({ code: 'ERR_SESSION_STORE', what: '' }, {});
    app = failing.app;
    failing.store.onGet = (_id, callback) => callback(cause);
    expect((await arrive(app, await failing.fail())).err?.cause).to.equal(cause);
  });

  it('is null while there is a session', async () => {
    const failing = await startFailing({ code: 'ERR_SESSION_STORE', what: '' }, {});
    app = failing.app;
    const { err, session } = await arrive(app, await failing.fail());
    expect(err).to.equal(null);
    expect(session).not.to.equal(null);
  });
});
