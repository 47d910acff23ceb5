import { expect } from 'chai';
import fc from 'fast-check';
import sinon from 'sinon';
import type { Socket } from 'socket.io';
import { App } from '../../support/app.js';
import { type Pair, pair } from '../../support/pair.js';

/** What can be done with a socket, prototyped or raw. */
interface Deed {
  readonly name: string;
  readonly run: (socket: Socket) => unknown;
}

function one(): void {}
function two(): void {}
function pass(_event: unknown, next: () => void): void {
  next();
}

const event = fc.constantFrom('vote', 'news');
const listener = fc.constantFrom(one, two);
const room = fc.constantFrom('red', 'blue');
const adder = fc.constantFrom(
  'on',
  'once',
  'addListener',
  'prependListener',
  'prependOnceListener',
  'off',
  'removeListener',
  'listenerCount',
);
const anyMember = fc.constantFrom(
  'onAny',
  'prependAny',
  'offAny',
  'onAnyOutgoing',
  'prependAnyOutgoing',
  'offAnyOutgoing',
);

const deeds: fc.Arbitrary<Deed> = fc.oneof(
  always('volatile', (socket) => socket.volatile),
  always('volatile.emit', (socket) => socket.volatile.emit('news', 1)),
  fc.boolean().map((value) => deed(`compress(${value})`, (socket) => socket.compress(value))),
  fc.integer({ min: 1, max: 9 }).map((ms) => deed(`timeout(${ms})`, (to) => to.timeout(ms))),
  fc
    .jsonValue()
    .map((value) => deed(`emit(${JSON.stringify(value)})`, (socket) => socket.emit('news', value))),
  always('emit with acknowledgement', (socket) => socket.emit('ask', one)),
  always('emit of a reserved event', (socket) => socket.emit('disconnect')),
  always('send', (socket) => socket.send('hello')),
  always('write', (socket) => socket.write('hello')),
  room.map((name) => deed(`to(${name}).emit`, (socket) => socket.to(name).emit('news'))),
  room.map((name) => deed(`except(${name}).emit`, (socket) => socket.except(name).emit('news'))),
  always('broadcast.emit', (socket) => socket.broadcast.emit('news')),
  always('local.emit', (socket) => socket.local.emit('news')),
  room.map((name) => deed(`join(${name})`, (socket) => socket.join(name))),
  room.map((name) => deed(`leave(${name})`, (socket) => socket.leave(name))),
  always('use', (socket) => socket.use(pass)),
  always('setMaxListeners', (socket) => socket.setMaxListeners(33)),
  fc
    .tuple(adder, event, listener)
    .map(([name, ...args]) => deed(`${name}(${args})`, (socket) => call(socket, name, ...args))),
  fc
    .tuple(anyMember, listener)
    .map(([name, given]) => deed(`${name}(${given})`, (socket) => call(socket, name, given))),
  event.map((name) =>
    deed(`removeAllListeners(${name})`, (socket) => socket.removeAllListeners(name)),
  ),
  always('offAny()', (socket) => socket.offAny()),
  fc
    .jsonValue()
    .map((value) => deed(`data = ${JSON.stringify(value)}`, (socket) => (socket.data = { value }))),
  fc
    .jsonValue()
    .map((value) => deed(`data.x = ${JSON.stringify(value)}`, (it) => (it.data.x = value))),
  fc.jsonValue().map((value) =>
    deed(`note = ${JSON.stringify(value)}`, (socket) => {
      Object.assign(socket, { note: value });
      return Reflect.get(socket, 'note');
    }),
  ),
  always('delete note', (socket) => Reflect.deleteProperty(socket, 'note')),
  always('define secret', (socket) => Reflect.defineProperty(socket, 'secret', { value: 1 })),
  always('rooms', (socket) => socket.rooms.size),
  always('eventNames', (socket) => socket.eventNames().map(String)),
  always('disconnect', (socket) => socket.disconnect()),
);

