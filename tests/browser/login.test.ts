import { expect } from 'chai';
import { urlencoded } from 'express';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { App } from '../support/app.js';
import { requireChromium } from '../support/chromium.js';

/** Does nothing but connect, and takes down what it is told. */
const page = `<!doctype html>
<title>A page</title>
<form method="post" action="/sign-in"><input name="name"><button>Sign in</button></form>
<form method="post" action="/sign-out"><button>Sign out</button></form>
<script src="/socket.io/socket.io.js"></script>
<script>
  const isPolling = new URLSearchParams(location.search).has('polling');
  const told = [];
  const socket = io(isPolling ? { transports: ['polling'] } : {});
  socket.on('welcome', (name) => told.push('welcome, ' + name));
  socket.on('disconnect', (reason) => told.push(reason));
  socket.on('connect_error', (error) => told.push(error.message));
</script>`;

describe('a browser', () => {
  let browser: Browser;
  let app: App;
  let context: BrowserContext;

  before(async function () {
    browser = await requireChromium(this);
  });

  after(() => browser?.close());

  beforeEach(async () => {
    app = await App.start();
    app.express.get('/', (req, res) => {
      req.session.n ??= 0;
      res.type('html').send(page);
    });
    app.express.post('/sign-in', urlencoded({ extended: false }), (req, res, next) => {
      req.session.regenerate((error) => {
        if (error) return next(error);
        req.session.visitor = { name: req.body.name, tags: [] };
        res.redirect(303, '/');
      });
    });
    app.express.post('/sign-out', (req, res, next) => {
      req.session.destroy((error) => (error ? next(error) : res.redirect(303, '/')));
    });
    app.expressionIO.sockets.on('connection', (err, session, socket) => {
      socket.emit('welcome', err?.code ?? session?.visitor?.name ?? 'guest');
      socket.sessOn('who', (err, session, ack) => ack(err?.code ?? session?.visitor?.name));
    });
    context = await browser.newContext({ baseURL: app.url });
  });

  afterEach(async () => {
    await context?.close();
    await app?.stop();
  });

  for (const path of ['/', '/?polling']) {
    const transport = path === '/' ? 'WebSocket' : 'long polling';

    it(`comes back by itself with its new session after a login by fetch() (${transport})`, async () => {
      const tab = await open(path);
      const otherTab = await open(path);
      const before = await sessionCookie();

      await signInByFetch(tab, 'Ada');
      await toldLast(tab, 'welcome, Ada');
      await toldLast(otherTab, 'welcome, Ada');

      for (const each of [tab, otherTab]) {
        expect(await told(each)).to.deep.equal([
          'welcome, guest',
          'transport close',
          'welcome, Ada',
        ]);
        expect(await each.evaluate("socket.emitWithAck('who')")).to.equal('Ada');
      }
      expect(await sessionCookie())
        .to.be.a('string')
        .and.not.equal(before);
    });

    it(`has its new session in all tabs after a login by a form (${transport})`, async () => {
      const tab = await open(path);
      const otherTab = await open(path);

      await tab.bringToFront();
      await tab.locator('input').fill('Ada');
      await tab.getByRole('button', { name: 'Sign in' }).click();
      await toldLast(tab, 'welcome, Ada');
      await toldLast(otherTab, 'welcome, Ada');

      // The tab of the form has loaded the page anew.
      expect(await told(tab)).to.deep.equal(['welcome, Ada']);
      expect(await told(otherTab)).to.deep.equal([
        'welcome, guest',
        'transport close',
        'welcome, Ada',
      ]);
    });

    it(`is logged out in an idle tab by a logout in another (${transport})`, async () => {
      const tab = await open(path);
      const otherTab = await open(path);

      await tab.bringToFront();
      await tab.getByRole('button', { name: 'Sign out' }).click();
      await toldLast(otherTab, 'io server disconnect');

      // Socket.IO's client does not come back from that by itself.
      expect(await otherTab.evaluate('socket.active')).to.equal(false);
      // The tab of the form has loaded the page anew, with a session of its own.
      await toldLast(tab, 'welcome, guest');
    });

    it(`stays connected while another visitor logs in and out (${transport})`, async () => {
      const tab = await open(path);
      const visitor = await app.login();

      await fetch(`${app.url}/sign-in`, {
        method: 'POST',
        headers: { cookie: visitor.cookie },
        body: new URLSearchParams({ name: 'Charles' }),
        redirect: 'manual',
      });
      await app.logout((await app.login()).cookie);

      expect(await tab.evaluate("socket.emitWithAck('who')")).to.equal(null);
      expect(await told(tab)).to.deep.equal(['welcome, guest']);
    });
  }

  /** Opens a tab, and waits until it is welcome. */
  async function open(path: string): Promise<Page> {
    const tab = await context.newPage();
    await tab.goto(path);
    await tab.waitForFunction('told.length > 0');
    return tab;
  }

  async function sessionCookie(): Promise<string | undefined> {
    const cookies = await context.cookies();
    return cookies.find(({ name }) => name === 'connect.sid')?.value;
  }
});

/** Logs in as a page does that stays where it is. */
async function signInByFetch(tab: Page, name: string): Promise<void> {
  await tab.evaluate(
    `fetch('/sign-in', { method: 'POST', body: new URLSearchParams({ name: '${name}' }) })
      .then((response) => response.text())`,
  );
}

/** What a tab was told since its page was loaded. */
async function told(tab: Page): Promise<string[]> {
  return tab.evaluate<string[]>('told');
}

/** Waits until a tab was told something. A page that is being loaded knows nothing of it yet. */
async function toldLast(tab: Page, words: string): Promise<void> {
  await tab.waitForFunction(
    `typeof told === 'object' && told.at(-1) === ${JSON.stringify(words)}`,
    undefined,
    { timeout: 45_000 },
  );
}
