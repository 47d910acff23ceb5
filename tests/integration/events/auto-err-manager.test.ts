/**
 * @module "Every failure has a name", with `autoErrManager`: which failures disconnect the client, which
 * drop an event, and which are reported.
 */

import { expect } from 'chai';
import { stub } from 'sinon';
import { type ErrorContext, SessionError } from '../../../source/index.js';
import { App, received } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { absences, parserFailures, startFailing, storeTroubles } from '../../support/failures.js';
import { ControlledStore } from '../../support/stores.js';

/** What `onError` was told, and a promise of the first of it. */
function listenToErrors() {
  const told: { readonly error: unknown; readonly context: ErrorContext }[] = [];
  let tellFirst = (): void => {};
  const first = new Promise<void>((resolve) => {
    tellFirst = resolve;
  });
  const onError = (error: unknown, context: ErrorContext): void => {
    told.push({ error, context });
    tellFirst();
  };
  return { told, first, onError };
}

describe('Every failure has a name, which autoErrManager acts upon', () => {
  let stop: (() => Promise<void>) | undefined;

  afterEach(async () => {
    await stop?.();
    stop = undefined;
  });

  expectNoCrash();

  for (const failure of [...absences, ...parserFailures]) {
    describe(`when a visitor ${failure.what}`, () => {
      it('disconnects the client, and calls no connection listener', async () => {
        const { onError, told } = listenToErrors();
        const { app, fail } = await startFailing(failure, { autoErrManager: true, onError });
        stop = () => app.stop();
        const listener = stub();
        app.expressionIO.sockets.on('connection', listener);
        const client = app.client(await fail());
        expect(await received(client, 'disconnect')).to.include('io server disconnect');
        expect(listener.called).to.equal(false);
        // Who has not logged in is no news for an operator; a parser that fails is.
        expect(told.map(({ error }) => (error as SessionError).code)).to.deep.equal(
          parserFailures.includes(failure) ? [failure.code] : [],
        );
      });
    });
  }

  for (const failure of storeTroubles) {
    describe(`when a visitor ${failure.what}`, () => {
      it('leaves the client connected, calls no connection listener, and tells `onError`', async () => {
        const { onError, told, first } = listenToErrors();
        const { app, fail } = await startFailing(failure, { autoErrManager: true, onError });
        stop = () => app.stop();
        const listener = stub();
        app.expressionIO.sockets.on('connection', listener);
        const client = await app.connect(await fail());
        client.on('are you there', (answer) => answer('yes'));
        await first;
        expect(told[0]?.error).to.be.instanceOf(SessionError).with.property('code', failure.code);
        expect(told[0]?.context.event).to.equal('connection');
        expect(told[0]?.context.socket?.id).to.equal(client.id);
        expect(await app.io.timeout(10_000).emitWithAck('are you there')).to.deep.equal(['yes']);
        expect(listener.called).to.equal(false);
      });

      it('drops an event, tells `onError` where, and leaves the client connected', async () => {
        const { onError, told, first } = listenToErrors();
        const { app, store, visitor } = await startFailing(failure, {
          autoErrManager: true,
          onError,
          // Long enough for the reads that work, also on a machine that is busy.
          storeTimeout: 400,
        });
        stop = () => app.stop();
        const listener = stub().callsFake((_session, answer) => answer('heard'));
        app.expressionIO.sockets.on('connection', (_session, socket) => {
          socket.sessOn('try', listener);
          socket.emit('ready');
        });
        const client = app.client(visitor);
        await received(client, 'ready');
        failure.go?.(store);
        client.emit('try', () => {});
        await first;
        expect(listener.called).to.equal(false);
        expect(told[0]?.error).to.be.instanceOf(SessionError).with.property('code', failure.code);
        expect(told[0]?.context.event).to.equal('try');
        expect(told[0]?.context.socket?.id).to.equal(client.id);
        store.onGet = undefined;
        expect(await client.emitWithAck('try')).to.equal('heard');
        expect(listener.callCount).to.equal(1);
      });
    });
  }

  describe('when more than `maxPending` events wait', () => {
    it('drops those, tells `onError` ERR_SESSION_OVERLOAD, and answers the others', async () => {
      const { onError, told, first } = listenToErrors();
      const store = new ControlledStore();
      const app = await App.start({
        store,
        options: { autoErrManager: true, maxPending: 2, onError },
      });
      stop = () => app.stop();
      app.expressionIO.sockets.on('connection', (_session, socket) => {
        socket.sessOn('try', (_session, n, answer) => answer(n));
        socket.emit('ready');
      });
      const client = app.client(await app.login());
      await received(client, 'ready');
      const reads: (() => void)[] = [];
      store.onGet = (_id, _callback, read) => reads.push(read);
      const kept = [client.emitWithAck('try', 1), client.emitWithAck('try', 2)];
      client.emit('try', 3, () => expect.fail('the event was not dropped'));
      await first;
      expect(told[0]?.error).to.have.property('code', 'ERR_SESSION_OVERLOAD');
      store.onGet = undefined;
      for (const read of reads) read();
      expect(await Promise.all(kept)).to.deep.equal([1, 2]);
      expect(client.connected).to.equal(true);
    });
  });

  describe('when the session ends between two events', () => {
    it('disconnects the client, and does not call the listener', async () => {
      const { onError, told } = listenToErrors();
      const app = await App.start({ options: { autoErrManager: true, onError } });
      stop = () => app.stop();
      const listener = stub().callsFake((session, answer) => answer(session.visitor.name));
      app.expressionIO.sockets.on('connection', (_session, socket) => {
        socket.sessOn('try', listener);
        socket.emit('ready');
      });
      const visitor = await app.login();
      const client = app.client(visitor);
      await received(client, 'ready');
      expect(await client.emitWithAck('try')).to.equal('Ada');
      app.store.destroy(visitor.sessionId);
      const gone = received(client, 'disconnect');
      client.emit('try', () => {});
      expect(await gone).to.include('io server disconnect');
      expect(listener.callCount).to.equal(1);
      expect(told).to.deep.equal([]);
    });
  });

  it('leaves the client connected while the store is down, though its end would not disconnect it', async () => {
    const { onError, first } = listenToErrors();
    const store = new ControlledStore();
    const options = { autoErrManager: true, onSessionEnd: 'ignore', onError } as const;
    const app = await App.start({ store, options });
    stop = () => app.stop();
    app.expressionIO.sockets.on('connection', (_session, socket) => {
      socket.sessOn('try', (_session, answer) => answer('heard'));
      socket.emit('ready');
    });
    const client = app.client(await app.login());
    await received(client, 'ready');
    store.onGet = (_id, callback) => callback(new Error('down'));
    client.emit('try', () => {});
    await first;
    store.onGet = undefined;
    expect(await client.emitWithAck('try')).to.equal('heard');
  });

  it('passes the session and no error while all is well', async () => {
    const app = await App.start({ options: { autoErrManager: true } });
    stop = () => app.stop();
    app.expressionIO.sockets.on('connection', (session, socket) => {
      socket.sessOn('try', (again, word, answer) => answer(session.id, again.id, word));
    });
    const { cookie, sessionId } = await app.login();
    const client = await app.connect({ cookie });
    const answer = await new Promise<unknown[]>((resolve) => {
      client.emit('try', 'word', (...args: unknown[]) => resolve(args));
    });
    expect(answer).to.deep.equal([sessionId, sessionId, 'word']);
  });
});
