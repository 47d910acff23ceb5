import { expect } from 'chai';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import {
  connected,
  count,
  countByHttp,
  messageFrom,
  messages,
  openTab,
  overflow,
  sessionCookie,
  visitors,
  write,
} from '../support/chat-page.js';
import { requireChromium } from '../support/chromium.js';
import { type RunningExample, startChat } from '../support/example.js';
import { type RedisServer, requireRedis } from '../support/redis.js';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

describe('examples/chat', () => {
  let browser: Browser;
  let chat: RunningExample;
  let complaints: string[];

  before(async function () {
    browser = await requireChromium(this);
  });

  after(() => browser?.close());

  beforeEach(async () => {
    complaints = [];
    chat = await startChat();
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await chat.close();
    expect(complaints, 'what pages complained about').to.deep.equal([]);
  });

  describe('a guest', () => {
    it('sees the login form, and a sentence that says why the chat refused the page', async () => {
      const page = await visit();

      await page
        .getByText('The chat did not let this page in. You have not logged in yet.')
        .waitFor();
      expect(await page.locator('body').innerText()).not.to.include('ERR_');
      expect(await page.getByLabel('Your name').isVisible()).to.equal(true);
      expect(await page.locator('#log').count()).to.equal(0);
    });

    it('reads in a sentence what is wrong with a name', async () => {
      const page = await visit();
      // The page's own checks are a courtesy; the server's count.
      await page.evaluate('document.forms[0].noValidate = true');

      await page.getByRole('button', { name: 'Come in' }).click();
      await page.getByText('Please tell us your name.').waitFor();

      const response = await page.request.post('/login', { form: { name: 'x'.repeat(25) } });
      expect(response.status()).to.equal(400);
      expect(await response.text()).to.include('at most 24 characters');
    });
  });

  describe('a visitor who logs in', () => {
    it('reads in one tab what is written in the other', async () => {
      const tab = await logIn('Ada');
      const otherTab = await openTab(tab.context());

      await write(tab, 'Good morning');
      await messageFrom(otherTab, 'You', 'Good morning').waitFor();
      await write(otherTab, 'and good night');
      await messageFrom(tab, 'You', 'and good night').waitFor();
    });

    it('reads what another visitor writes, and is read', async () => {
      const ada = await logIn('Ada');
      const charles = await logIn('Charles');

      await write(ada, 'May I add some notes?');
      await messageFrom(charles, 'Ada', 'May I add some notes?').waitFor();
      await write(charles, 'As many as you like');
      await messageFrom(ada, 'Charles', 'As many as you like').waitFor();
    });

    it('sees the same count by HTTP and by socket, in every tab, for each visitor apart', async () => {
      const tab = await logIn('Ada');
      const otherTab = await openTab(tab.context());
      const charles = await logIn('Charles');
      expect(await countByHttp(tab)).to.equal('0');

      await write(tab, 'one');
      await write(otherTab, 'two');

      await count(tab, 2).waitFor();
      await count(otherTab, 2).waitFor();
      await count(charles, 0).waitFor();
      expect(await countByHttp(tab)).to.equal('2');
    });

    it('finds the room as it was after a reload', async () => {
      const page = await logIn('Ada');
      await write(page, 'Note G');

      await page.reload();

      await messageFrom(page, 'You', 'Note G').waitFor();
      await count(page, 1).waitFor();
    });

    it('gets a session id that nobody knew before', async () => {
      const page = await logIn('Ada');
      const before = await sessionCookie(page.context());

      await page.request.post('/login', { form: { name: 'Charles' } });

      expect(before).to.be.a('string');
      expect(await sessionCookie(page.context())).not.to.equal(before);
    });

    it('reads in a sentence that a message is empty or too long', async () => {
      const page = await logIn('Ada');
      const input = page.getByLabel('Your message');

      await input.fill('   ');
      await input.press('Enter');
      await page.getByText('Write something first.').waitFor();

      await input.evaluate((element) => element.removeAttribute('maxlength'));
      await input.fill('x'.repeat(501));
      await input.press('Enter');
      await page.getByText('That is too long for one message.').waitFor();
      expect(await countByHttp(page)).to.equal('0');
    });
  });

  describe('a visitor who logs out', () => {
    it('is a guest again', async () => {
      const page = await logIn('Ada');

      await page.getByRole('button', { name: 'Log out' }).click();

      await page.getByText('You have not logged in yet.').waitFor();
      expect(await sessionCookie(page.context())).to.equal(undefined);
    });

    it('is logged out in another idle tab, which shows no more messages', async () => {
      const tab = await logIn('Ada');
      const otherTab = await openTab(tab.context());
      const charles = await logIn('Charles');
      await otherTab.getByLabel('Your message').fill('Am I still here?');

      await tab.bringToFront();
      await tab.getByRole('button', { name: 'Log out' }).click();

      await otherTab.getByText('You are logged out. Log in to write again.').waitFor();
      expect(await otherTab.getByLabel('Your message').isVisible()).to.equal(false);
      await write(charles, 'Where is Ada?');
      expect(await messages(charles)).to.deep.equal(['Where is Ada?']);
      expect(await messages(otherTab)).to.deep.equal([]);

      await otherTab.getByRole('link', { name: 'Log in' }).click();
      await otherTab.getByLabel('Your name').waitFor();
    });
  });

  describe('who is here', () => {
    it('shows each visitor once, with however many tabs, oneself first', async () => {
      const ada = await logIn('Ada');
      await visitors(ada, ['Ada (you)']);
      const charles = await logIn('Charles');
      const otherTab = await openTab(ada.context());

      await visitors(charles, ['Charles (you)', 'Ada']);
      for (const tab of [ada, otherTab]) await visitors(tab, ['Ada (you)', 'Charles']);
    });

    it('keeps a visitor until the last tab is closed', async () => {
      const charles = await logIn('Charles');
      const ada = await logIn('Ada');
      const otherTab = await openTab(ada.context());
      await visitors(charles, ['Charles (you)', 'Ada']);

      await ada.close();
      // Told after the tab was gone: Ada's other tab still talks.
      await write(otherTab, 'One tab less');
      await messageFrom(charles, 'Ada', 'One tab less').waitFor();
      await visitors(charles, ['Charles (you)', 'Ada']);

      await otherTab.close();
      await visitors(charles, ['Charles (you)']);
    });

    it('removes a visitor who logs out in one of several tabs', async () => {
      const charles = await logIn('Charles');
      const ada = await logIn('Ada');
      await openTab(ada.context());
      await visitors(charles, ['Charles (you)', 'Ada']);

      await ada.bringToFront();
      await ada.getByRole('button', { name: 'Log out' }).click();

      await visitors(charles, ['Charles (you)']);
    });
  });

  it('shows HTML in names and messages as text', async () => {
    const eve = await logIn('<b>Eve</b>');
    const ada = await logIn('Ada');
    const attack = '<img src="/none" onerror="document.title = 1"><script>alert(1)</script>';

    await write(eve, attack);

    await messageFrom(ada, '<b>Eve</b>', attack).waitFor();
    await visitors(ada, ['Ada (you)', '<b>Eve</b>']);
    expect(await ada.locator('.room :is(main, #visitors) :is(img, script, b)').count()).to.equal(0);
  });

  it('sets a Content-Security-Policy that no inline script gets past', async () => {
    const page = await logIn('Ada');
    const response = await page.reload();
    const policy = response?.headers()['content-security-policy'];

    expect(policy).to.include("default-src 'none'").and.include("script-src 'self';");
    expect(policy).not.to.include('unsafe');

    const violation = page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.blockedURI));
      const script = document.createElement('script');
      script.textContent = 'document.title = "An inline script ran"';
      document.body.append(script);
    })`);
    expect(await violation).to.equal('inline');
    expect(await page.title()).to.equal('Chat · Common Room');
    expect(complaints.splice(0).join()).to.include('Content Security Policy');
  });

  it('refuses a form that another site sent', async () => {
    const response = await fetch(`${chat.address}/login`, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
      body: new URLSearchParams({ name: 'Ada' }),
    });

    expect(response.status).to.equal(403);
    expect(response.headers.get('set-cookie')).to.equal(null);
  });

  it('fits a phone, without scrolling sideways', async () => {
    const page = await visit(phone);
    expect(await overflow(page)).to.equal(0);

    await page.getByLabel('Your name').fill('M'.repeat(24));
    await page.getByRole('button', { name: 'Come in' }).tap();
    await connected(page);
    await write(page, 'Supercalifragilisticexpialidocious'.repeat(5));

    expect(await overflow(page)).to.equal(0);
    expect(await page.getByRole('button', { name: 'Send' }).boundingBox()).to.satisfy(
      (box: { x: number; y: number; width: number; height: number }) =>
        box.x + box.width <= phone.viewport.width && box.y + box.height <= phone.viewport.height,
    );
  });

  it('cuts no name on a screen of 320 pixels', async () => {
    const page = await visit({ viewport: { width: 320, height: 640 } });
    const name = 'M'.repeat(24);
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Come in' }).click();
    await connected(page);
    await visitors(page, [`${name} (you)`]);

    expect(await overflow(page)).to.equal(0);
    const isWhole = `(() => {
      const words = document.querySelector('#visitors li > :last-child').getBoundingClientRect();
      const list = document.querySelector('#visitors').getBoundingClientRect();
      return words.right <= list.right && words.bottom <= list.bottom;
    })()`;
    expect(await page.evaluate(isWhole)).to.equal(true);
  });

  describe('with Redis', () => {
    let redis: RedisServer;

    before(async function () {
      redis = await requireRedis(this);
    });

    after(() => redis?.stop());

    it('keeps the session and its count when the server starts anew', async () => {
      await restartOnRedis();
      const page = await logIn('Ada');
      await write(page, 'one');
      await count(page, 1).waitFor();

      await restartOnRedis();
      await page.goto(chat.address);
      await connected(page);
      await count(page, 1).waitFor();
      await write(page, 'two');

      await count(page, 2).waitFor();
      expect(await countByHttp(page)).to.equal('2');
    });

    async function restartOnRedis(): Promise<void> {
      await chat.close();
      chat = await startChat({ redisUrl: redis.url });
    }
  });

  /** Opens the chat in a browser context of its own: another visitor. */
  async function visit(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ baseURL: chat.address, ...options });
    context.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
    });
    context.on('weberror', ({ error }) => complaints.push(String(error())));
    const page = await context.newPage();
    await page.goto('/');
    return page;
  }

  async function logIn(name: string): Promise<Page> {
    const page = await visit();
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Come in' }).click();
    await connected(page);
    return page;
  }
});
