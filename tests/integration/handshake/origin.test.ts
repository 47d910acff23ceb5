/**
 * @module "Only a friendly origin gets a session", over real connections: the headers of browsers,
 * and the `cors` option of real servers.
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import { Server, type ServerOptions } from 'socket.io';
import { io as open } from 'socket.io-client';
import {
  ExpressionSocket,
  type ExpressionSocketOptions,
  type SessionError,
} from '../../../source/index.js';
import { App, type ClientSettings, refused, secret } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { arrive } from '../../support/outcomes.js';
import { ControlledStore } from '../../support/stores.js';

const friend = 'https://friend.example';
const foe = 'https://evil.example';

describe('Only a friendly origin gets a session', () => {
  let app: App<ExpressionSocketOptions>;

  afterEach(async () => {
    await app.stop();
  });

  expectNoCrash();

  /** Starts an application with `origins` and `cors` as given. */
  async function start(
    options: ExpressionSocketOptions = {},
    cors?: ServerOptions['cors'],
  ): Promise<void> {
    app = await App.start({ options, server: cors === undefined ? {} : { cors } });
  }

  /** Connects a visitor who is logged in; tells the error in place of the session. */
  async function errorFor(settings: ClientSettings): Promise<SessionError | null> {
    const { cookie } = await app.login();
    const { err, session, client } = await arrive(app, { cookie, ...settings });
    client.disconnect();
    expect(session === null).to.equal(err !== null);
    return err;
  }

  async function expectFriend(origin: string, settings?: ClientSettings): Promise<void> {
    expect(await errorFor({ ...settings, origin })).to.equal(null);
  }

  async function expectFoe(origin: string, settings?: ClientSettings): Promise<void> {
    expect(await errorFor({ ...settings, origin })).to.have.property('code', 'ERR_SESSION_ORIGIN');
  }

  it('compares with the host that a proxy forwards, with `trustProxy` only', async () => {
    const extraHeaders = { 'x-forwarded-host': 'friend.example' };
    await start({ trustProxy: true });
    await expectFriend(friend, { extraHeaders });
    await expectFoe(foe, { extraHeaders });
    await app.stop();
    await start();
    await expectFoe(friend, { extraHeaders });
  });

  for (const transport of ['websocket', 'polling'] as const) {
    describe(`by ${transport}`, () => {
      const settings = { transports: [transport] };

      beforeEach(() => start());

      it("passes the host's own origin", () => expectFriend(app.url, settings));

      it("passes the host's own origin by its other scheme", () =>
        expectFriend(app.url.replace('http:', 'https:'), settings));

      it('refuses a foreign origin', () => expectFoe(foe, settings));

      it('refuses the host on another port', () => expectFoe('http://127.0.0.1:1', settings));

      it('refuses the host without its port', () => expectFoe('http://127.0.0.1', settings));

      it('refuses `Origin: null`', () => expectFoe('null', settings));

      it('refuses an empty origin', () => expectFoe('', settings));

      it('passes a client without an origin', async () => {
        expect(await errorFor(settings)).to.equal(null);
      });
    });
  }

  describe('at a host with a default port', () => {
    beforeEach(() => start());

    for (const [origin, host] of [
      ['https://app.example.com', 'app.example.com'],
      ['https://app.example.com', 'app.example.com:443'],
      ['http://app.example.com', 'app.example.com:80'],
      ['https://APP.example.com', 'app.EXAMPLE.com'],
    ] as const) {
      it(`passes ${origin} at ${host}`, () => expectFriend(origin, { extraHeaders: { host } }));
    }

    for (const [origin, host] of [
      ['http://app.example.com', 'app.example.com:443'],
      ['https://app.example.com:8443', 'app.example.com'],
      ['https://app.example.com', 'evil.example'],
    ] as const) {
      it(`refuses ${origin} at ${host}`, () => expectFoe(origin, { extraHeaders: { host } }));
    }

    it('ignores the headers of a proxy, which any client can send', () =>
      expectFoe(foe, {
        extraHeaders: { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
      }));
  });

  describe('before anything else', () => {
    it('reads no store for a foreign origin', async () => {
      const store = new ControlledStore();
      app = await App.start<ExpressionSocketOptions>({ store });
      const { cookie } = await app.login();
      store.reads.length = 0;
      await arrive(app, { cookie, origin: foe });
      expect(store.reads).to.deep.equal([]);
    });

    it('gives a refused client the code only', async () => {
      const strict = await App.start({ options: { autoErrManager: true } });
      app = strict;
      strict.expressionIO.sockets.authorization(() => true);
      const error = await refused(app.client({ cookie: (await app.login()).cookie, origin: foe }));
      expect(error.message).to.equal('Origin not allowed');
      expect(error.data).to.deep.equal({ code: 'ERR_SESSION_ORIGIN' });
    });
  });

  describe("by the server's `cors.origin`", () => {
    type Next = (error: Error | null, answer?: unknown) => void;

    for (const [what, cors] of [
      ['a string', { origin: friend }],
      ['an array', { origin: ['https://other.example', friend] }],
      ['a regular expression', { origin: /^https:\/\/friend\.example$/ }],
      ['a global regular expression', { origin: /friend/g }],
      ['an array with a regular expression', { origin: [/^https:\/\/friend\./] }],
      [
        'a function',
        {
          origin: (origin: string | undefined, next: (e: Error | null, a?: boolean) => void) =>
            next(null, origin === friend),
        },
      ],
      [
        'a function that answers later',
        {
          origin: (origin: string | undefined, next: (e: Error | null, a?: boolean) => void) =>
            setImmediate(next, null, origin === friend),
        },
      ],
      [
        'a function of the request',
        (_request: unknown, next: Next) => next(null, { origin: friend }),
      ],
    ] as const) {
      it(`passes an origin that ${what} names, and no other`, async () => {
        await start({}, cors as ServerOptions['cors']);
        await expectFriend(friend);
        await expectFriend(friend);
        await expectFriend(app.url);
        await expectFoe(foe);
        await expectFoe('null');
      });
    }

    for (const [what, cors] of [
      ["is '*', for it names nobody", { origin: '*' }],
      ['is true, for it names nobody', { origin: true }],
      ['is true with credentials', { origin: true, credentials: true }],
      ['is false', { origin: false }],
      ['is left out', {}],
    ] as const) {
      it(`refuses a foreign origin where it ${what}`, async () => {
        await start({}, cors);
        await expectFoe(friend);
        await expectFoe('null');
        await expectFriend(app.url);
      });
    }

    it('is that of a server which is attached later', async () => {
      await start();
      const io = new Server();
      const expressionIO = new ExpressionSocket(io, app.store, cookieParser(secret));
      const http = createServer().listen(0, '127.0.0.1');
      await once(http, 'listening');
      const codes: unknown[] = [];
      expressionIO.sockets.on('connection', (err, _session, socket) => {
        codes.push(err?.code);
        socket.emit('heard');
      });
      io.attach(http, { cors: { origin: friend } });
      const { cookie } = await app.login();
      for (const origin of [friend, foe]) {
        const client = open(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, {
          transports: ['websocket'],
          forceNew: true,
          reconnection: false,
          extraHeaders: { cookie, origin },
        });
        await new Promise((resolve) => client.once('heard', resolve));
        client.disconnect();
      }
      await io.close();
      expect(codes).to.deep.equal([undefined, 'ERR_SESSION_ORIGIN']);
    });
  });

  it('is named by the `cors.origin` of the HTTP server that it connects to, if there are several', async () => {
    await start();
    const io = new Server();
    const hosts = [createServer(), createServer()] as const;
    const [ours, others] = hosts;
    io.attach(ours, { cors: { origin: friend } });
    io.attach(others, { cors: { origin: foe } });
    const expressionIO = new ExpressionSocket(io, app.store, cookieParser(secret));
    const codes: unknown[] = [];
    expressionIO.sockets.on('connection', (err, _session, socket) => {
      codes.push(err?.code);
      socket.emit('heard');
    });
    const { cookie } = await app.login();
    for (const http of hosts) {
      await once(http.listen(0, '127.0.0.1'), 'listening');
      for (const origin of [friend, foe]) {
        const client = open(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, {
          transports: ['websocket'],
          forceNew: true,
          reconnection: false,
          extraHeaders: { cookie, origin },
        });
        await new Promise((resolve) => client.once('heard', resolve));
        client.disconnect();
      }
    }
    expressionIO.close();
    await io.close();
    ours.close();
    const refusal = 'ERR_SESSION_ORIGIN';
    expect(codes).to.deep.equal([undefined, refusal, refusal, undefined]);
  });

  describe('by `origins`', () => {
    it('passes an origin of its list, and no other', async () => {
      await start({ origins: [friend] });
      await expectFriend(friend);
      await expectFriend(app.url);
      await expectFoe(foe);
      await expectFoe('http://friend.example');
    });

    for (const flags of ['', 'g', 'y']) {
      it(`passes what a regular expression with the flags '${flags}' matches, each time`, async () => {
        await start({ origins: [new RegExp('https://friend\\.example$', flags)] });
        await expectFriend(friend);
        await expectFriend(friend);
        await expectFriend(friend);
        await expectFoe(foe);
      });
    }

    it('passes what a function accepts, and asks it with the handshake', async () => {
      const asked: unknown[] = [];
      await start({
        origins: async (origin, handshake) => {
          asked.push([origin, handshake.headers.origin, handshake.auth]);
          return origin === friend;
        },
      });
      await expectFriend(friend, { auth: { from: 'a test' } });
      await expectFoe(foe);
      expect(asked).to.deep.equal([
        [friend, friend, { from: 'a test' }],
        [foe, foe, {}],
      ]);
    });

    it('refuses where a function throws', async () => {
      await start({
        origins: () => {
          throw new Error('no list today');
        },
      });
      await expectFoe(friend);
      await expectFriend(app.url);
    });

    it('refuses where a function rejects', async () => {
      await start({ origins: () => Promise.reject(new Error('no list today')) });
      await expectFoe(friend);
    });

    it('refuses where a function never answers', async () => {
      await start({ origins: () => new Promise(() => {}), storeTimeout: 250 });
      await expectFoe(friend);
    });

    it('passes everybody where it is false', async () => {
      await start({ origins: false });
      await expectFriend(foe);
      await expectFriend('null');
      await expectFriend('');
    });
  });

  describe('in every namespace', () => {
    it('refuses a foreign origin', async () => {
      const strict = await App.start({ options: { autoErrManager: true } });
      app = strict;
      strict.expressionIO.of('/chat').authorization(() => true);
      const error = await refused(
        app.client({ cookie: (await app.login()).cookie, origin: foe, namespace: '/chat' }),
      );
      expect(error.data).to.deep.equal({ code: 'ERR_SESSION_ORIGIN' });
    });
  });
});
