import { EventEmitter, once } from 'node:events';
import { expect } from 'chai';
import { stub } from 'sinon';
import type { ExpressionSocketOptions } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { type Pair, pair } from '../../support/pair.js';
import { ControlledStore } from '../../support/stores.js';
import { barrier } from '../../support/waiting.js';

const ways: readonly { name: string; method: string; options: ExpressionSocketOptions }[] = [
  { name: '`sessOn`', method: 'sessOn', options: {} },
  { name: '`sessOnce`', method: 'sessOnce', options: {} },
  { name: '`on` of `alwaysSession`', method: 'on', options: { alwaysSession: true } },
  { name: '`once` of `alwaysSession`', method: 'once', options: { alwaysSession: true } },
  {
    name: '`addListener` of `alwaysSession`',
    method: 'addListener',
    options: { alwaysSession: true },
  },
  {
    name: '`prependListener` of `alwaysSession`',
    method: 'prependListener',
    options: { alwaysSession: true },
  },
  {
    name: '`on` of `alwaysSession` and `autoErrManager`',
    method: 'on',
    options: { alwaysSession: true, autoErrManager: true },
  },
];

describe('Transparent: `disconnecting`, `error`, `newListener`, `removeListener` and `sessionend` never carry a session', () => {
  for (const { name, method, options } of ways) {
    describe(`added with ${name}`, () => {
      let app: App;
      let store: ControlledStore;
      let client: Pair['client'];
      let raw: Pair['raw'];
      let socket: Pair['socket'];
      let calls: unknown[][];
      const listener = (...args: unknown[]): unknown => calls.push(args);
      const add = (event: string, given = listener): unknown =>
        Reflect.apply(Reflect.get(socket, method), socket, [event, given]);

      beforeEach(async () => {
        store = new ControlledStore();
        app = await App.start({ store, options });
        const { cookie } = await app.login();
        ({ client, raw, socket } = await pair(app, { cookie }));
        calls = [];
      });

      afterEach(() => app.stop());

      it('`disconnecting` tells the reason while the rooms are still there', async () => {
        socket.join('red');
        add('disconnecting', (...args) => calls.push([...args, raw.rooms.has('red')]));
        store.reads.length = 0;
        socket.disconnect();

        expect(calls).to.deep.equal([['server namespace disconnect', undefined, true]]);
        expect(store.reads).to.deep.equal([]);
      });

      it('`error` tells the error of a middleware', async () => {
        const refusal = new Error('not this one');
        socket.use(([event], next) => next(event === 'vote' ? refusal : undefined));
        add('error');
        client.emit('vote');
        await barrier(client, socket);

        expect(calls).to.deep.equal([[refusal]]);
      });

      it('`error` tells what a client emits under this name', async () => {
        add('error');
        client.emit('error', 'from the client');
        await barrier(client, socket);

        expect(calls).to.deep.equal([['from the client']]);
      });

      for (const event of ['newListener', 'removeListener']) {
        it(`\`${event}\` tells the event and its listener`, () => {
          add(event);
          // Socket.IO refuses to emit it, though Node.js asks for it.
          EventEmitter.prototype.emit.call(raw, event, 'vote', listener);

          expect(calls).to.deep.equal([['vote', listener]]);
        });
      }

      it('`sessionend` listeners are not called when a client emits an event of this name', async () => {
        add('sessionend');
        const came = once(raw, 'sessionend');
        client.emit('sessionend', 'destroyed');
        await came;
        await barrier(client, socket);

        expect(calls).to.deep.equal([]);
      });

      it('`sessionend` is not listened to on the raw socket', () => {
        add('sessionend');

        expect(raw.listenerCount('sessionend')).to.equal(0);
        expect(socket.listenerCount('sessionend')).to.equal(1);
      });
    });
  }
});

describe('Transparent: clients can not fake `sessionend`', () => {
  let app: App;
  let socket: Pair['socket'];
  let raw: Pair['raw'];
  const listener = (): void => {};
  const other = (): void => {};

  beforeEach(async () => {
    app = await App.start();
    ({ socket, raw } = await pair(app));
  });

  afterEach(() => app.stop());

  const adders = ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'] as const;
  for (const method of adders) {
    it(`keeps listeners that \`${method}\` adds off the raw socket`, () => {
      expect(socket[method]('sessionend', listener)).to.equal(socket);

      expect(socket.listeners('sessionend')).to.deep.equal([listener]);
      expect(socket.rawListeners('sessionend')).to.have.lengthOf(1);
      expect(raw.listeners('sessionend')).to.deep.equal([]);
    });
  }

  it('removes such a listener with `off`', () => {
    socket.on('sessionend', listener).on('sessionend', other);
    expect(socket.off('sessionend', listener)).to.equal(socket);

    expect(socket.listeners('sessionend')).to.deep.equal([other]);
  });

  it('allows as many of its listeners as `setMaxListeners` says', () => {
    const warn = stub(process, 'emitWarning');
    try {
      socket.setMaxListeners(20);
      for (let count = 0; count < 20; count++) socket.on('sessionend', () => {});

      expect(warn.callCount).to.equal(0);
      socket.on('sessionend', () => {});
      expect(warn.callCount).to.equal(1);
    } finally {
      warn.restore();
    }
  });

  it('removes such listeners with `removeAllListeners` of this event, and no others', () => {
    socket.on('sessionend', listener).on('vote', listener);
    socket.removeAllListeners('sessionend');

    expect(socket.listenerCount('sessionend')).to.equal(0);
    expect(socket.listenerCount('vote')).to.equal(1);
  });

  it('leaves to other libraries what they listen to under this name on the raw socket', () => {
    raw.on('sessionend', other);
    socket.on('sessionend', listener).off('sessionend', other).removeAllListeners('sessionend');

    expect(raw.listeners('sessionend')).to.deep.equal([other]);
  });

  it('keeps such listeners when those of another event are removed', () => {
    socket.on('sessionend', listener);
    socket.removeAllListeners('vote');

    expect(socket.listenerCount('sessionend')).to.equal(1);
  });

  it('removes such listeners with `removeAllListeners`', () => {
    socket.on('sessionend', listener).on('vote', listener);
    socket.removeAllListeners();

    expect(socket.eventNames()).to.deep.equal([]);
  });

  it('names the event among `eventNames` of the prototyped socket only', () => {
    socket.on('sessionend', listener);

    expect(socket.eventNames()).to.include('sessionend');
    expect(raw.eventNames()).to.not.include('sessionend');
  });
});
