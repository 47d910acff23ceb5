import { expect } from 'chai';
import type { ExpressionSocketOptions } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { type Pair, pair } from '../../support/pair.js';
import { barrier } from '../../support/waiting.js';

type Listener = (...args: unknown[]) => void;

/** The methods of the prototyped socket that listeners are registered and looked up with. */
interface Listening {
  on(event: string, listener: Listener): this;
  off(event: string, listener: Listener): this;
  removeListener(event: string, listener: Listener): this;
  removeAllListeners(event?: string): this;
  listenerCount(event: string, listener?: Listener): number;
  listeners(event: string): Listener[];
  rawListeners(event: string): Listener[];
  eventNames(): (string | symbol)[];
}

/** One way to add a listener that gets a session. */
interface Way {
  readonly method: string;
  readonly options: ExpressionSocketOptions;
  readonly isOnce?: true;
  readonly isFirst?: true;
}

const alwaysSession = { alwaysSession: true };
const ways: readonly Way[] = [
  { method: 'sessOn', options: {} },
  { method: 'sessOnce', options: {}, isOnce: true },
  { method: 'on', options: alwaysSession },
  { method: 'addListener', options: alwaysSession },
  { method: 'prependListener', options: alwaysSession, isFirst: true },
  { method: 'once', options: alwaysSession, isOnce: true },
  { method: 'prependOnceListener', options: alwaysSession, isOnce: true, isFirst: true },
  { method: 'sessOn', options: alwaysSession },
];

describe('`off` / `removeListener` / `removeAllListeners` / `listenerCount` / `listeners` work with the listener that the user passed', () => {
  for (const way of ways) {
    const { method, options, isOnce, isFirst } = way;
    const setting = options.alwaysSession ? ', with `alwaysSession`' : '';

    describe(`to \`${method}\`${setting}`, () => {
      let app: App;
      let client: Pair['client'];
      let raw: Pair['raw'];
      let socket: Listening;
      let calls: unknown[][];

      const listener: Listener = (...args) => calls.push(args);
      const other: Listener = (...args) => calls.push(['other', ...args]);
      const add = (event: string, given: Listener = listener): unknown =>
        Reflect.apply(Reflect.get(socket, method), socket, [event, given]);
      const hear = (): Promise<void> => barrier(client, socket);

      beforeEach(async () => {
        app = await App.start({ options });
        const { cookie } = await app.login();
        const ends = await pair(app, { cookie });
        ({ client, raw } = ends);
        // What the options change are the arguments of a listener, which here takes any.
        socket = ends.socket as unknown as Listening;
        calls = [];
      });

      afterEach(() => app.stop());

      it('is called with the session, the arguments and the acknowledgement', async () => {
        add('vote');
        client.emit('vote', 'yes', null, () => {});
        await hear();

        const [[err, session, ...args] = []] = calls;
        expect(err).to.equal(null);
        expect(session).to.have.property('n', 0);
        expect(args.slice(0, 2)).to.deep.equal(['yes', null]);
        expect(args[2]).to.be.a('function');
      });

      it(`is called ${isOnce ? 'for one event only' : 'for every event'}`, async () => {
        add('vote');
        client.emit('vote');
        client.emit('vote');
        await hear();

        expect(calls).to.have.lengthOf(isOnce ? 1 : 2);
        expect(socket.listenerCount('vote')).to.equal(isOnce ? 0 : 1);
      });

      it(`is called ${isFirst ? 'before' : 'after'} the listeners that were there`, async () => {
        Reflect.apply(Reflect.get(socket, 'sessOn'), socket, ['vote', other]);
        add('vote');
        client.emit('vote');
        await hear();

        expect(calls.map(([first]) => first === 'other')).to.deep.equal(
          isFirst ? [false, true] : [true, false],
        );
      });

      for (const remove of ['off', 'removeListener'] as const) {
        it(`is no longer called after \`${remove}\``, async () => {
          add('vote');
          add('vote', other);
          socket[remove]('vote', listener);
          client.emit('vote');
          await hear();

          expect(calls.map(([first]) => first)).to.deep.equal(['other']);
        });
      }

      it('is no longer called after `removeAllListeners` of its event', async () => {
        add('vote');
        add('news', other);
        socket.removeAllListeners('vote');
        client.emit('vote');
        client.emit('news');
        await hear();

        expect(calls.map(([first]) => first)).to.deep.equal(['other']);
      });

      it('is no longer called after `removeAllListeners`', async () => {
        add('vote');
        socket.removeAllListeners();
        client.emit('vote');
        await hear();

        expect(calls).to.deep.equal([]);
      });

      it('is counted by `listenerCount`', () => {
        add('vote');
        add('vote', other);

        expect(socket.listenerCount('vote')).to.equal(2);
        expect(socket.listenerCount('vote', listener)).to.equal(1);
        expect(socket.listenerCount('vote', () => {})).to.equal(0);
        expect(socket.listenerCount('news')).to.equal(0);
      });

      it('is listed by `listeners`, on the raw socket as well', () => {
        add('vote');

        expect(socket.listeners('vote')).to.deep.equal([listener]);
        expect(raw.listeners('vote')).to.deep.equal([listener]);
      });

      it('is the `listener` of what `rawListeners` lists', () => {
        add('vote');

        expect(
          socket.rawListeners('vote').map((one) => Reflect.get(one, 'listener')),
        ).to.deep.equal([listener]);
      });

      it('adds its event to `eventNames`', () => {
        const before = socket.eventNames();
        add('vote');

        expect(socket.eventNames()).to.deep.equal([...before, 'vote']);
      });

      it('is called twice when it is passed twice', async () => {
        add('vote');
        add('vote');
        client.emit('vote');
        await hear();

        expect(calls).to.have.lengthOf(2);
        expect(socket.listenerCount('vote', listener)).to.equal(isOnce ? 0 : 2);
      });

      it('is removed once by each `off` when it is passed twice', async () => {
        add('vote');
        add('vote');
        socket.off('vote', listener);
        expect(socket.listenerCount('vote')).to.equal(1);

        socket.off('vote', listener);
        expect(socket.listenerCount('vote')).to.equal(0);
      });

      it('may be passed for two events, and leaves one', async () => {
        add('vote');
        add('news');
        socket.off('vote', listener);
        client.emit('vote', 1);
        client.emit('news', 2);
        await hear();

        expect(calls.map((args) => args.at(-1))).to.deep.equal([2]);
      });

      it('must be a function', () => {
        expect(() => add('vote', 'no function' as unknown as Listener)).to.throw(
          TypeError,
          `\`${method}\`: expected a function`,
        );
      });
    });
  }
});
