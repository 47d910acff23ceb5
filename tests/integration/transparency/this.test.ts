import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { Socket } from 'socket.io';
import { App } from '../../support/app.js';
import { type Pair, pair } from '../../support/pair.js';
import { type Method, methodOf } from '../../support/patches.js';
import { barrier } from '../../support/waiting.js';

/** The methods that register a listener of events. */
const adders = ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'];
const rejection = Symbol.for('nodejs.rejection');

for (const alwaysSession of [false, true]) {
  describe(`Transparent: \`this\` is the prototyped socket${alwaysSession ? ', with `alwaysSession`' : ''}`, () => {
    let app: App;
    let client: Pair['client'];
    let raw: Socket;
    let socket: Socket;
    let seen: unknown[];
    const listener: Method = function () {
      seen.push(this);
    };
    const call = (name: string, ...args: unknown[]): unknown =>
      Reflect.apply(methodOf(socket, name), socket, args);
    /** Passes a function on, and waits until it was called. */
    const called = (passOn: (noting: Method) => unknown): Promise<void> =>
      new Promise((resolve) => {
        passOn(function () {
          seen.push(this);
          resolve();
        });
      });

    beforeEach(async () => {
      app = await App.start({ options: { alwaysSession } });
      const ends = await pair(app, { cookie: (await app.login()).cookie });
      ({ client, raw } = ends);
      socket = ends.socket as unknown as Socket;
      seen = [];
    });

    afterEach(() => app.stop());

    /** Compared one by one, for a failure could not be shown otherwise. */
    function expectSocket(count: number): void {
      expect(seen.map((self) => self === socket)).to.deep.equal(Array(count).fill(true));
    }

    for (const adder of [...adders, 'sessOn', 'sessOnce']) {
      it(`in listeners of \`${adder}\``, async () => {
        call(adder, 'vote', listener);
        client.emit('vote');
        await barrier(client, socket);
        expectSocket(1);
      });

      it(`in listeners of \`${adder}\` to \`disconnecting\` and \`error\``, () => {
        call(adder, 'disconnecting', listener);
        call(adder, 'error', listener);
        EventEmitter.prototype.emit.call(raw, 'error', new Error('a mistake'));
        raw.disconnect();
        expectSocket(2);
      });

      it(`in listeners of \`${adder}\` to \`disconnect\``, async () => {
        const told = called((noting) => call(adder, 'disconnect', noting));
        client.disconnect();
        await told;
        expectSocket(1);
      });

      it(`in listeners of \`${adder}\` to \`sessionend\``, async () => {
        const { cookie } = await app.login();
        const ends = await pair(app, { cookie });
        socket = ends.socket as unknown as Socket;
        const told = called((noting) => call(adder, 'sessionend', noting));
        await app.logout(cookie);
        await told;
        expectSocket(1);
      });
    }

    for (const adder of ['onAny', 'prependAny']) {
      it(`in listeners of \`${adder}\``, async () => {
        call(adder, listener);
        client.emit('vote');
        await barrier(client, socket);
        expectSocket(2);
      });
    }

    for (const adder of ['onAnyOutgoing', 'prependAnyOutgoing']) {
      it(`in listeners of \`${adder}\``, () => {
        call(adder, listener);
        socket.emit('news');
        raw.emit('news');
        expectSocket(2);
      });
    }

    it('in acknowledgements, also in those that come too late', async () => {
      client.on('question', (answer) => answer());
      await called((acknowledge) => socket.emit('question', acknowledge));
      for (const event of ['question', 'nothing']) {
        const timeout = event === 'nothing' ? 1 : 10_000;
        await called((acknowledge) => socket.timeout(timeout).emit(event, acknowledge));
      }
      expectSocket(3);
    });

    for (const name of ['emit', ...adders]) {
      it(`where a plugin replaced \`${name}\` of the raw socket by a function that calls it there`, async () => {
        const method = methodOf(raw, name);
        Reflect.set(raw, name, (...args: unknown[]) => Reflect.apply(method, raw, args));
        client.on('question', (answer) => answer());
        await called((acknowledge) => socket.emit('question', acknowledge));
        call(name === 'emit' ? 'on' : name, 'vote', listener);
        client.emit('vote');
        await barrier(client, socket);
        expectSocket(2);
      });
    }

    it('in acknowledgements where the `emit` of the class was called on the prototyped socket', async () => {
      client.on('question', (answer) => answer());
      await called((acknowledge) => Socket.prototype.emit.call(socket, 'question', acknowledge));
      expectSocket(1);
    });

    it('in the handler of rejections', async () => {
      const told = called((noting) => Reflect.set(socket, rejection, noting));
      const capture = Object.getOwnPropertySymbols(raw).find((key) => /capture/i.test(String(key)));
      Reflect.set(raw, capture ?? '', true);
      raw.on('fail', async () => {
        throw new Error('a mistake');
      });
      client.emit('fail');
      await told;
      expectSocket(1);
    });

    it('in methods and getters that the application has put on the class', () => {
      const own = ['remember', 'itself', 'disconnect'] as const;
      const before = own.map((name) => Object.getOwnPropertyDescriptor(Socket.prototype, name));
      const { disconnect } = Socket.prototype;
      Object.defineProperties(Socket.prototype, {
        remember: { value: listener, configurable: true },
        itself: { get: listener, configurable: true },
        disconnect: {
          configurable: true,
          writable: true,
          value(this: Socket, ...args: [boolean?]) {
            seen.push(this);
            return disconnect.apply(this, args);
          },
        },
      });
      try {
        call('remember');
        Reflect.get(socket, 'itself');
        expect(socket.disconnect()).to.equal(socket);
      } finally {
        for (const [index, name] of own.entries()) {
          const descriptor = before[index];
          if (descriptor) Object.defineProperty(Socket.prototype, name, descriptor);
          else Reflect.deleteProperty(Socket.prototype, name);
        }
      }
      expectSocket(3);
      expect(raw.connected).to.equal(false);
    });

    for (const name of ['emit', 'newBroadcastOperator', 'packet', 'registerAckCallback']) {
      it(`in a \`${name}\` of the class that a tracer has wrapped`, () => {
        const method: Method = Reflect.get(Socket.prototype, name);
        const wrapped: Method = function (...args) {
          seen.push(this);
          return Reflect.apply(method, this, args);
        };
        Reflect.set(Socket.prototype, name, wrapped);
        try {
          socket.emit('question', () => {});
          socket.to('a room').emit('news');
        } finally {
          Object.defineProperty(Socket.prototype, name, { value: method, enumerable: false });
        }
        expectSocket(1);
      });
    }

    it('in an `on` that a tracer has wrapped where Socket.IO inherits it', () => {
      const base = Object.getPrototypeOf(Socket.prototype);
      const { on } = base;
      base.on = function (this: unknown, ...args: unknown[]) {
        seen.push(this);
        return Reflect.apply(on, this, args);
      };
      try {
        call('on', 'vote', listener);
        call('sessOn', 'vote', listener);
      } finally {
        Object.defineProperty(base, 'on', { value: on, enumerable: false });
      }
      expectSocket(2);
    });

    it('in methods that were replaced, whoever calls them', () => {
      const { emit } = socket;
      socket.emit = function (this: Socket, ...args: Parameters<typeof emit>) {
        seen.push(this);
        return emit.apply(this, args);
      };
      socket.emit('news');
      socket.send('news');
      raw.send('news');
      expectSocket(3);
    });

    it('and not of what was registered on the raw socket', async () => {
      raw.on('vote', listener);
      raw.onAny(listener);
      raw.onAnyOutgoing(listener);
      raw.on('disconnect', listener);
      client.emit('vote');
      await barrier(client, socket);
      socket.emit('news');
      socket.disconnect();

      expect(seen).to.have.lengthOf(5);
      expect(seen.every((self) => self === raw)).to.equal(true);
    });

    describe('while the functions that were passed', () => {
      it('are listed', () => {
        call('on', 'vote', listener);
        socket.onAny(listener).onAnyOutgoing(listener);

        expect(socket.listeners('vote')).to.deep.equal([listener]);
        expect(socket.listenersAny()).to.deep.equal([listener]);
        expect(socket.listenersAnyOutgoing()).to.deep.equal([listener]);
        expect(socket.listenerCount('vote', listener)).to.equal(1);
        if (!alwaysSession) expect(socket.rawListeners('vote')).to.deep.equal([listener]);
      });

      it('are found by what takes them away, on the raw socket as well', () => {
        call('on', 'vote', listener);
        raw.off('vote', listener);
        socket.onAny(listener).offAny(listener);
        socket.onAnyOutgoing(listener).offAnyOutgoing(listener);

        expect(raw.listenerCount('vote')).to.equal(0);
        expect(raw.listenersAny()).to.deep.equal([]);
        expect(raw.listenersAnyOutgoing()).to.deep.equal([]);
      });

      it('may stand for another one, which finds them as well', () => {
        const standIn = Object.assign(() => {}, { listener });
        for (const given of [listener, standIn]) {
          call('on', 'vote', standIn);
          expect(socket.listeners('vote')).to.deep.equal([listener]);
          call('off', 'vote', given);
          expect(raw.listenerCount('vote')).to.equal(0);
        }
      });

      it('may be taken away and added in the array that `listenersAny` gives', async () => {
        const other: Method = () => {};
        socket.onAny(other).onAny(listener);
        const list = socket.listenersAny();
        list.splice(list.indexOf(other), 1);
        list.push(listener as () => void);
        list.reverse();
        client.emit('vote');
        await barrier(client, socket);

        expect(raw.listenersAny()).to.have.lengthOf(2);
        expectSocket(4);
      });

      it('leaves the functions of the raw socket as they are in the array that `listenersAny` gives', () => {
        const theirs = (): void => {};
        raw.onAny(theirs);
        socket.prependAny(listener);
        socket.listenersAny().reverse();

        expect(raw.listenersAny()[0]).to.equal(theirs);
      });
    });
  });
}
