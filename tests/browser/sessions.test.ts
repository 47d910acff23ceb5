/**
 * @module The client script in a real browser: the example page, reconnection, and the client as an
 * ES module.
 */

import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { useApps } from '../support/app.js';
import { requireChromium } from '../support/chromium.js';
import { type RunningExample, startExample } from '../support/example.js';
import { enablePerConnection, type Sessions } from '../support/sessions.js';
import { until } from '../support/waiting.js';

const root = new URL('../../', import.meta.url);

describe('the client script in Chromium', () => {
  let browser: Browser;

  before(async function () {
    browser = await requireChromium(this);
  });
  after(() => browser?.close());

  /** Before the servers stop, which wait for what pages still ask for. */
  function closesPages(): void {
    afterEach(async () => {
      for (const context of browser.contexts()) await context.close();
    });
  }

  /** A page of a browser that nobody has used before, and what it complains about. */
  async function openPage(): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext();
    const complaints: string[] = [];
    context.on('weberror', ({ error }) => complaints.push(String(error())));
    return { page: await context.newPage(), complaints };
  }

  describe('examples/socket.io-sessions', () => {
    closesPages();
    let example: RunningExample;

    before(async () => {
      example = await startExample('--import', 'tsx', 'examples/socket.io-sessions/server.ts');
    });
    after(() => example?.close());

    it('shows that it connected, what it sent, and the message, counted in the session', async () => {
      const { page, complaints } = await openPage();
      await page.goto(example.address);
      await page.getByText('Connect!').waitFor();
      await page.getByRole('button', { name: 'Ping!' }).click();
      await page.getByText('Message: {"pong":1}').waitFor();
      await page.getByText('(msg sent)').waitFor();
      await page.reload();
      await page.getByRole('button', { name: 'Ping!' }).click();
      await page.getByText('Message: {"pong":2}').waitFor();
      expect(complaints).to.deep.equal([]);
    });

    it('tells to refresh as soon as the session is over, on a phone as well, and goes on after that', async () => {
      const { page } = await openPage();
      await page.setViewportSize({ width: 320, height: 640 });
      await page.goto(example.address);
      await page.getByText('Connect!').waitFor();
      await page.getByRole('button', { name: 'End my session' }).click();
      await page.getByText('(session ended)').waitFor();
      await page.getByText(/Your session is over .*Refresh the page/).waitFor();
      const overflow = 'document.documentElement.scrollWidth - window.innerWidth';
      expect(await page.evaluate(overflow)).to.equal(0);
      await page.reload();
      await page.getByRole('button', { name: 'Ping!' }).click();
      await page.getByText('Message: {"pong":1}').waitFor();
    });
  });

  describe('on a page of its own server', () => {
    closesPages();
    const start = useApps();

    /** How each client came: with a cookie or a ticket, and to which session. */
    function watch(sessions: Sessions): object[] {
      const clients: object[] = [];
      sessions.on('sconnection', (client, session) => {
        const { auth, headers } = client.handshake;
        const ticket: unknown = auth.session;
        clients.push({ id: session.id, ticket, hasCookie: headers.cookie !== undefined });
        client.emit('welcome', clients.length);
      });
      return clients;
    }

    /** Starts an application with pages, and logs a page's visitor in. */
    async function openOwnPage(
      html: string,
      options: Parameters<typeof enablePerConnection>[1] = {},
    ) {
      const app = await start();
      const sessions = enablePerConnection(app, options);
      const clients = watch(sessions);
      app.express.get('/page', (_request, response) => void response.send(html));
      for (const [path, file] of [
        ['/client/index.js', 'dist/esm/socket.io-sessions/client/index.js'],
        ['/client/session-client.js', 'dist/esm/socket.io-sessions/client/session-client.js'],
      ] as const) {
        app.express.get(path, async (_request, response) => {
          response.type('js').send(await readFile(new URL(file, root), 'utf8'));
        });
      }
      const { page, complaints } = await openPage();
      const login = await page.request.post(`${app.url}/login`);
      const sessionId = await login.text();
      await page.goto(`${app.url}/page`);
      return { app, page, clients, complaints, sessionId };
    }

    const classic = `<script src="/socket.io/socket.io.js"></script>
      <script src="/socket.io/socket.io-sessions.js"></script>`;
    const welcome = `socket.on('welcome', (n) => { document.title = 'welcome ' + n; });`;

    it('connects with the ticket that came with the script, then with fetched ones', async () => {
      const { page, clients, complaints, sessionId } = await openOwnPage(
        `${classic}<script>const socket = io.connectWithSession(); ${welcome}</script>`,
        { ticket: { once: true } },
      );
      await page.waitForFunction(`document.title === 'welcome 1'`);
      await page.evaluate('socket.io.engine.close()');
      await page.waitForFunction(`document.title === 'welcome 2'`);
      const [first, second] = clients as { id: string; ticket: string }[];
      expect([first?.id, second?.id]).to.deep.equal([sessionId, sessionId]);
      expect(first?.ticket).to.be.a('string').and.not.equal(second?.ticket);
      expect(complaints).to.deep.equal([]);
    });

    it('connects as `new io.SessionSocket(ticket)` as well', async () => {
      const { page, clients, sessionId } = await openOwnPage(
        `${classic}<script type="module">
          const answer = await fetch('/socket.io/socket.io-sessions.json', { method: 'POST' });
          const { ticket } = await answer.json();
          const socket = new io.SessionSocket(ticket, undefined, { transports: ['websocket'] });
          ${welcome}
        </script>`,
      );
      await page.waitForFunction(`document.title === 'welcome 1'`);
      expect(clients[0]).to.have.property('id', sessionId);
    });

    it('runs on the minified client of Socket.IO, and under a strict Content-Security-Policy', async () => {
      const { page, clients } = await openOwnPage(
        `<meta http-equiv="Content-Security-Policy"
            content="default-src 'none'; script-src 'self'; connect-src 'self' ws:">
          <script src="/socket.io/socket.io.min.js"></script>
          <script src="/socket.io/socket.io-sessions.js?1234"></script>`,
      );
      await page.evaluate('void io.connectWithSession()');
      await page.waitForFunction('performance.now() > 0');
      await until(() => clients.length > 0);
      expect((clients[0] as { ticket: unknown }).ticket).to.be.a('string');
    });

    it('is an ES module for bundlers, which fetches its tickets', async () => {
      const { page, clients, complaints, sessionId } = await openOwnPage(
        `<script type="importmap">{ "imports": {
            "socket.io-client": "/socket.io/socket.io.esm.min.js",
            "expression.socket.io/client": "/client/index.js"
          } }</script>
          <script type="module">
            import { connectWithSession } from 'expression.socket.io/client';
            const socket = connectWithSession({ transports: ['websocket'] });
            ${welcome}
          </script>`,
      );
      await page.waitForFunction(`document.title === 'welcome 1'`);
      expect(clients[0]).to.include({ id: sessionId });
      expect((clients[0] as { ticket: unknown }).ticket).to.be.a('string');
      expect(complaints).to.deep.equal([]);
    });
  });
});