describe('Transparent: state lives on the raw socket only', () => {
  let app: App;

  beforeEach(async () => {
    app = await App.start();
  });

  afterEach(async () => {
    sinon.restore();
    await app.stop();
  });

  it('leaves the raw socket as if all had been done on it directly', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deeds, { maxLength: 30 }), async (sequence) => {
        const prototyped = await watch('/here', ({ socket }) => socket as unknown as Socket);
        const direct = await watch('/there', ({ raw }) => raw);

        for (const { run } of sequence) {
          const here = outcome(run, prototyped.subject);
          const there = outcome(run, direct.subject);
          expect(here).to.deep.equal(there);
        }
        expect(prototyped.state()).to.deep.equal(direct.state());
        sinon.restore();
        prototyped.client.disconnect();
        direct.client.disconnect();
      }),
      { numRuns: 40 },
    );
  });

  it('is what objects derived from the prototyped socket work on', async () => {
    const { raw, socket } = await pair(app);
    const derived: typeof socket = Object.create(socket);
    derived.volatile.emit('news');
    derived.on('vote', one);
    derived.onAny(two);
    derived.join('red');

    expect(Reflect.get(raw, 'flags')).to.deep.equal({});
    expect(raw.listeners('vote')).to.deep.equal([one]);
    expect(socket.listenersAny()).to.deep.equal([two]);
    expect([...raw.rooms]).to.deep.equal([raw.id, 'red']);
    expect(Reflect.ownKeys(derived)).to.deep.equal([]);
  });

  it('is reached by `sessOn` of a derived object, and by its `off`', async () => {
    const { raw, socket } = await pair(app);
    const derived: typeof socket = Object.create(socket);
    derived.sessOn('vote', one);
    expect(raw.listeners('vote')).to.deep.equal([one]);

    derived.off('vote', one);
    expect(raw.listeners('vote')).to.deep.equal([]);
  });

  it('lets a method be replaced by one that calls it', async () => {
    const { raw, socket } = await pair(app);
    const sent: unknown[] = [];
    const { emit } = socket;
    socket.emit = function (this: unknown, ...args: Parameters<typeof emit>) {
      sent.push(args[0]);
      return emit.apply(this as typeof socket, args);
    };
    socket.emit('one');
    raw.emit('two');

    expect(sent).to.deep.equal(['one', 'two']);
  });

  it('lets `on` be replaced by one that calls it', async () => {
    const { socket } = await pair(app);
    const names: unknown[] = [];
    const { on } = socket;
    Object.assign(socket, {
      on(this: unknown, ...args: Parameters<typeof on>) {
        names.push(args[0]);
        return Reflect.apply(on, this, args);
      },
    });
    socket.on('vote', one);

    expect(names).to.deep.equal(['vote']);
    expect(socket.listeners('vote')).to.deep.equal([one]);
  });

  /**
   * Connects a client to a namespace of its own, and watches what its raw socket is and sends. The
   * listeners are those that the subject shows: on a raw socket, they are bound to the prototyped.
   */
  async function watch(
    namespace: string,
    choose: (ends: Pair) => Socket,
  ): Promise<Pair & { subject: Socket; state(): unknown }> {
    const ends = await pair(app, { namespace });
    const { raw } = ends;
    const subject = choose(ends);
    const { adapter } = app.io.of(namespace);
    const broadcast = sinon.spy(adapter, 'broadcast');
    const packet = sinon.spy(raw as unknown as { packet(...args: object[]): void }, 'packet');
    const name = (value: unknown): unknown => (value === raw.id ? 'its own id' : value);
    return {
      ...ends,
      subject,
      state: () => ({
        keys: Reflect.ownKeys(raw).map(String).sort(),
        properties: ['flags', 'fns', 'data', 'note', 'secret', 'connected', '_maxListeners'].map(
          (key) => Reflect.get(raw, key),
        ),
        anyListeners: [[...subject.listenersAny()], [...subject.listenersAnyOutgoing()]],
        listeners: raw
          .eventNames()
          .map((event) => [event, raw.listeners(String(event)), wrappers(subject, event)]),
        rooms: [...raw.rooms].map(name),
        packets: packet.args.map(([sent, options]) => ({ ...sent, nsp: '', options })),
        broadcasts: broadcast.args.map(([{ data }, { rooms, except, flags }]) => ({
          data,
          rooms: [...rooms],
          except: [...(except ?? [])].map(name),
          flags,
        })),
        acknowledgements: (Reflect.get(raw, 'acks') as Map<unknown, unknown>).size,
      }),
    };
  }
});

/** Whether each listener is wrapped, and so runs once. */
function wrappers(socket: Socket, event: string | symbol): boolean[] {
  return socket.rawListeners(String(event)).map((one) => 'listener' in one);
}

function deed(name: string, run: Deed['run']): Deed {
  return { name, run };
}

function always(name: string, run: Deed['run']): fc.Arbitrary<Deed> {
  return fc.constant(deed(name, run));
}

function call(socket: Socket, name: string, ...args: unknown[]): unknown {
  return Reflect.apply(Reflect.get(socket, name), socket, args);
}

/** What a deed gave: a socket that returns itself is the same to both. */
function outcome(run: Deed['run'], socket: Socket): unknown {
  try {
    const returned = run(socket);
    if (returned === socket) return 'itself';
    return typeof returned === 'object' && returned !== null ? returned.constructor.name : returned;
  } catch (error) {
    return error;
  }
}
