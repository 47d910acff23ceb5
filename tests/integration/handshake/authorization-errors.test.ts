/**
 * @module "Every failure has a name": the errors of `authorization` listeners, and of refused
 * clients, which must not learn anything about the server from them.
 */

import { expect } from 'chai';
import {
  type AuthorizationAnswer,
  type AuthorizationResult,
  SessionError,
  type SessionErrorCode,
} from '../../../source/index.js';
import { App, type Refused, refused, secret } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import {
  cause,
  failures,
  parserFailures,
  startFailing,
  storeTroubles,
} from '../../support/failures.js';
import { until } from '../../support/waiting.js';

describe('Every failure has a name, in an authorization', () => {
  let stop: (() => Promise<void>) | undefined;

  afterEach(async () => {
    await stop?.();
    stop = undefined;
  });

  expectNoCrash();

  /** A refused client learns the code and a short sentence; nothing that a forger could use. */
  function expectDiscreet(error: Refused, code: SessionErrorCode, sessionId: string): void {
    expect(error.data).to.deep.equal({ code });
    expect(error.message).to.match(/^[A-Z][a-z ]{5,30}$/);
    const told = JSON.stringify([error.message, error.data]);
    for (const treasure of [sessionId, secret, cause.message, 'redis', 'hunter2', '    at ']) {
      expect(told).not.to.include(treasure);
    }
  }

  for (const failure of failures) {
    const { code, what } = failure;

    describe(`when a visitor ${what}`, () => {
      it(`gives the listener ${code} and no session`, async () => {
        const { app, fail } = await startFailing(failure, {});
        stop = () => app.stop();
        const told = new Promise<unknown[]>((resolve) => {
          app.expressionIO.sockets.authorization((err, session) => {
            resolve([err, session]);
            return false;
          });
        });
        app.client(await fail());
        const [err, session] = await told;
        expect(err).to.be.instanceOf(SessionError).with.property('code', code);
        expect(session).to.equal(null);
      });

      it(`tells the client ${code} and no details, when the listener passes the error on`, async () => {
        const { app, fail, visitor } = await startFailing(failure, {});
        stop = () => app.stop();
        app.expressionIO.sockets.authorization((err, _session, _handshake, fn) => fn(err, !err));
        expectDiscreet(await refused(app.client(await fail())), code, visitor.sessionId);
      });

      describe('with autoErrManager', () => {
        it(`refuses the client with ${code} and no details, and does not call the listener`, async () => {
          const options = { autoErrManager: true, onError: () => {} } as const;
          const { app, fail, visitor } = await startFailing(failure, options);
          stop = () => app.stop();
          let isCalled = false;
          app.expressionIO.sockets.authorization(() => {
            isCalled = true;
            return true;
          });
          expectDiscreet(await refused(app.client(await fail())), code, visitor.sessionId);
          expect(isCalled).to.equal(false);
        });

        const isTrouble = [...storeTroubles, ...parserFailures].includes(failure);

        it(`${isTrouble ? 'tells' : 'does not tell'} \`onError\``, async () => {
          const told: unknown[] = [];
          const { app, fail } = await startFailing(failure, {
            autoErrManager: true,
            onError: (error, { socket, event }) => told.push([error, socket?.id, event]),
          });
          stop = () => app.stop();
          const ids: string[] = [];
          app.io.use((socket, next) => {
            ids.push(socket.id);
            next();
          });
          app.expressionIO.sockets.authorization(() => true);
          await refused(app.client(await fail()));
          expect(told).to.have.lengthOf(isTrouble ? 1 : 0);
          if (!isTrouble) return;
          const [[error, id, event]] = told as [[unknown, string, string]];
          expect(error).to.be.instanceOf(SessionError).with.property('code', code);
          expect([id, event]).to.deep.equal([ids[0], 'authorization']);
        });
      });
    });
  }

  describe('when the listener refuses', () => {
    for (const [how, answer] of [
      ['returns false', () => false],
      ['resolves to false', async () => false],
      ['calls fn without an acceptance', (fn) => fn(null)],
      ['calls fn with false', (fn) => fn(null, false)],
      ['calls fn with a truthy value that is not true', (fn) => fn(null, 1 as never)],
    ] satisfies readonly (readonly [string, (fn: AuthorizationAnswer) => AuthorizationResult])[]) {
      it(`tells the client ERR_SESSION_REFUSED, when it ${how}`, async () => {
        const app = await App.start();
        stop = () => app.stop();
        app.expressionIO.sockets.authorization((_err, _session, _handshake, fn) => answer(fn));
        const { cookie, sessionId } = await app.login();
        expectDiscreet(await refused(app.client({ cookie })), 'ERR_SESSION_REFUSED', sessionId);
      });
    }
  });

  describe('when the listener fails', () => {
    for (const [how, answer] of [
      [
        'throws',
        () => {
          throw cause;
        },
      ],
      ['rejects', () => Promise.reject(cause)],
    ] satisfies readonly (readonly [string, () => Promise<boolean>])[]) {
      it(`tells the client ERR_SESSION_REFUSED and not the cause, when it ${how}`, async () => {
        const told: unknown[] = [];
        const app = await App.start({ options: { onError: (error) => told.push(error) } });
        stop = () => app.stop();
        app.expressionIO.sockets.authorization(answer);
        const { cookie, sessionId } = await app.login();
        expectDiscreet(await refused(app.client({ cookie })), 'ERR_SESSION_REFUSED', sessionId);
        expect(told).to.deep.equal([cause]);
      });
    }
  });

  describe('when the listener never answers', () => {
    it('tells the client ERR_SESSION_REFUSED, and `onError` the reason', async () => {
      const told: unknown[] = [];
      const app = await App.start({
        options: { storeTimeout: 400, onError: (error) => told.push(error) },
      });
      stop = () => app.stop();
      app.expressionIO.sockets.authorization(() => {});
      const { cookie, sessionId } = await app.login();
      expectDiscreet(await refused(app.client({ cookie })), 'ERR_SESSION_REFUSED', sessionId);
      expect(told).to.have.lengthOf(1);
      expect(told[0])
        .to.be.instanceOf(SessionError)
        .with.property('message')
        .that.includes('did not answer within 400 ms');
    });
  });

  it('tells `onError` of a save that failed and that the listener ignored', async () => {
    const told: unknown[] = [];
    const app = await App.start({
      options: {
        onError: (error, { event }) => told.push([Reflect.get(Object(error), 'code'), event]),
      },
    });
    stop = () => app.stop();
    const { cookie, sessionId } = await app.login();
    app.expressionIO.sockets.authorization(async (_err, session) => {
      await new Promise((resolve) => app.store.destroy(sessionId, resolve));
      session?.save();
      return true;
    });
    app.client({ cookie });
    await until(() => told.length > 0);
    expect(told[0]).to.deep.equal(['ERR_SESSION_ENDED', 'authorization']);
  });

  it('shows a client the error that the application made, as `next(err)` would', async () => {
    const app = await App.start();
    stop = () => app.stop();
    app.expressionIO.sockets.authorization((_err, _session, _handshake, fn) =>
      fn(Object.assign(new Error('Members only'), { data: { join: '/join' } })),
    );
    const error = await refused(app.client(await app.login()));
    expect(error.message).to.equal('Members only');
    expect(error.data).to.deep.equal({ join: '/join' });
  });
});
