import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { requireChromium } from '../support/chromium.js';
import { type RunningExample, startExample } from '../support/example.js';

/** The pages of the small examples, as their READMEs say that they are tried. */
describe('the pages of the small examples', () => {
  let browser: Browser;
  let example: RunningExample | undefined;

  before(async function () {
    browser = await requireChromium(this);
  });

  after(() => browser?.close());

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await example?.close();
    example = undefined;
  });

  for (const name of ['login', 'passport']) {
    describe(`examples/${name}`, () => {
      beforeEach(() => start(name));

      it('shows the form again where the password is wrong', async () => {
        const page = await visit();

        await logIn(page, 'charles');

        await page.getByText('There is no such name with that password.').waitFor();
        await page.getByLabel('Name').waitFor();
      });

      it('knows whoever logs in, and shows the form in all tabs after a logout', async () => {
        const page = await visit();
        await logIn(page, 'lovelace');
        await page.getByText('You are logged in as ada.').waitFor();
        await page.getByRole('button', { name: 'Ask the server who I am' }).click();
        await page.getByText('The server says: ada.').waitFor();
        const otherTab = await page.context().newPage();
        await otherTab.goto('/');
        await otherTab.getByText('You are logged in as ada.').waitFor();

        await page.bringToFront();
        await page.getByRole('button', { name: 'Log out', exact: true }).click();

        for (const tab of [page, otherTab]) await tab.getByLabel('Name').waitFor();
        expect(await otherTab.getByRole('button', { name: 'Log out' }).count()).to.equal(0);
      });
    });
  }

  describe('examples/passport', () => {
    it('logs a user out in another browser as well', async () => {
      await start('passport');
      const [laptop, phone] = [await visit(), await visit()];
      for (const page of [laptop, phone]) {
        await logIn(page, 'lovelace');
        await page.getByText('You are logged in as ada.').waitFor();
      }

      await laptop.bringToFront();
      await laptop.getByRole('button', { name: 'Log out everywhere' }).click();

      await phone.getByText('You were logged out.').waitFor();
      await phone.reload();
      await phone.getByLabel('Name').waitFor();
    });
  });

  describe('examples/presence', () => {
    it('shows each visitor once, says what they say, and lets them leave', async () => {
      await start('presence');
      const [ada, charles] = [await visit(), await visit()];
      await enter(ada, 'Ada');
      await ada.getByText('Only you are here.').waitFor();
      const otherTab = await ada.context().newPage();
      await otherTab.goto('/');
      await enter(charles, '<b>Charles</b>');

      for (const page of [ada, otherTab, charles]) {
        await page.getByText('2 visitors are here.').waitFor();
      }
      await charles.bringToFront();
      await charles.getByLabel('Say something').fill('Good morning');
      await charles.getByRole('button', { name: 'Say it' }).click();
      await ada.getByText('<b>Charles</b>: Good morning').waitFor();

      await ada.bringToFront();
      await ada.getByRole('button', { name: 'Leave' }).click();
      await otherTab.getByText('You have left.').waitFor();
      await charles.getByText('Only you are here.').waitFor();
    });
  });

  for (const name of ['login', 'passport', 'presence']) {
    it(`examples/${name} fits a screen of 320 pixels, without scrolling sideways`, async () => {
      await start(name);
      const page = await visit();
      await page.setViewportSize({ width: 320, height: 640 });
      const overflow = 'document.documentElement.scrollWidth - window.innerWidth';
      await page.getByLabel(/name/i).waitFor();
      expect(await page.evaluate(overflow)).to.equal(0);

      if (name === 'presence') await enter(page, 'M'.repeat(24));
      else await logIn(page, 'lovelace');
      await page.getByText(/^Only you are here|^You are logged in/).waitFor();
      expect(await page.evaluate(overflow)).to.equal(0);
    });
  }

  async function start(name: string): Promise<void> {
    example = await startExample('--import', 'tsx', `examples/${name}/server.ts`);
  }

  /** Opens the page in a browser context of its own: another visitor. */
  async function visit(): Promise<Page> {
    const context = await browser.newContext(example && { baseURL: example.address });
    const page = await context.newPage();
    await page.goto('/');
    return page;
  }
});

async function logIn(page: Page, password: string): Promise<void> {
  await page.bringToFront();
  await page.getByLabel('Name').fill('ada');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

async function enter(page: Page, name: string): Promise<void> {
  await page.bringToFront();
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Come in' }).click();
}
