import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { build, createServer, type ViteDevServer } from 'vite';
import { requireChromium } from '../support/chromium.js';
import { type RunningExample, startExampleWith } from '../support/example.js';

const root = 'examples/react';
const quietly = { root, configFile: `${root}/vite.config.js`, logLevel: 'error' } as const;

describe('examples/react', () => {
  let browser: Browser;
  let example: RunningExample | undefined;
  let vite: ViteDevServer | undefined;

  before(async function () {
    browser = await requireChromium(this);
    await build(quietly);
  });

  after(() => browser?.close());

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await vite?.close();
    await example?.close();
    vite = undefined;
    example = undefined;
  });

  describe('as it is built, served by Express', () => {
    it('counts in one session over HTTP and over the socket', async () => {
      const { address } = await start('production');
      const page = await open(address);
      await page.getByText('Connected.').waitFor();

      await page.getByRole('button', { name: 'Visit over the socket' }).click();
      await visits(page, 2).waitFor();
      await page.getByRole('button', { name: 'Visit over HTTP' }).click();
      await visits(page, 3).waitFor();
    });

    it('has the styles of the small examples, and fits a phone, without scrolling sideways', async () => {
      const { address } = await start('production');
      const page = await open(address, 320);
      await page.getByText('Connected.').waitFor();

      expect(await maxWidthOf(page)).to.equal('416px');
      const overflow = 'document.documentElement.scrollWidth - window.innerWidth';
      expect(await page.evaluate(overflow)).to.equal(0);
    });
  });

  describe('in development, behind the proxy of Vite, which changes the host', () => {
    it('counts in one session: `origins` allows the page', async () => {
      const { address } = await start('development');
      const page = await open(await startVite(address));
      await page.getByText('Connected.').waitFor();

      await page.getByRole('button', { name: 'Visit over the socket' }).click();
      await visits(page, 2).waitFor();
    });

    it('has the styles of the small examples', async () => {
      const { address } = await start('development');
      const page = await open(await startVite(address));
      await page.getByText('Connected.').waitFor();

      expect(await maxWidthOf(page)).to.equal('416px');
    });

    it('is refused by a server whose `origins` do not allow the page', async () => {
      const { address } = await start('production');
      const page = await open(await startVite(address));

      await page.getByText('Refused: ERR_SESSION_ORIGIN').waitFor();
    });
  });

  async function start(NODE_ENV: string): Promise<RunningExample> {
    example = await startExampleWith({ NODE_ENV }, '--import', 'tsx', `${root}/server.ts`);
    return example;
  }

  /** Starts the development server in front of `server.ts`; tells its address. */
  async function startVite(address: string): Promise<string> {
    process.env.SERVER_URL = address;
    try {
      vite = await createServer({ ...quietly, server: { host: 'localhost', port: 0 } });
    } finally {
      delete process.env.SERVER_URL;
    }
    await vite.listen();
    return vite.resolvedUrls?.local[0] ?? expect.fail('Vite does not listen');
  }

  async function open(address: string, width = 1280): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 800 } });
    const page = await context.newPage();
    await page.goto(address);
    return page;
  }
});

/** The width that simple.css gives the page. */
function maxWidthOf(page: Page): Promise<unknown> {
  return page.evaluate('getComputedStyle(document.querySelector("main")).maxWidth');
}

function visits(page: Page, expected: number) {
  return page.locator('output').getByText(String(expected), { exact: true });
}
