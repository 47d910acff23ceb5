import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { instrument } from '@socket.io/admin-ui';
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { App, received, useApps } from '../../support/app.js';
import { pair } from '../../support/pair.js';
import { type Method, methodOf } from '../../support/patches.js';
import { barrier } from '../../support/waiting.js';

/** Socketio-wildcard has no types. */
type Middleware = (socket: Socket, next?: () => void) => void;
const wildcard: () => Middleware = createRequire(import.meta.url)('socketio-wildcard');

describe('Transparent: OpenTelemetry traces the listeners of prototyped sockets', () => {
  const program = join(import.meta.dirname, '../../support/traced-app.ts');

  for (const options of ['', 'alwaysSession']) {
    it(`and changes nothing about them${options && ', with `alwaysSession`'}`, async () => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--import', 'tsx', program, options],
        { timeout: 15_000 },
      );
      const { isInstrumented, events, areFound, calls, counts } = JSON.parse(stdout);
      const width = options ? 3 : 1;

      expect(isInstrumented).to.equal(true);
      expect(events).to.include.members(['sessOn', 'sessOnce', 'on', 'once', 'news']);
      expect(areFound).to.equal(true);
      expect(calls).to.deep.equal({
        sessOn: [
          [true, 3, 1],
          [true, 3, 2],
        ],
        sessOnce: [[true, 3, 1]],
        on: [
          [true, width, 1],
          [true, width, 2],
        ],
        once: [[true, width, 1]],
      });
      // Before `close()` and after it, which leaves what is not about sessions.
      expect(counts).to.deep.equal({
        sessOn: [1, 0],
        sessOnce: [0, 0],
        on: [1, options ? 0 : 1],
        once: [0, 0],
      });
    });
  }
});

describe('Transparent: `@socket.io/admin-ui` sees prototyped sockets as any others', () => {
  let app: App;

  beforeEach(async () => {
    app = await App.start();
    instrument(app.io, { auth: false, mode: 'development' });
  });

  afterEach(() => app.stop());

  it('tells what they receive, send and join', async () => {
    const admin = app.client({ namespace: '/admin' });
    await received(admin, 'all_sockets');
    const told: [event: string, what: unknown][] = [];
    admin.onAny((event, ...args) => {
      if (/^event_/.test(event)) told.push([event, args[2]]);
      if (event === 'room_joined') told.push([event, args[1]]);
    });
    const { client, socket } = await pair(app, { cookie: (await app.login()).cookie });
    socket.sessOn('vote', (_err, session, ack) => {
      socket.emit('counted', session?.n);
      socket.join('voters');
      ack();
    });
    const counted = received(client, 'counted');
    await client.emitWithAck('vote');
    expect(await counted).to.deep.equal([0]);
    const left = received(admin, 'socket_disconnected');
    client.disconnect();
    await left;

    expect(told.filter(([event]) => event === 'event_received')).to.have.lengthOf(1);
    expect(told).to.deep.include(['event_sent', ['counted', 0]]);
    expect(told).to.deep.include(['room_joined', 'voters']);
  });

  it('can make them join and disconnect', async () => {
    const admin = app.client({ namespace: '/admin' });
    await received(admin, 'all_sockets');
    const { client, socket } = await pair(app);
    const joined = received(admin, 'room_joined');
    admin.emit('join', '/', 'winners', socket.id);
    await joined;
    expect([...socket.rooms]).to.include('winners');

    const left = new Promise<unknown>((resolve) => socket.on('disconnect', resolve));
    const gone = received(client, 'disconnect');
    admin.emit('_disconnect', '/', false, socket.id);
    expect(await left).to.equal('server namespace disconnect');
    expect(await gone).to.deep.equal(['io server disconnect', undefined]);
    expect(socket.connected).to.equal(false);
  });
});

describe('Transparent: `socketio-wildcard` works with prototyped sockets', () => {
  const startApp = useApps();
  for (const alwaysSession of [false, true]) {
    for (const [where, patch] of Object.entries<(app: App, socket?: Socket) => void>({
      'as a middleware': (app) => app.io.use(wildcard() as Parameters<App['io']['use']>[0]),
      'on the prototyped socket': (_app, socket) => void (socket && wildcard()(socket)),
    })) {
      it(`${where}${alwaysSession ? ', with `alwaysSession`' : ''}`, async () => {
        const app = await startApp({ options: { alwaysSession } });
        patch(app);
        const ends = await pair(app, { cookie: (await app.login()).cookie });
        const { client, raw } = ends;
        const socket = ends.socket as unknown as Socket;
        patch(app, socket);
        const seen: unknown[] = [];
        const note: Method = function (...args) {
          const packet = args.at(-1);
          seen.push([this === socket, typeof packet === 'object' ? 'a packet' : packet]);
        };
        Reflect.apply(methodOf(socket, 'on'), socket, ['*', note]);
        Reflect.apply(methodOf(socket, 'on'), socket, ['vote', note]);
        Reflect.apply(methodOf(socket, 'sessOn'), socket, ['vote', note]);
        const came = once(raw, 'vote');
        client.emit('vote', 'yes');
        await came;
        Reflect.apply(methodOf(socket, 'off'), socket, ['*', note]);
        await barrier(client, socket);

        expect(seen).to.have.deep.members([
          [true, 'a packet'],
          [true, 'yes'],
          [true, 'yes'],
        ]);
      });
    }
  }
});
