/**
 * @module The client script over HTTP: who gets it, who gets a ticket in it, and how it may be kept.
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createContext, runInContext } from 'node:vm';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import { MemoryStore } from 'express-session';
import { Server } from 'socket.io';
import { enable } from '../../../source/socket.io-sessions/index.js';
import { type App, secret, useApps } from '../../support/app.js';
import { enablePerConnection, type Given, nextConnection } from '../../support/sessions.js';

const file = 'socket.io-sessions.js';

describe('the client script', () => {
  const start = useApps();

  /** Asks for the script as the own page of the application does, if nothing else is said. */
  async function ask(app: App, headers: Record<string, string> = {}, path = `/socket.io/${file}`) {
    const response = await fetch(app.url + path, {
      headers: { 'sec-fetch-site': 'same-origin', ...headers },
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, ticket: ticketIn(text) };
  }

  /** Runs the script on a page with a client of Socket.IO; tells the first ticket that it uses. */
  function ticketIn(text: string): string | undefined {
    return /"ticket":"([^"]+)"/.exec(text)?.[1];
  }

  async function startWith(options: Given = {}, server = {}) {
    const app = await start({ server });
    const sessions = enablePerConnection(app, options);
    return { app, sessions };
  }

  it('brings a ticket for the session of the cookie', async () => {
    const { app, sessions } = await startWith();
    const { cookie, sessionId } = await app.login();
    const { status, ticket } = await ask(app, { cookie });
    expect(status).to.equal(200);
    const told = nextConnection(sessions);
    await app.connect({ auth: { session: ticket } });
    expect((await told).session.id).to.equal(sessionId);
  });

  it('shows neither the session id nor the secret', async () => {
    const { app } = await startWith();
    const { cookie, sessionId } = await app.login();
    const { text } = await ask(app, { cookie });
    expect(text).not.to.include(sessionId).and.not.to.include(secret);
  });

  it('is a classic script, which gives `io` two members', async () => {
    const { app } = await startWith();
    const io = () => {};
    runInContext((await ask(app)).text, createContext({ io }));
    expect(Object.keys(io)).to.deep.equal(['connectWithSession', 'SessionSocket']);
  });

  it('is cached nowhere, and refused to other sites', async () => {
    const { app } = await startWith();
    const { headers } = await ask(app, { cookie: (await app.login()).cookie });
    expect(headers.get('content-type')).to.equal('text/javascript; charset=utf-8');
    expect(headers.get('cache-control')).to.equal('no-store');
    expect(headers.get('vary')).to.equal('Cookie');
    expect(headers.get('cross-origin-resource-policy')).to.equal('same-origin');
    expect(headers.get('x-content-type-options')).to.equal('nosniff');
    expect(headers.get('etag')).to.equal(null);
  });

  it('may be configured for pages of other sites, which get no ticket by it', async () => {
    const { app } = await startWith({ resourcePolicy: 'cross-origin' });
    const { cookie } = await app.login();
    const { headers, ticket } = await ask(app, { cookie, 'sec-fetch-site': 'cross-site' });
    expect(headers.get('cross-origin-resource-policy')).to.equal('cross-origin');
    expect(ticket).to.equal(undefined);
  });

  describe('for a visitor without a session', () => {
    it('is the same, but for the ticket', async () => {
      const { app } = await startWith();
      const { status, text, ticket } = await ask(app);
      expect(status).to.equal(200);
      expect(text).to.include('connectWithSession');
      expect(ticket).to.equal(undefined);
      const forged = await ask(app, { cookie: 'connect.sid=s%3Amade.up' });
      expect(forged.ticket).to.equal(undefined);
    });
  });

  describe('for the page of another origin', () => {
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site', referer: 'own' },
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'anything else' },
    ] as Record<string, string>[]) {
      it(`brings no ticket, by ${JSON.stringify(headers)}`, async () => {
        const { app } = await startWith();
        const { cookie } = await app.login();
        if (headers.referer === 'own') headers.referer = `${app.url}/page`;
        const { status, ticket } = await ask(app, { cookie, ...headers });
        expect(status).to.equal(200);
        expect(ticket).to.equal(undefined);
      });
    }

    for (const origins of [false, ['https://evil.example'], () => true] as const) {
      it(`brings none whatever \`origins\` are: ${origins}`, async () => {
        const { app } = await startWith({ origins });
        const { cookie } = await app.login();
        for (const site of ['cross-site', 'same-site']) {
          const { ticket } = await ask(app, { cookie, 'sec-fetch-site': site });
          expect(ticket, site).to.equal(undefined);
        }
      });
    }
  });

  describe('for a browser that does not tell the site', () => {
    /** Asks without `Sec-Fetch-Site`, which `fetch` of Node.js does not send by itself. */
    async function askOld(app: App, headers: Record<string, string>): Promise<string | undefined> {
      const { cookie } = await app.login();
      const response = await fetch(`${app.url}/socket.io/${file}`, {
        headers: { cookie, ...headers },
      });
      return ticketIn(await response.text());
    }

    it('compares the `Referer` with the host that a proxy forwards, with `trustProxy` only', async () => {
      const headers = {
        referer: 'https://app.example.com/page',
        'x-forwarded-host': 'app.example.com',
      };
      expect(await askOld((await startWith({ trustProxy: true })).app, headers)).to.be.a('string');
      expect(await askOld((await startWith()).app, headers)).to.equal(undefined);
    });

    it('brings a ticket to its own pages, by the `Referer`', async () => {
      const { app } = await startWith();
      expect(await askOld(app, { referer: `${app.url}/a/page?of=its` })).to.be.a('string');
    });

    for (const headers of [
      {},
      { referer: 'https://evil.example/' },
      { referer: 'nonsense' },
      { referer: 'http://127.0.0.1/' },
      { origin: 'https://evil.example' },
    ] as Record<string, string>[]) {
      it(`brings none by ${JSON.stringify(headers)}`, async () => {
        const { app } = await startWith();
        expect(await askOld(app, headers)).to.equal(undefined);
      });
    }
  });

  describe('at its address', () => {
    it('is there with a timestamp, as the documentation has it', async () => {
      const { app } = await startWith();
      const { cookie } = await app.login();
      const { ticket } = await ask(app, { cookie }, `/socket.io/${file}?${Date.now()}`);
      expect(ticket).to.be.a('string');
    });

    for (const path of ['/sockets', '/sockets/', '/a/b']) {
      it(`is below the path of the server: ${path}`, async () => {
        const { app } = await startWith({}, { path });
        const { cookie } = await app.login();
        const base = path.replace(/\/$/, '');
        expect((await ask(app, { cookie }, `${base}/${file}`)).ticket).to.be.a('string');
        expect((await ask(app, { cookie }, `/socket.io/${file}`)).status).to.equal(404);
      });
    }

    for (const path of [
      `/socket.io/x/${file}`,
      `/socket.io/${file}/`,
      '/socket.io/socket.io-sessions',
    ]) {
      it(`leaves ${path} to Engine.IO`, async () => {
        const { app } = await startWith();
        expect((await ask(app, {}, path)).status).to.equal(400);
      });
    }

    it('leaves the client of Socket.IO where it is', async () => {
      const { app } = await startWith();
      const { status, text } = await ask(app, {}, '/socket.io/socket.io.js');
      expect(status).to.equal(200);
      expect(text).not.to.include('connectWithSession');
    });

    it('answers HEAD without a body, and 405 to anything else', async () => {
      const { app } = await startWith();
      const address = `${app.url}/socket.io/${file}`;
      const head = await fetch(address, { method: 'HEAD' });
      expect(head.status).to.equal(200);
      expect(await head.text()).to.equal('');
      const post = await fetch(address, { method: 'POST' });
      expect(post.status).to.equal(405);
      expect(post.headers.get('allow')).to.equal('GET, HEAD');
    });

    it('lets WebSockets pass, whatever they ask for', async () => {
      const { app, sessions } = await startWith();
      const told = nextConnection(sessions);
      await app.connect({ ...(await app.login()), query: { file } });
      expect((await told).client.connected).to.equal(true);
    });
  });

  for (const how of ['listen', 'attach'] as const) {
    it(`is there when the server is attached later, by \`${how}\``, async () => {
      const io = new Server();
      const { bind } = io;
      const sessions = enable({
        socket: io,
        store: new MemoryStore(),
        parser: cookieParser(secret),
      });
      const http = createServer();
      io[how](http);
      http.listen(0, '127.0.0.1');
      await once(http, 'listening');
      try {
        const { port } = http.address() as AddressInfo;
        const response = await fetch(`http://127.0.0.1:${port}/socket.io/${file}`);
        expect(response.status).to.equal(200);
        // Until then, new sessions are found on further servers to which Socket.IO is attached.
        sessions.close();
        expect(io.bind).to.equal(bind);
      } finally {
        sessions.close();
        await io.close();
        http.close();
      }
    });
  }

  it('is there on each HTTP server to which Socket.IO is attached', async () => {
    const io = new Server();
    const settings = { socket: io, store: new MemoryStore(), parser: cookieParser(secret) };
    const sessions = enable(settings);
    const servers = [createServer(), createServer()];
    try {
      for (const http of servers) {
        io.attach(http);
        http.listen(0, '127.0.0.1');
        await once(http, 'listening');
      }
      for (const http of servers) {
        const { port } = http.address() as AddressInfo;
        const response = await fetch(`http://127.0.0.1:${port}/socket.io/${file}`);
        expect(response.status).to.equal(200);
      }
    } finally {
      sessions.close();
      await io.close();
      for (const http of servers) http.close();
    }
  });

  it('waits for no server any more after `close()`', async () => {
    const io = new Server();
    const { bind } = io;
    const settings = { socket: io, store: new MemoryStore(), parser: cookieParser(secret) };
    const sessions = enable(settings);
    expect(io.bind).not.to.equal(bind);
    sessions.close();
    expect(io.bind).to.equal(bind);
  });

  describe('and the tickets that it fetches', () => {
    const path = '/socket.io/socket.io-sessions.json';

    it('come by POST, for the session of the cookie', async () => {
      const { app, sessions } = await startWith();
      const { cookie, sessionId } = await app.login();
      const response = await fetch(app.url + path, {
        method: 'POST',
        headers: { cookie, origin: app.url },
      });
      expect(response.headers.get('cache-control')).to.equal('no-store');
      const { ticket } = (await response.json()) as { ticket: string };
      const told = nextConnection(sessions);
      await app.connect({ auth: { session: ticket } });
      expect((await told).session.id).to.equal(sessionId);
    });

    it('come to no other site, not even where the server allows all of them', async () => {
      const { app } = await startWith({}, { cors: { origin: true, credentials: true } });
      const { cookie } = await app.login();
      const response = await fetch(app.url + path, {
        method: 'POST',
        headers: { cookie, origin: 'https://evil.example' },
      });
      expect(response.status).to.equal(403);
      expect(await response.text()).not.to.include('ticket"');
    });

    it('come to those that `cors.origin` names, which may read them', async () => {
      const origin = 'https://friend.example';
      const { app } = await startWith({}, { cors: { origin, credentials: true } });
      const { cookie } = await app.login();
      const response = await fetch(app.url + path, { method: 'POST', headers: { cookie, origin } });
      expect(response.status).to.equal(200);
      expect(response.headers.get('access-control-allow-origin')).to.equal(origin);
    });
  });
});
