import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { requireChromium } from '../support/chromium.js';
import { type RunningExample, startExampleWith } from '../support/example.js';

const environment = { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' };

describe('examples/next', () => {
  let browser: Browser;
  let example: RunningExample;

  before(async function () {
    this.timeout(120_000);
    browser = await requireChromium(this);
    await promisify(execFile)(
      process.execPath,
      ['node_modules/next/dist/bin/next', 'build', 'examples/next'],
      { env: { ...process.env, ...environment }, timeout: 110_000 },
    );
    example = await startExampleWith(environment, 'examples/next/server.js');
  });

  after(async () => {
    await browser?.close();
    await example?.close();
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  it('counts in one session over HTTP and over the socket', async () => {
    const page = await visit(1280);

    await page.getByRole('button', { name: 'Visit over the socket' }).click();
    await visits(page, 2).waitFor();
    await page.getByRole('button', { name: 'Visit over HTTP' }).click();
    await visits(page, 3).waitFor();
  });

  it('counts each visitor apart', async () => {
    await visit(1280);

    await visits(await visit(1280), 1).waitFor();
  });

  it('fits a screen of 320 pixels, without scrolling sideways', async () => {
    const page = await visit(320);

    const overflow = 'document.documentElement.scrollWidth - window.innerWidth';
    expect(await page.evaluate(overflow)).to.equal(0);
  });

  /** Opens the page in a browser context of its own: another visitor. */
  async function visit(width: number): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 800 } });
    const page = await context.newPage();
    await page.goto(example.address);
    await page.getByText('Connected.').waitFor();
    return page;
  }
});

function visits(page: Page, expected: number) {
  return page.locator('output').getByText(String(expected), { exact: true });
}
