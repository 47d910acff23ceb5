/**
 * @module The session that express-session makes for a handshake, with `io.engine.use(session(…))`
 * in front: which one is taken, when it is stored, and when the browser gets its cookie.
 */

import { once } from 'node:events';
import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import session, { MemoryStore, type SessionOptions } from 'express-session';
import { spy, useFakeTimers } from 'sinon';
import { Server } from 'socket.io';
import { type Socket as Client, io as open } from 'socket.io-client';
import { WebSocket } from 'ws';
import { Deadlines } from '../../../source/deadlines.js';
import type { SessionError } from '../../../source/errors.js';
import { type NewSession, NewSessions } from '../../../source/handshake/new-session.js';
import { OriginPolicy } from '../../../source/handshake/origin-policy.js';
import { SessionIdReader } from '../../../source/handshake/session-id.js';
import { SignedCookie } from '../../../source/handshake/signed-cookie.js';
import { received } from '../../support/app.js';
import { cookieOf, sign } from '../../support/cookies.js';

const secret = 'a secret of the tests';

interface Visit {
  readonly id: string | SessionError;
  readonly newSession: NewSession | undefined;
  readonly request: IncomingMessage;
}

describe('with `io.engine.use(session(…))` in front', () => {
  let http: HttpServer;
  let io: Server;
  let store: MemoryStore;
  let newSessions: NewSessions;
  let clients: Client[];
  let deadlines: Deadlines;

  async function start(
    options: Partial<SessionOptions> = {},
    { isAttachedLater = false, requestStore = store } = {},
  ): Promise<void> {
    http = createServer();
    io = isAttachedLater ? new Server() : new Server(http);
    newSessions = new NewSessions({ store, io, deadlines });
    if (isAttachedLater) {
      await setImmediate();
      io.attach(http);
    }
    io.engine.use(
      session({ secret, store: requestStore, resave: false, saveUninitialized: true, ...options }),
    );
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
  }

  beforeEach(() => {
    store = new MemoryStore();
    clients = [];
    deadlines = new Deadlines(300);
  });

  afterEach(async () => {
    for (const client of clients) client.disconnect();
    newSessions.close();
    deadlines.close();
    http.closeAllConnections();
    await io.close();
  });

  function address(): string {
    return `127.0.0.1:${(http.address() as AddressInfo).port}`;
  }

  /** Connects a client; tells what is found for its handshake before `connection`. */
  async function visit(
    transport: 'websocket' | 'polling',
    headers: Record<string, string> = {},
    custom?: () => string | undefined,
  ): Promise<Visit> {
    const ids = new SessionIdReader({
      originPolicy: new OriginPolicy({ origins: [], cors: () => undefined, deadlines }),
      cookie: new SignedCookie('connect.sid', cookieParser(secret), deadlines),
      custom,
      tickets: undefined,
      newSessions,
      deadlines,
    });
    const visited = new Promise<Visit>((resolve) => {
      io.once('connection', async ({ handshake, request }) => {
        const id = await ids.read(handshake, request);
        resolve({ id, newSession: ids.newSession(handshake, request), request });
      });
    });
    const client = open(`http://${address()}`, {
      forceNew: true,
      reconnection: false,
      transports: [transport],
      extraHeaders: headers,
    });
    clients.push(client);
    return visited;
  }

  /** The ids of the sessions in the store. */
  function stored(): Promise<string[]> {
    return new Promise((resolve, reject) => {
      store.all((error, all) => (error ? reject(error) : resolve(Object.keys(all ?? {}))));
    });
  }

  /** Opens a bare WebSocket; tells the cookies that the response of its handshake sets. */
  async function cookiesOf(headers: Record<string, string> = {}): Promise<string[]> {
    const socket = new WebSocket(`ws://${address()}/socket.io/?EIO=4&transport=websocket`, {
      headers,
    });
    const [response] = (await once(socket, 'upgrade')) as [IncomingMessage];
    socket.terminate();
    return response.headers['set-cookie'] ?? [];
  }

  for (const transport of ['websocket', 'polling'] as const) {
    describe(`over ${transport}`, () => {
      it('takes the new session of a visitor without a cookie', async () => {
        await start();
        const { id, newSession, request } = await visit(transport);
        expect(id).to.be.a('string').that.equals(Reflect.get(request, 'sessionID'));
        expect(newSession).to.include({ sessionId: id });
      });

      it('takes the new session of a visitor with a forged cookie', async () => {
        await start();
        const { id } = await visit(transport, { cookie: cookieOf(sign('made-up', 'another')) });
        expect(id).to.be.a('string').that.does.not.equal('made-up');
      });

      it('takes the new session of a visitor whose session is gone', async () => {
        await start();
        const { id, newSession } = await visit(transport, {
          cookie: cookieOf(sign('gone', secret)),
        });
        expect(id).to.equal('gone');
        expect(newSession?.sessionId).not.to.equal('gone');
        expect(newSession?.isNew).to.equal(true);
      });

      it('takes the session of a visitor who has one, which is not new', async () => {
        await start();
        const cookie = new session.Cookie();
        await new Promise((done) => store.set('known', { cookie } as session.SessionData, done));
        const { id, newSession } = await visit(transport, {
          cookie: cookieOf(sign('known', secret)),
        });
        expect(id).to.equal('known');
        expect(newSession).to.include({ sessionId: 'known', isNew: false });
        await store.destroy('known');
        await newSession?.storeIfCookieSent();
        expect(await stored()).not.to.include('known');
      });

      it('takes it for the same session, however the client encodes its cookie', async () => {
        await start();
        const cookie = new session.Cookie();
        await new Promise((done) => store.set('known', { cookie } as session.SessionData, done));
        const encoded = cookieOf(sign('known', secret)).replace('known', '%6Bnown');
        const { id, newSession } = await visit(transport, { cookie: encoded });
        expect(id).to.equal('known');
        expect(newSession).to.include({ sessionId: 'known', isNew: false });
      });

      it('takes a session for new whose id is a part of a cookie', async () => {
        await start({ genid: () => 'one' });
        const cookie = `theme=one; ${cookieOf(sign('one-before', secret))}`;
        const { newSession } = await visit(transport, { cookie });
        expect(newSession).to.include({ sessionId: 'one', isNew: true });
      });

      it('takes a session for new beside a cookie that cannot be decoded', async () => {
        await start();
        const { id, newSession } = await visit(transport, { cookie: 'theme=%E0%A4%A' });
        expect(newSession).to.include({ sessionId: id, isNew: true });
      });

      it('takes no session for a foreign origin, and stores none', async () => {
        await start({ saveUninitialized: false });
        const { id } = await visit(transport, { origin: 'https://evil.example' });
        expect(id).to.have.property('code', 'ERR_SESSION_ORIGIN');
        expect(await stored()).to.deep.equal([]);
      });

      it('takes no session of another store', async () => {
        await start({}, { requestStore: new MemoryStore() });
        const { id, newSession } = await visit(transport);
        expect(id).to.have.property('code', 'ERR_SESSION_COOKIE_MISSING');
        expect(newSession).to.equal(undefined);
      });

      it('takes none where the option `sessionId` returns none', async () => {
        await start();
        const { id, newSession } = await visit(transport, {}, () => undefined);
        expect(id).to.have.property('code', 'ERR_SESSION_COOKIE_MISSING');
        expect(newSession).to.equal(undefined);
      });

      it('has it in the store once its cookie was sent, with `saveUninitialized`', async () => {
        await start({ saveUninitialized: true });
        const { id, newSession } = await visit(transport);
        await newSession?.storeIfCookieSent();
        expect(await stored()).to.include(id);
      });

      it('stores nothing without `saveUninitialized`', async () => {
        await start({ saveUninitialized: false });
        const { newSession } = await visit(transport);
        await newSession?.storeIfCookieSent();
        expect(await stored()).to.deep.equal([]);
        expect(newSession?.isNew).to.equal(true);
      });

      it('gives two sockets of one connection the same session', async () => {
        await start({ saveUninitialized: false });
        const { newSession, request } = await visit(transport);
        expect(newSessions.of(request)).to.equal(newSession);
      });
    });
  }

  it("takes no session that is not the one of the request's id", async () => {
    await start();
    io.engine.use((request: { sessionID: string }, _response: unknown, next: () => void) => {
      request.sessionID = 'another';
      next();
    });
    expect((await visit('websocket')).newSession).to.equal(undefined);
  });

  it('stores it once, whoever else asks for it meanwhile', async () => {
    await start();
    const { id, newSession } = await visit('websocket');
    const set = spy(store, 'set');
    await Promise.all([newSession?.storeIfCookieSent(), newSession?.storeIfCookieSent()]);
    await newSession?.storeIfCookieSent();
    expect(set.callCount).to.equal(1);
    expect(await stored()).to.deep.equal([id]);
    expect(newSession?.isNew).to.equal(false);
  });

  it('stores no session again that has ended', async () => {
    await start();
    const { newSession } = await visit('websocket');
    newSession?.markNotNew();
    await newSession?.storeIfCookieSent();
    expect(await stored()).to.deep.equal([]);
  });

  it('has the record that the store would have', async () => {
    await start({ cookie: { maxAge: 60_000 } });
    // express-session computes the age from the clock, which must not tick meanwhile.
    const clock = useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const { newSession } = await visit('websocket').finally(() => clock.restore());
    await newSession?.storeIfCookieSent();
    const inStore = await new Promise((resolve) => {
      store.get(String(newSession?.sessionId), (_error, record) => resolve(record));
    });
    expect(newSession?.record()).to.deep.equal(JSON.parse(JSON.stringify(inStore)));
    expect(newSession?.record()).to.have.nested.property('cookie.originalMaxAge', 60_000);
  });

  it('stores a session that a middleware wrote into, since its cookie was sent', async () => {
    await start({ saveUninitialized: false });
    io.engine.use((request: { session: { n: number } }, _response: unknown, next: () => void) => {
      request.session.n = 1;
      next();
    });
    const { id, newSession } = await visit('websocket');
    await newSession?.storeIfCookieSent();
    expect(await stored()).to.deep.equal([id]);
  });

  it('notices its cookie where Socket.IO is attached after it', async () => {
    await start({}, { isAttachedLater: true });
    const { id, newSession } = await visit('websocket');
    await newSession?.storeIfCookieSent();
    expect(await stored()).to.deep.equal([id]);
  });

  it('notices its cookie on a further HTTP server to which Socket.IO is attached', async () => {
    await start();
    const first = http;
    http = createServer();
    io.attach(http);
    io.engine.use(session({ secret, store, resave: false, saveUninitialized: true }));
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const { id, newSession } = await visit('websocket');
    await newSession?.storeIfCookieSent();
    first.close();
    expect(await stored()).to.deep.equal([id]);
  });

  it('watches no engine after `close()`, also if another instance has closed later', async () => {
    await start();
    const other = new NewSessions({ store, io, deadlines });
    newSessions.close();
    other.close();
    io.attach(http);
    expect(io.engine.listenerCount('initial_headers')).to.equal(0);
    expect(Object.hasOwn(io, 'bind')).to.equal(false);
  });

  it('rejects with ERR_SESSION_STORE where the store fails', async () => {
    await start();
    const { newSession } = await visit('websocket');
    store.set = (_id, _session, callback) => callback?.(new Error('down'));
    const error = await newSession?.storeIfCookieSent().catch((failure: unknown) => failure);
    expect(error).to.have.property('code', 'ERR_SESSION_STORE');
    expect(newSession?.isNew).to.equal(true);
  });

  it('rejects with an error that leads to no session id, as those of database clients do', async () => {
    await start();
    const { newSession } = await visit('websocket');
    store.set = (id, _session, callback) => {
      const command = { name: 'SET', args: [`sess:${id}`] };
      callback?.(Object.assign(new Error(`SET sess:${id} failed`), { command }));
    };
    const error = await newSession?.storeIfCookieSent().catch((failure: unknown) => failure);
    expect(error)
      .to.have.nested.property('cause.message')
      .that.matches(/^SET .*failed$/);
    expect(inspect(error, { depth: null })).not.to.include(newSession?.sessionId);
  });

  it('rejects with ERR_SESSION_STORE_TIMEOUT where the store does not answer', async () => {
    await start();
    const { newSession } = await visit('websocket');
    store.set = () => {};
    const error = await newSession?.storeIfCookieSent().catch((failure: unknown) => failure);
    expect(error).to.have.property('code', 'ERR_SESSION_STORE_TIMEOUT');
  });

  it('stores nothing where the cookie was not sent: a `secure` one over plain HTTP', async () => {
    await start({ cookie: { secure: true } });
    const { newSession } = await visit('websocket');
    await newSession?.storeIfCookieSent();
    expect(await stored()).to.deep.equal([]);
  });

  it('sets the cookie in the response of a WebSocket, and renews it with `rolling`', async () => {
    await start({ rolling: true });
    const [first = ''] = await cookiesOf();
    expect(first).to.match(/^connect\.sid=s%3A/);
    const { id, newSession } = await visit('websocket');
    await newSession?.storeIfCookieSent();
    const [again = ''] = await cookiesOf({ cookie: cookieOf(sign(String(id), secret)) });
    expect(again).to.include(encodeURIComponent(`s:${id}.`));
  });

  it('sets no cookie without `saveUninitialized`', async () => {
    await start({ saveUninitialized: false });
    expect(await cookiesOf()).to.deep.equal([]);
  });

  it('leaves no listener on the engine once it is closed', async () => {
    await start();
    expect(io.engine.listenerCount('initial_headers')).to.equal(1);
    newSessions.close();
    expect(io.engine.listenerCount('initial_headers')).to.equal(0);
  });

  it('keeps the connection as it is while the session is stored', async () => {
    await start();
    const { newSession } = await visit('websocket');
    await newSession?.storeIfCookieSent();
    const [client] = clients;
    io.emit('still here');
    if (client) await received(client, 'still here');
  });
});
