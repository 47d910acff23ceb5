import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { App, useApps } from '../../support/app.js';
import { type Pair, pair } from '../../support/pair.js';
import { type Method, methodOf } from '../../support/patches.js';
import { barrier } from '../../support/waiting.js';

/** The ways in which tracers wrap the listeners that `on` is given. */
const patches: Record<string, (app: App) => void> = {
  'in `io.use`, by `this`': (app) =>
    void app.io.use((raw, next) => {
      const { on } = raw;
      Reflect.set(raw, 'on', function (this: Socket, event: string, listener: Method) {
        return Reflect.apply(on, this, [event, traced(listener)]);
      });
      next();
    }),
  'in `io.use`, by its closure': (app) =>
    void app.io.use((raw, next) => {
      const { on } = raw;
      Reflect.set(raw, 'on', (event: string, listener: Method) =>
        Reflect.apply(on, raw, [event, traced(listener)]),
      );
      next();
    }),
  'in `io.use`, all the adding methods': (app) =>
    void app.io.use((raw, next) => {
      for (const name of ['on', 'addListener', 'prependListener', 'once', 'prependOnceListener']) {
        const method = methodOf(raw, name);
        Reflect.set(raw, name, (event: string, listener: Method) =>
          Reflect.apply(method, raw, [event, traced(listener)]),
        );
      }
      next();
    }),
};

/** As a tracer has it: the listener can't be seen behind it. */
function traced(listener: Method): Method {
  return function (...args) {
    return Reflect.apply(listener, this, args);
  };
}

const settings = [
  { method: 'sessOnce', alwaysSession: false },
  { method: 'once', alwaysSession: true },
  { method: 'prependOnceListener', alwaysSession: true },
  { method: 'sessOnce', alwaysSession: true },
  { method: 'once', alwaysSession: false },
];

for (const [where, patch] of Object.entries(patches)) {
  for (const { method, alwaysSession } of settings) {
    const suffix = alwaysSession ? ' of `alwaysSession`' : '';
    // That one is of Node.js, and looks only for itself where it takes itself away.
    const isOurs = method !== 'once' || alwaysSession;

    describe(`\`${method}\`${suffix}, where \`on\` is patched ${where}`, () => {
      let app: App;
      let client: Pair['client'];
      let raw: Socket;
      let socket: Socket;
      let calls: unknown[][];
      const listener: Method = (...args) => void calls.push(args);
      const add = (name = method): unknown =>
        Reflect.apply(methodOf(socket, name), socket, ['vote', listener]);

      beforeEach(async () => {
        app = await App.start({ options: { alwaysSession } });
        patch(app);
        const ends = await pair(app, { cookie: (await app.login()).cookie });
        ({ client, raw } = ends);
        socket = ends.socket as unknown as Socket;
        calls = [];
      });

      afterEach(() => app.stop());

      it('calls its listener once, with one session', async () => {
        add();
        client.emit('vote', 'yes');
        client.emit('vote', 'no');
        await barrier(client, socket);

        expect(calls.map((args) => args.at(-1))).to.deep.equal(['yes']);
        expect(calls[0]).to.have.lengthOf(isOurs ? 3 : 1);
      });

      it('is found by `off`, `listeners` and `listenerCount`', async () => {
        add();
        expect(socket.listeners('vote')).to.deep.equal([listener]);
        expect(socket.listenerCount('vote', listener)).to.equal(1);
        socket.off('vote', listener);
        client.emit('vote');
        await barrier(client, socket);

        expect(calls).to.deep.equal([]);
        expect(raw.listenerCount('vote')).to.equal(0);
      });

      if (!isOurs) return;

      it('leaves nothing on the raw socket', async () => {
        add();
        client.emit('vote');
        await barrier(client, socket);

        expect(raw.rawListeners('vote')).to.deep.equal([]);
      });

      it('is taken away by `close()`, as is what `sessOn` has added', async () => {
        add();
        add('sessOn');
        app.expressionIO.close();
        expect(raw.listenerCount('vote')).to.equal(0);
        client.emit('vote');
        await barrier(client, raw);

        expect(calls).to.deep.equal([]);
      });
    });
  }
}

describe('A session listener that a tracer registers only later', () => {
  const startApp = useApps();
  it('is not called after `close()`', async () => {
    const app = await startApp();
    let register = (): void => {};
    app.io.use((raw, next) => {
      const { on } = raw;
      Reflect.set(raw, 'on', (...args: unknown[]) => {
        register = () => void Reflect.apply(on, raw, args);
      });
      next();
    });
    const { client, raw, socket } = await pair(app, { cookie: (await app.login()).cookie });
    const calls: unknown[] = [];
    socket.sessOn('vote', (...args) => calls.push(args));
    app.expressionIO.close();
    register();
    Reflect.deleteProperty(raw, 'on');
    client.emit('vote');
    await barrier(client, raw);

    expect(raw.listenerCount('vote')).to.equal(1);
    expect(calls).to.deep.equal([]);
  });
});
