/**
 * @module Clients that leave early, and `authorization` listeners that answer twice, late or never: no
 * client is announced or admitted that should not be.
 */

import { once } from 'node:events';
import { expect } from 'chai';
import { stub } from 'sinon';
import type { AuthorizationAnswer } from '../../../source/index.js';
import { App, type ClientSettings, refused } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { arrive } from '../../support/outcomes.js';
import { ControlledStore } from '../../support/stores.js';

/** A promise, and how to fulfil it. */
function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

describe('A client that leaves', () => {
  let app: App;
  let store: ControlledStore;
  const listener = stub();

  beforeEach(async () => {
    listener.reset();
    store = new ControlledStore();
    app = await App.start({ store });
    app.expressionIO.sockets.on('connection', listener);
  });

  afterEach(async () => {
    await app.stop();
  });

  expectNoCrash();

  /** Lets a client connect and leave again while something is under way. */
  async function leaveDuring(underWay: Promise<unknown>, settings: ClientSettings): Promise<void> {
    const opened = once(app.io.engine, 'connection');
    const client = app.client(settings);
    const [connection] = await opened;
    await underWay;
    const closed = once(connection, 'close');
    client.disconnect();
    await closed;
  }

  /** Expects the next visitor to be the first whom the listener is told of. */
  async function expectOnlyTheNext(): Promise<void> {
    const next = await arrive(app, await app.login());
    expect(listener.args.map(([, , socket]) => socket.id)).to.deep.equal([next.socket.id]);
  }

  for (const transport of ['websocket', 'polling'] as const) {
    describe(`while its session loads, by ${transport},`, () => {
      it('is never announced', async () => {
        const reading = deferred<() => void>();
        store.onGet = (_id, _callback, read) => reading.resolve(read);
        await leaveDuring(reading.promise, { ...(await app.login()), transports: [transport] });
        store.onGet = undefined;
        (await reading.promise)();
        await expectOnlyTheNext();
      });
    });
  }

  it('is never announced while its cookie is parsed', async () => {
    await app.stop();
    const parsing = deferred<() => void>();
    app = await App.start({
      cookieParser: (request, _response, next) => {
        if (!request.headers.cookie?.includes('slow')) {
          Object.assign(request, { signedCookies: {} });
          return next();
        }
        return parsing.resolve(() => next());
      },
    });
    app.expressionIO.sockets.on('connection', listener);
    await leaveDuring(parsing.promise, { cookie: 'slow=1' });
    (await parsing.promise)();
    await expectOnlyTheNext();
  });

  it('is never announced when its authorization agrees afterwards', async () => {
    const asked = deferred<AuthorizationAnswer>();
    app.expressionIO.sockets.authorization((_err, _session, handshake, fn) => {
      if (handshake.auth.wait) asked.resolve(fn);
      else fn(null, true);
    });
    await leaveDuring(asked.promise, { ...(await app.login()), auth: { wait: true } });
    (await asked.promise)(null, true);
    await expectOnlyTheNext();
  });

  it('is never announced when its store fails afterwards', async () => {
    const reading = deferred<(error: Error) => void>();
    store.onGet = (_id, callback) => reading.resolve(callback);
    await leaveDuring(reading.promise, await app.login());
    store.onGet = undefined;
    (await reading.promise)(new Error('connection lost'));
    await expectOnlyTheNext();
  });

  it('leaves no socket behind', async () => {
    const reading = deferred<() => void>();
    store.onGet = (_id, _callback, read) => reading.resolve(read);
    await leaveDuring(reading.promise, await app.login());
    store.onGet = undefined;
    (await reading.promise)();
    const { socket } = await arrive(app, await app.login());
    expect([...app.io.of('/').sockets.keys()]).to.deep.equal([socket.id]);
  });
});

describe('`fn` of an authorization', () => {
  let app: App;
  const listener = stub();

  async function start(options: { storeTimeout?: number } = {}): Promise<void> {
    listener.reset();
    app = await App.start({ options: { ...options, onError: () => {} } });
    app.expressionIO.sockets.on('connection', listener);
  }

  afterEach(async () => {
    await app.stop();
  });

  expectNoCrash();

  /** Registers a listener that does something with `fn`. */
  function answerBy(answer: (fn: AuthorizationAnswer) => unknown): void {
    app.expressionIO.sockets.authorization((_err, _session, _handshake, fn) => {
      answer(fn);
    });
  }

  const refusals: Readonly<Record<string, (fn: AuthorizationAnswer) => unknown>> = {
    'called with false, then with true': (fn) => {
      fn(null, false);
      fn(null, true);
    },
    'called with an error, then with true': (fn) => {
      fn(Object.assign(new Error('No'), { data: { code: 'ERR_SESSION_REFUSED' } }));
      fn(null, true);
    },
    'called without an answer, then with true': (fn) => {
      fn();
      fn(null, true);
    },
    'called with false, and with true a moment later': (fn) => {
      fn(null, false);
      setImmediate(fn, null, true);
    },
    'never called': () => {},
  };

  for (const [how, answer] of Object.entries(refusals)) {
    it(`refuses the client once and for all when it is ${how}`, async () => {
      await start(how === 'never called' ? { storeTimeout: 400 } : {});
      answerBy(answer);
      const client = app.client(await app.login());
      const connected = stub();
      client.on('connect', connected);
      const error = await refused(client);
      expect(error.data).to.deep.equal({ code: 'ERR_SESSION_REFUSED' });
      // A server that let the client in after all would have told it before it answers another one.
      await refused(app.client(await app.login()));
      expect(connected.called).to.equal(false);
      expect(listener.called).to.equal(false);
      expect(app.io.of('/').sockets.size).to.equal(0);
    });
  }

  const acceptances: Readonly<Record<string, (fn: AuthorizationAnswer) => unknown>> = {
    'called with true twice': (fn) => {
      fn(null, true);
      fn(null, true);
    },
    'called with true, then with false': (fn) => {
      fn(null, true);
      fn(null, false);
    },
    'called with true, then with an error': (fn) => {
      fn(null, true);
      fn(new Error('No'));
    },
    'called with true, and the listener throws': (fn) => {
      fn(null, true);
      throw new Error('a mistake');
    },
  };

  for (const [how, answer] of Object.entries(acceptances)) {
    it(`admits the client once when it is ${how}`, async () => {
      await start();
      answerBy(answer);
      const client = await app.connect(await app.login());
      const refusal = stub();
      client.on('connect_error', refusal);
      client.on('are you there', (callBack) => callBack('yes'));
      expect(await app.io.timeout(10_000).emitWithAck('are you there')).to.deep.equal(['yes']);
      expect(refusal.called).to.equal(false);
      expect(listener.callCount).to.equal(1);
    });
  }

  it('admits no client when it is called after the deadline', async () => {
    await start({ storeTimeout: 400 });
    const kept: AuthorizationAnswer[] = [];
    answerBy((fn) => kept.push(fn));
    const client = app.client(await app.login());
    const connected = stub();
    client.on('connect', connected);
    await refused(client);
    for (const fn of kept) fn(null, true);
    await refused(app.client(await app.login()));
    expect(connected.called).to.equal(false);
    expect(app.io.of('/').sockets.size).to.equal(0);
  });
});
