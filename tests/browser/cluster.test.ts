import { expect } from 'chai';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { requireChromium } from '../support/chromium.js';
import { type RunningExample, startExampleWith } from '../support/example.js';
import { type RedisServer, requireRedis } from '../support/redis.js';

const command = ['--import', 'tsx', 'examples/cluster/server.ts'];
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

describe('examples/cluster', () => {
  let browser: Browser;
  let redis: RedisServer;
  let cluster: RunningExample;
  let complaints: string[];
  /** How many were opened. */
  let webSockets: number;

  before(async function () {
    redis = await requireRedis(this);
    browser = await requireChromium(this);
    cluster = await startExampleWith({ REDIS_URL: redis.url }, ...command);
  });

  after(async () => {
    await browser?.close();
    await cluster?.close();
    await redis?.stop();
  });

  beforeEach(() => {
    complaints = [];
    webSockets = 0;
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    expect(complaints, 'what pages complained about').to.deep.equal([]);
  });

  it('shows which process answers a tab, another one for each, and all of them', async () => {
    const [tab, otherTab] = await twoTabs();

    const [process, otherProcess] = [await processOf(tab), await processOf(otherTab)];
    expect(process).not.to.equal(otherProcess);
    const shown = tab.locator('#processes li');
    await shown.nth(2).waitFor();
    expect(await tab.locator('#processes .serving b').textContent()).to.equal(process);
    expect(await shown.locator('b').allTextContents()).to.include(otherProcess);
  });

  it('counts in one tab what the other shows, by socket and by HTTP', async () => {
    const [tab, otherTab] = await twoTabs();

    await press(tab, 'Count by socket');
    await count(otherTab, 1).waitFor();
    await press(otherTab, 'Count by HTTP');
    await count(tab, 2).waitFor();
    await tab.reload();
    await count(tab, 2).waitFor();
  });

  it('counts 40 times at once, in both tabs, and loses none', async () => {
    const [tab, otherTab] = await twoTabs();

    await press(tab, '40 at once');
    await press(otherTab, '40 at once');

    await count(tab, 80).waitFor();
    await count(otherTab, 80).waitFor();
  });

  for (const button of ['Log in', 'Log in by fetch()']) {
    it(`comes back in both tabs with a new session after "${button}"`, async () => {
      const [tab, otherTab] = await twoTabs();
      await press(tab, 'Count by socket');
      await count(otherTab, 1).waitFor();

      await tab.getByLabel('Your name').fill('Ada');
      await press(tab, button);

      for (const each of [tab, otherTab]) {
        await each.getByText('You are Ada').waitFor();
        await count(each, 0).waitFor();
      }
    });
  }

  for (const button of ['Log out', 'Log out by fetch()']) {
    it(`disconnects the idle tab on another process after "${button}"`, async () => {
      const tab = await visit();
      await tab.getByLabel('Your name').fill('Ada');
      await press(tab, 'Log in');
      await tab.getByText('You are Ada').waitFor();
      const otherTab = await openTab(tab.context());
      const other = await processOf(otherTab);
      expect(other).not.to.equal(await processOf(tab));

      await press(tab, button);

      await otherTab.getByText(`The session has ended. Process ${other} disconnected`).waitFor();
      expect(await otherTab.getByRole('button', { name: '40 at once' }).isDisabled()).to.equal(
        true,
      );
      await otherTab.getByRole('link', { name: 'Start again' }).click();
      await connected(otherTab);
      await otherTab.getByLabel('Your name').waitFor();
    });
  }

  it('works over long polling alone', async () => {
    const tab = await visit({}, '/?polling');

    await press(tab, '40 at once');

    await tab.getByText('40 at once, and 40 counted.').waitFor();
    expect(webSockets).to.equal(0);
  });

  it('fits a phone, without scrolling sideways', async () => {
    const tab = await visit(phone);
    await tab.locator('#processes li').nth(2).waitFor();

    const overflow = 'document.documentElement.scrollWidth - window.innerWidth';
    expect(await tab.evaluate(overflow)).to.equal(0);
    await tab.getByLabel('Your name').fill('M'.repeat(24));
    await tab.getByRole('button', { name: 'Log in by fetch()' }).tap();
    await tab.getByText('You are M').waitFor();
    expect(await tab.evaluate(overflow)).to.equal(0);
  });

  /** Opens the page in a browser context of its own: another visitor. */
  async function visit(options: BrowserContextOptions = {}, path = '/'): Promise<Page> {
    const context = await browser.newContext({ baseURL: cluster.address, ...options });
    context.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
    });
    context.on('weberror', ({ error }) => complaints.push(String(error())));
    const tab = await context.newPage();
    tab.on('websocket', () => webSockets++);
    await tab.goto(path);
    await connected(tab);
    return tab;
  }

  /** Two tabs of one visitor. */
  async function twoTabs(): Promise<[Page, Page]> {
    const tab = await visit();
    return [tab, await openTab(tab.context())];
  }
});

/** Opens a further tab of the same visitor. */
async function openTab(context: BrowserContext): Promise<Page> {
  const tab = await context.newPage();
  await tab.goto('/');
  await connected(tab);
  return tab;
}

async function connected(tab: Page): Promise<void> {
  await tab.getByText('Connected to process').waitFor();
}

/** Tells which process answers a tab. */
async function processOf(tab: Page): Promise<string | undefined> {
  return /\d+/.exec((await tab.locator('#connection').textContent()) ?? '')?.[0];
}

async function press(tab: Page, name: string): Promise<void> {
  await tab.bringToFront();
  await tab.getByRole('button', { name, exact: true }).click();
}

function count(tab: Page, expected: number) {
  return tab.locator('#count').getByText(String(expected), { exact: true });
}
