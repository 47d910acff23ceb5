/**
 * @module Pages of another origin than the socket server's: a friend's, which brings a ticket, for
 * Chromium sends no cookie along from another site; and an attacker's, which has none.
 */

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { type App, useApps } from '../support/app.js';
import { requireChromium } from '../support/chromium.js';
import { enablePerConnection, type Given, type Sessions } from '../support/sessions.js';

describe('a page of another site in Chromium', () => {
  let browser: Browser;
  let site: Server;
  let pages: Record<string, string>;
  /** What the friend's own server answers to `POST /ticket`. */
  let giveTicket: () => Promise<string>;

  before(async function () {
    browser = await requireChromium(this);
    site = createServer(async (request, response) => {
      if (request.url === '/ticket') return void response.end(await giveTicket());
      response.setHeader('Content-Type', 'text/html');
      response.end(`<!doctype html>${pages[request.url ?? ''] ?? ''}`);
    });
    site.listen(0);
    await once(site, 'listening');
  });
  after(async () => {
    await browser?.close();
    site?.close();
  });
  // Before the servers stop, which wait for what pages still ask for.
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });
  const start = useApps();

  function addressOf(app: App): string {
    return app.url.replace('127.0.0.1', 'localhost');
  }

  /** A page at another port of the same host is of the same site, and has its cookies sent along. */
  function siteAddress(host: 'another site' | 'the same site'): string {
    const name = host === 'another site' ? '127.0.0.1' : 'localhost';
    return `http://${name}:${(site.address() as AddressInfo).port}`;
  }

  /** A visitor who has logged in at the socket server, and has the cookie. */
  async function openVisitor(options: Given = {}) {
    const app = await start();
    app.http.close();
    // On both addresses of `localhost`.
    app.http.listen(0);
    await once(app.http, 'listening');
    const sessions = enablePerConnection(app, options);
    const { cookie, sessionId } = await app.login();
    const context = await browser.newContext();
    const [name = '', value = ''] = cookie.split('=');
    await context.addCookies([{ name, value, domain: 'localhost', path: '/' }]);
    return { app, sessions, sessionId, page: await context.newPage() };
  }

  /** What becomes of the next client. */
  function nextClient(
    sessions: Sessions,
  ): Promise<{ id?: string; code?: string; cookie?: string }> {
    return new Promise((resolve) => {
      sessions.once('sconnection', ({ handshake: { headers } }, session) => {
        resolve({ id: session.id, ...(headers.cookie ? { cookie: headers.cookie } : {}) });
      });
      sessions.once('sinvalid', ({ handshake: { headers } }, error) => {
        resolve({ code: error.code, ...(headers.cookie ? { cookie: headers.cookie } : {}) });
      });
    });
  }

  it('of a friend connects without a cookie, with a ticket of its own server', async () => {
    const { app, sessions, sessionId, page } = await openVisitor({
      resourcePolicy: 'cross-origin',
    });
    giveTicket = () => sessions.expressionIO.ticket(sessionId);
    const address = addressOf(app);
    pages = {
      '/friend': `<script src="${address}/socket.io/socket.io.js"></script>
        <script src="${address}/socket.io/socket.io-sessions.js"></script>
        <script>
          const fetchTicket = async () => (await fetch('/ticket', { method: 'POST' })).text();
          const options = { transports: ['websocket'] };
          const socket = new io.SessionSocket(fetchTicket, '${address}', options);
        </script>`,
    };
    const first = nextClient(sessions);
    await page.goto(`${siteAddress('another site')}/friend`);
    expect(await first).to.deep.equal({ id: sessionId });
    // It fetches another one when it connects again.
    const second = nextClient(sessions);
    await page.evaluate('socket.io.engine.close()');
    expect(await second).to.deep.equal({ id: sessionId });
  });

  for (const [host, hasCookie] of [
    ['the same site', true],
    ['another site', false],
  ] as const) {
    it(`of an attacker gets no ticket by including the script, on ${host}`, async () => {
      const { app, page } = await openVisitor({
        resourcePolicy: 'cross-origin',
        // The last mistake that an operator can make.
        origins: false,
      });
      const address = addressOf(app);
      pages = {
        '/evil': `<script>
            window.shown = [];
            const socket = { active: true, io: { engine: {} } };
            window.io = (url, { auth }) => auth.call(socket, (data) => shown.push(data));
          </script>
          <script src="${address}/socket.io/socket.io-sessions.js"></script>
          <script>io.connectWithSession('${address}');</script>`,
      };
      const included = page.waitForResponse(/socket\.io-sessions\.js/);
      await page.goto(`${siteAddress(host)}/evil`);
      await page.waitForFunction('shown.length > 0');
      expect(await page.evaluate('shown')).to.deep.equal([{}]);
      const response = await included;
      expect(await response.text()).not.to.include('"ticket":"');
      const { cookie } = await response.request().allHeaders();
      expect(cookie !== undefined).to.equal(hasCookie);
    });
  }

  it('of an attacker cannot even include it, where nothing else is configured', async () => {
    const { app, page } = await openVisitor();
    pages = {
      '/evil': `<script>window.io = () => {};</script>
        <script src="${addressOf(app)}/socket.io/socket.io-sessions.js"
          onerror="document.title = 'blocked'" onload="document.title = 'loaded'"></script>`,
    };
    await page.goto(`${siteAddress('another site')}/evil`);
    await page.waitForFunction(`document.title !== ''`);
    expect(await page.title()).to.equal('blocked');
  });

  it('of an attacker gets no session by the cookie, which comes along', async () => {
    const { app, sessions, page } = await openVisitor();
    pages = {
      '/evil': `<script src="${addressOf(app)}/socket.io/socket.io.js"></script>
        <script>io('${addressOf(app)}', { transports: ['websocket'] });</script>`,
    };
    const client = nextClient(sessions);
    await page.goto(`${siteAddress('the same site')}/evil`);
    const { code, cookie } = await client;
    expect(code).to.equal('ERR_SESSION_ORIGIN');
    expect(cookie).to.be.a('string');
  });
});
