import { once } from 'node:events';
import { expect } from 'chai';
import sinon from 'sinon';
import { Socket } from 'socket.io';
import type { Socket as Client } from 'socket.io-client';
import { App } from '../../support/app.js';
import { pair } from '../../support/pair.js';
import { type Method, methodOf, type Patch, ways } from '../../support/patches.js';
import { exerciseMethod, publicMethods } from '../../support/socket-methods.js';
import { barrier } from '../../support/waiting.js';

/** A socket, prototyped or bare, and what a test has to know of it. */
interface Subject {
  readonly client: Client;
  readonly raw: Socket;
  readonly socket: Socket;
  /** How many arguments come ahead of the event's own. */
  readonly leading: number;
}

const settings = {
  'of a visitor without a session': { options: {}, hasSession: false },
  'of a visitor with a session': { options: {}, hasSession: true },
  'with `alwaysSession`': { options: { alwaysSession: true }, hasSession: true },
} as const;

/** Socket.IO's own, with which the server does its work. */
const privateMethods = ['ack', 'buildHandshake', 'dispatch', 'emitReserved', 'emitUntyped'];
privateMethods.push('leaveAll', 'newBroadcastOperator', 'notifyOutgoingListeners', 'onack');
privateMethods.push('ondisconnect', 'onevent', 'packet', 'registerAckCallback', 'run');

describe('Transparent: a method may be replaced in any of the usual ways', () => {
  it('whichever public method it is', () => {
    const names = new Set<string>();
    for (
      let link = Socket.prototype;
      link !== Object.prototype;
      link = Object.getPrototypeOf(link)
    ) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(link))) {
        if (typeof value === 'function' && /^[a-z]/.test(name)) names.add(name);
      }
    }
    const expected = [...names].filter(
      (name) => !['constructor', ...privateMethods].includes(name),
    );

    expect(expected.sort()).to.deep.equal([...publicMethods].sort());
  });

  for (const [setting, { options, hasSession }] of Object.entries(settings)) {
    describe(`on a socket ${setting}`, () => {
      let app: App;
      let cookie: string;

      before(async () => {
        app = await App.start({ options });
        ({ cookie } = await app.login());
        app.expressionIO.of('/prototyped');
        app.io.of('/bare');
      });

      after(async () => {
        // Many of the patches are still in place.
        app.expressionIO.close();
        for (const raw of app.io.of('/prototyped').sockets.values()) {
          expect(raw.rawListeners('later')).to.deep.equal([]);
        }
        await app.stop();
      });

      afterEach(() => sinon.restore());

      for (const [how, patch] of Object.entries(ways)) {
        for (const name of publicMethods) {
          // Socket.IO itself assigns to `join` when a socket closes.
          if (name === 'join' && how.endsWith('for good')) continue;
          it(`\`${name}\` ${how} does as on a bare socket`, async () => {
            const bare = await trial(await bareSocket(), name, patch);
            const prototyped = await trial(await prototypedSocket(), name, patch);

            expect(prototyped).to.deep.equal(bare);
          });
        }
      }

      async function prototypedSocket(): Promise<Subject> {
        const namespace = '/prototyped';
        const ends = await pair(app, hasSession ? { namespace, cookie } : { namespace });
        // Whatever the options, it is a socket at run time.
        const socket = ends.socket as unknown as Socket;
        return { ...ends, socket, leading: 'alwaysSession' in options ? 2 : 0 };
      }

      async function bareSocket(): Promise<Subject> {
        const announced = once(app.io.of('/bare'), 'connection');
        const client = await app.connect({ namespace: '/bare' });
        const [raw] = (await announced) as [Socket];
        return { client, raw, socket: raw, leading: 0 };
      }
    });
  }
});

/** Patches a method, calls it, lets the client send events, and takes the patch back. */
async function trial(subject: Subject, name: string, way: (typeof ways)[string]): Promise<unknown> {
  const { client, raw, socket, leading } = subject;
  const calls: unknown[] = [];
  const patched: { current?: Patch } = {};
  const which = (value: unknown): unknown => {
    // Of an object that was made of a socket, either is `this` of a listener.
    if (value === socket || value === patched.current?.subject) return 'the socket';
    return value === raw ? 'the raw socket' : shown(value);
  };
  const listener: Method = function (...args) {
    const own = args.at(-1) === 'no event' ? args : args.slice(isListener(name) ? leading : 0);
    calls.push([which(this), ...own.map(which)]);
  };
  client.on('question', (...args: unknown[]) => (args.at(-1) as Method)('answer'));
  // On an object that is derived from a bare socket, the first of these listeners would be lost.
  socket.onAny(listener).offAny(listener).onAnyOutgoing(listener).offAnyOutgoing(listener);

  const original = methodOf(socket, name);
  const patch = way(socket, name);
  patched.current = patch;
  const inPlace = {
    readsBack: methodOf(patch.subject, name) === patch.put,
    own: ownFlags(patch.subject, name),
    keys: Object.keys(patch.subject).includes(name),
  };
  const result = await exerciseMethod(name, { subject: patch.subject, socket, listener });
  const calledOn = patch.calledOn().map(which);
  if (name !== 'disconnect') {
    client.emit('vote', 'yes');
    client.emit('vote', 'no');
    await barrier(client, socket);
    await later(subject);
  }
  const during = {
    result: which(result),
    calledOn,
    calls: [...calls],
    listeners: socket.listeners('vote').map((one) => one === listener),
    rooms: socket.rooms.size,
    maxListeners: raw.getMaxListeners(),
  };
  patch.restore();
  const restored = { own: ownFlags(socket, name), isBack: methodOf(socket, name) === original };
  if (name !== 'disconnect') await barrier(client, socket);
  return { inPlace, during, restored, left: Object.keys(patch.subject).includes(name) };
}

/** While a patch is in place, `sessOn` and the raw socket go on as before. */
async function later({ client, raw, socket }: Subject): Promise<void> {
  const seen: unknown[] = [];
  const { sessOn } = socket as unknown as { sessOn?: Method };
  const isBare = sessOn === undefined;
  if (isBare) seen.push('session', 'session');
  else {
    Reflect.apply(sessOn, socket, ['later', () => seen.push('session')]);
    Reflect.apply(methodOf(socket, 'sessOnce'), socket, ['later', () => seen.push('session')]);
  }
  raw.once('later', (...args) => seen.push(args.length === 0 ? 'raw' : 'raw, with a session'));
  const reply = new Promise((resolve) => client.once('reply', resolve));
  raw.emit('reply');
  await reply;
  client.emit('later');
  await barrier(client, socket);
  expect(seen.sort()).to.deep.equal(['raw', 'session', 'session']);
}

function isListener(name: string): boolean {
  return /listener|^on$|^once$|^off$|eventNames/i.test(name);
}

function ownFlags(socket: object, name: string): unknown {
  const own = Object.getOwnPropertyDescriptor(socket, name);
  return own && { ...own, value: typeof own.value };
}

function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value === 'object' && value !== null) return value.constructor.name;
  return typeof value === 'function' ? 'a function' : value;
}
